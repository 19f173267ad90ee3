"""Forms of new assets and placements: likely twins are shown once, before anything is saved."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from assets.twins import twins_of

#: Holds the keys of the twins that the person has been shown, once they save all the same.
SEEN = "_twins_seen"


class TwinsForm:
    """A form that holds a new row back once, with its likely twins; not again for those that were seen."""

    twins: tuple = ()

    def _post_clean(self):
        super()._post_clean()
        if self.errors or self.instance.pk is not None:
            return
        found = twins_of(self.instance, self.who)
        seen = set(self.data.get(SEEN, "").split(","))
        if {str(twin.pk) for twin in found} - seen:
            self.twins = found
            self.add_error(None, ValidationError(_("Is it one of these? Nothing has been saved yet."), code="twins"))

    @property
    def twins_seen(self) -> str:
        """What the button sends that saves all the same."""
        return ",".join(str(twin.pk) for twin in self.twins)


class TwinsShown:
    """Adds to an admin class: the form shows twins in place of an error."""

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        if getattr(context["adminform"].form, "twins", ()):
            context["errors"] = ()
        return super().render_change_form(request, context, add, change, form_url, obj)
