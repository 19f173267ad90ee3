"""Forms whose answer shows a secret, this once: sent again, as by reloading that answer, they make nothing."""

import secrets

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import HttpResponseRedirect

#: Name of the hidden field that tells one form from another, and of what the session remembers.
KEY = "_once"
USED = "forms_used"
MOST_REMEMBERED = 20
KEY_LENGTH = 22


def new_key() -> str:
    return secrets.token_urlsafe(16)


class MadeOnce:
    """Remembers in the session which forms have made what they ask for; it keeps their keys and no secret."""

    #: What is said where the form of a new row comes a second time.
    made_already = ""

    def _changeform_view(self, request, object_id, form_url, extra_context):
        stores = request.method == "POST" and object_id is None and connection.in_atomic_block
        if stores and self.is_used(request):
            return self.answer_already(request, self.made_already)
        return super()._changeform_view(request, object_id, form_url, extra_context)

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        if obj is None:
            context |= {"once": new_key()}
        return super().render_change_form(request, context, add, change, form_url, obj)

    def is_used(self, request) -> bool:
        """Whether the form that was sent has done its work; the same form waits here until the transaction ends."""
        key, session = request.POST.get(KEY, "")[:KEY_LENGTH], request.session
        if not key:
            return False
        stored = session.model.objects.select_for_update().filter(session_key=session.session_key).first()
        if stored is None:
            raise PermissionDenied
        used = stored.get_decoded().get(USED, [])
        if used:
            session[USED] = used
        return key in used

    def mark_used(self, request) -> None:
        """Remember that the form has done its work: the last step of the transaction, after `is_used`."""
        if key := request.POST.get(KEY, "")[:KEY_LENGTH]:
            request.session[USED] = [*request.session.get(USED, []), key][-MOST_REMEMBERED:]
            request.session.save()

    def answer_already(self, request, told):
        messages.warning(request, told)
        return HttpResponseRedirect(self.url_of("changelist"))
