"""Where referents met, and what came of it."""

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from assets.changes import ASSETS
from assets.models import Asset
from firenze_digitale.access import access_of
from firenze_digitale.base_models import (
    Coded,
    RegistryModel,
    Sourced,
    Titled,
    Translated,
    Visibility,
    hidden_by_visibility,
    one_of,
    well_formed_code,
)
from firenze_digitale.change_log import logged, logged_part
from firenze_digitale.history import recorded, recorded_link
from firenze_digitale.searching import Searched, search_indexes, words_of
from partners.models import Referent
from projects.changes import CHARTS, MEETINGS
from projects.meeting_querysets import MeetingQuerySet
from projects.models.chart import ProjectChart

MEETING_LIKENESS = ("title_it", "title_en", "place")
MEETING_WORDS = words_of(("title_it", "title_en", "place"), ("minutes_it", "minutes_en"), ("code",))


@recorded()
@logged(MEETINGS)
class Meeting(Coded, Titled, Sourced, RegistryModel):
    """A meeting of referents: what was mapped in it, and which charts were born there."""

    held_on = models.DateField(_("date"), null=True, blank=True)
    place = models.CharField(_("place"), max_length=200, blank=True)
    participants = models.ManyToManyField(Referent, verbose_name=_("participants"), blank=True, related_name="meetings")
    minutes_it = models.TextField(_("minutes (Italian)"), blank=True, max_length=50_000)
    minutes_en = models.TextField(_("minutes (English)"), blank=True, max_length=50_000)
    minutes = Translated("minutes")
    mapped_assets = models.ManyToManyField(Asset, verbose_name=_("assets mapped"), blank=True, related_name="mapped_in")
    charts_born = models.ManyToManyField(
        ProjectChart, verbose_name=_("charts born there"), blank=True, related_name="born_in"
    )
    visibility = models.CharField(_("visibility"), max_length=20, choices=Visibility, default=Visibility.NETWORK)

    SEARCHED = Searched(MEETING_WORDS, MEETING_LIKENESS)
    objects = MeetingQuerySet.as_manager()

    class Meta(RegistryModel.Meta):
        verbose_name = _("meeting")
        verbose_name_plural = _("meetings")
        ordering = ["-held_on", "code"]
        constraints = [well_formed_code("meeting"), one_of("meeting", "visibility", Visibility)]
        indexes = search_indexes("meeting", words=MEETING_WORDS, likeness=MEETING_LIKENESS)

    def get_absolute_url(self):
        return reverse("meeting-detail", args=[self.code])

    def states_hidden_from(self, who):
        access = access_of(who)
        took_part = self.participants.filter(partner_id__in=access.partner_ids).exists()
        return None if access.sees_everything or took_part else hidden_by_visibility(who)


@recorded_link()
@logged_part(MEETINGS, "participants", "meeting_id")
class MeetingParticipant(Meeting.participants.through):
    """The link between a meeting and who took part, with its history."""

    class Meta:
        proxy = True


@recorded_link()
@logged_part(MEETINGS, "mapped_assets", "meeting_id", names=(ASSETS, "asset_id"))
class MeetingAsset(Meeting.mapped_assets.through):
    """The link between a meeting and an asset mapped in it, with its history."""

    class Meta:
        proxy = True


@recorded_link()
@logged_part(MEETINGS, "charts_born", "meeting_id", names=(CHARTS, "projectchart_id"))
class MeetingChart(Meeting.charts_born.through):
    """The link between a meeting and a chart born there, with its history."""

    class Meta:
        proxy = True
