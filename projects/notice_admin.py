"""The queue of e-mails, for administrators: what waits, what failed, and letting it be tried again."""

from django.contrib import admin, messages
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from firenze_digitale.desk.base import OnePageActionForm
from firenze_digitale.desk.changelist import OfferedOnly
from firenze_digitale.desk.rights import Rights
from firenze_digitale.differences import in_words
from projects.models import ChartNotice
from projects.notices import send_later


def shown_as(name: str, label):
    """A column of the list: an attribute of the notice in words, days written shortly."""

    @admin.display(description=label)
    def column(model_admin, notice):
        value = getattr(notice, name)
        return in_words(value() if callable(value) else value)

    return column


class StateFilter(admin.SimpleListFilter):
    """What became of a notice so far."""

    title, parameter_name = _("state"), "state"

    def lookups(self, request, model_admin):
        return [("waiting", _("waiting")), ("failed", _("failed, no longer tried")), ("sent", _("sent"))]

    def queryset(self, request, queryset):
        rows = {"waiting": queryset.unsent, "failed": queryset.failed, "sent": lambda: queryset.exclude(sent_at=None)}
        return rows[self.value()]() if self.value() in rows else queryset


class ChartNoticeAdmin(Rights, OfferedOnly, admin.ModelAdmin):
    """E-mails about charts. Nobody writes or deletes them by hand."""

    on_the_desk = True
    list_display = ("to", "chart", "what", "created", "due", "sent", "tries", "why")
    list_display_links = None
    list_filter = (StateFilter, "kind")
    list_select_related = ("user", "chart")
    list_per_page = 50
    ordering = ("-id",)
    sortable_by = ()
    actions = ("try_again",)
    action_form = OnePageActionForm
    show_facets = admin.ShowFacets.NEVER
    show_full_result_count = False

    to = shown_as("user", _("to"))
    what = shown_as("get_kind_display", _("what"))
    created = shown_as("created_at", _("created at"))
    due = shown_as("due_at", _("due at"))
    sent = shown_as("sent_at", _("sent at"))
    tries = shown_as("attempts", _("tries that failed"))
    why = shown_as("last_error", _("last error"))

    def get_queryset(self, request):
        return ChartNotice.objects.visible_to(request.user)

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    @admin.action(description=_("Try again now"), permissions=["view"])
    def try_again(self, request, queryset):
        now = timezone.now()
        with transaction.atomic():
            count = queryset.order_by().try_again(request.user, now)
            send_later({now})
        told = ngettext("%(count)s e-mail is tried again.", "%(count)s e-mails are tried again.", count)
        messages.success(request, told % {"count": count})
