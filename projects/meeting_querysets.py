"""Who sees and who changes meetings and their documents."""

from django.db.models import Exists, OuterRef, Prefetch, Q

from firenze_digitale.access import access_of
from firenze_digitale.base_models import RegistryQuerySet, Visibility
from projects.meeting_counts import MeetingCounts


class MeetingQuerySet(MeetingCounts):
    """City staff keep the minutes; a restricted meeting is seen by the partners that took part."""

    def visible_to(self, who):
        access = access_of(who)
        if access.sees_everything:
            return self.all()
        rule = Q(visibility=Visibility.PUBLIC)
        if access.signed_in:
            rule |= Q(visibility=Visibility.NETWORK)
        if access.partner_ids:
            took_part = self.model.participants.through.objects.filter(
                meeting=OuterRef("pk"), referent__partner_id__in=access.partner_ids
            )
            rule |= Q(Exists(took_part))
        return self.filter(rule)

    def changeable_by(self, who):
        return self.all() if access_of(who).steers else self.none()

    def for_detail(self, who=None):
        """Joins of a meeting's body; participants, assets and charts only as far as `who` may see them."""
        model = self.model
        return self.prefetch_related(
            *(
                Prefetch(name, queryset=model._meta.get_field(name).related_model.objects.visible_to(who))
                for name in ("participants", "mapped_assets", "charts_born")
            )
        )

    def for_api(self, who):
        return self.for_detail(who)

    def attended_by(self, referents):
        """Meetings in which one of the given referents took part."""
        through = self.model.participants.through.objects
        return self.filter(Exists(through.filter(meeting=OuterRef("pk"), referent__in=referents)))


class MeetingDocumentQuerySet(RegistryQuerySet):
    """Documents follow their meeting."""

    def visible_to(self, who):
        return self.filter(meeting__in=self._meetings().visible_to(who))

    def changeable_by(self, who):
        return self.filter(meeting__in=self._meetings().changeable_by(who))

    def for_list(self):
        return self.select_related("meeting")

    def _meetings(self):
        return self.model._meta.get_field("meeting").related_model.objects.all()
