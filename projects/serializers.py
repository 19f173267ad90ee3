"""Bodies of plans, objectives, actions, project charts and meetings."""

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions, serializers

from firenze_digitale.api.fields import TextField
from firenze_digitale.api.serializers import DATES_OF_ROW, NOT_YOURS, RegistrySerializer
from projects.chart_parts import replace_parts, write_own_parts
from projects.choices import ParticipationRole
from projects.models import (
    Action,
    ActionPlan,
    AssetUse,
    ChartDocument,
    Meeting,
    Milestone,
    Objective,
    Participation,
    Plan,
    ProjectChart,
)
from projects.services import tell_of_document, tell_of_part, tell_of_step

LONGEST_REASON = 5_000
TITLE = ("title_it", "title_en")
DESCRIPTION = ("description_it", "description_en")
MAX_PARTS = 500
LEAD_IS_YOURS = _("A chart is led by one of your own partners: give it the role “lead”.")


class PlanSerializer(RegistrySerializer):
    """A roadmap of some years."""

    class Meta:
        model = Plan
        fields = (
            "code",
            *TITLE,
            *DESCRIPTION,
            "memorandum",
            "start_year",
            "end_year",
            "source",
            *DATES_OF_ROW,
        )


class ObjectiveSerializer(RegistrySerializer):
    """One of the numbered objectives of a plan."""

    class Meta:
        model = Objective
        fields = ("key", "plan", "number", *TITLE, *DESCRIPTION, "provisional", "source", *DATES_OF_ROW)


class ActionPlanSerializer(RegistrySerializer):
    """The plan of action of one year."""

    class Meta:
        model = ActionPlan
        fields = ("key", "plan", "year", *TITLE, *DESCRIPTION, "source", *DATES_OF_ROW)


class ActionSerializer(RegistrySerializer):
    """Something that an annual plan says will be done."""

    class Meta:
        model = Action
        fields = (
            "code",
            "action_plan",
            *TITLE,
            *DESCRIPTION,
            "status",
            "objectives",
            "source",
            *DATES_OF_ROW,
        )


class PartSerializer(RegistrySerializer):
    """What belongs to a chart; its key is asked for also where the chart is changed in part."""

    def to_internal_value(self, data):
        values = super().to_internal_value(data)
        key = self.Meta.model.NATURAL_KEY[1].partition("__")[0]
        if key not in values:
            raise serializers.ValidationError({key: [self.fields[key].error_messages["required"]]})
        return values


class ParticipationSerializer(PartSerializer):
    """A partner's part in a chart: what it gives, and what it gains."""

    class Meta:
        model = Participation
        fields = ("partner", "role", "gives_it", "gives_en", "gains_it", "gains_en", "source")


class AssetUseSerializer(PartSerializer):
    """An asset that a chart puts to use, and what for."""

    class Meta:
        model = AssetUse
        fields = ("asset", "purpose_it", "purpose_en", "source")


class MilestoneSerializer(PartSerializer):
    """A step of a chart that is done by a day."""

    class Meta:
        model = Milestone
        fields = (*TITLE, "due_on", "done_on", "source")


class ChartDocumentSerializer(PartSerializer):
    """A document of a chart: a link that is read and written here, or a file that people add on the chart's page."""

    download = serializers.CharField(
        source="download_path",
        read_only=True,
        allow_blank=True,
        max_length=200,
        help_text="Where the file is downloaded, from the root of this site; empty for a link.",
    )

    class Meta:
        model = ChartDocument
        fields = (*TITLE, "url", "file_name", "media_type", "size", "download", "source")
        read_only_fields = ("file_name", "media_type", "size")


class ProjectChartSerializer(RegistrySerializer):
    """A chart with its parts. A list of parts that is given replaces what the caller sees of the stored one."""

    PARTS = ("participations", "asset_uses", "milestones", "documents")

    reason = TextField(
        write_only=True,
        required=False,
        allow_blank=True,
        max_length=LONGEST_REASON,
        help_text="Why the status changes: needed where it becomes draft or suspended, read by those who take part, "
        "and kept with the change alone.",
    )
    progress = serializers.IntegerField(
        read_only=True, allow_null=True, min_value=0, max_value=100, help_text="Milestones done, in per cent."
    )
    participations = ParticipationSerializer(many=True, required=False, max_length=MAX_PARTS)
    asset_uses = AssetUseSerializer(many=True, required=False, max_length=MAX_PARTS)
    milestones = MilestoneSerializer(many=True, required=False, max_length=MAX_PARTS)
    documents = ChartDocumentSerializer(
        many=True,
        required=False,
        max_length=MAX_PARTS,
        help_text="Told apart by `title_it`. A list that is given replaces the links; documents with a file stay, "
        "named in it or not, since a file cannot be sent here.",
    )

    class Meta:
        model = ProjectChart
        fields = (
            "code",
            *TITLE,
            "summary_it",
            "summary_en",
            *DESCRIPTION,
            "status",
            "reason",
            "starts_on",
            "ends_on",
            "department_it",
            "department_en",
            "objectives",
            "actions",
            "participations",
            "asset_uses",
            "milestones",
            "documents",
            "results_it",
            "results_en",
            "progress",
            "visibility",
            "source",
            *DATES_OF_ROW,
        )

    def create(self, validated_data):
        parts = self._parts_of(validated_data)
        chart = self.store(ProjectChart(), validated_data)
        leads = [entry for entry in parts.get("participations", ()) if entry.get("role") == ParticipationRole.LEAD]
        self._replace(chart, {"participations": leads})
        self._check_lead(chart)
        self._replace(chart, parts)
        return chart

    def update(self, instance, validated_data):
        parts = self._parts_of(validated_data)
        if not instance.may_be_changed_by(self.who):
            return self._update_own_part(instance, validated_data, parts)
        # First the parts: whether the chart may move on depends on them.
        for part in self._replace(instance, parts):
            tell_of_part(part, self.who)
        self._check_lead(instance)
        return super().update(instance, validated_data)

    def check_changes(self, row, data: dict) -> None:
        super().check_changes(row, {name: value for name, value in data.items() if name != "reason"})

    def empty_what_is_left_out(self, row, data: dict) -> None:
        super().empty_what_is_left_out(row, {**data, "reason": ""})

    def store(self, row, data: dict):
        row.step_reason, row.step_by = data.pop("reason", ""), self.who
        chart = super().store(row, data)
        tell_of_step(chart, self.who)
        return chart

    def _update_own_part(self, chart, rest: dict, parts: dict):
        others = {*rest, *parts} - {"participations"}
        if others:
            raise exceptions.PermissionDenied({name: [NOT_YOURS] for name in others})
        for part in write_own_parts(chart, parts.get("participations", ()), self.who):
            tell_of_part(part, self.who)
        return chart

    def _parts_of(self, data: dict) -> dict:
        return {name: data.pop(name) for name in self.PARTS if name in data}

    def _replace(self, chart, parts: dict) -> list[Participation]:
        """Store the parts, tell of new documents, and return what partners' parts are new or rewritten."""
        participations = []
        for name, entries in parts.items():
            try:
                added, rewritten = replace_parts(chart, name, entries, self.who)
            except PermissionDenied as error:
                if name != "participations":
                    raise
                raise serializers.ValidationError({name: [LEAD_IS_YOURS]}) from error
            if name == "participations":
                participations = [*added, *rewritten]
            for document in added if name == "documents" else ():
                tell_of_document(document, self.who)
        return participations

    def _check_lead(self, chart) -> None:
        if not chart.may_be_changed_by(self.who):
            raise serializers.ValidationError({"participations": [LEAD_IS_YOURS]})


class MeetingSerializer(RegistrySerializer):
    """A meeting of referents, and what came of it."""

    class Meta:
        model = Meeting
        fields = (
            "code",
            *TITLE,
            "held_on",
            "place",
            "participants",
            "minutes_it",
            "minutes_en",
            "mapped_assets",
            "charts_born",
            "visibility",
            "source",
            *DATES_OF_ROW,
        )
