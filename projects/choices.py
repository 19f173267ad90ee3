"""Values that fields of plans and charts take: stored in English, shown in the reader's language."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class ActionStatus(TextChoices):
    PLANNED = "planned", _("planned")
    IN_PROGRESS = "in_progress", _("in progress")
    DONE = "done", _("done")
    DROPPED = "dropped", _("dropped")


class ChartStatus(TextChoices):
    DRAFT = "draft", _("draft")
    PROPOSED = "proposed", _("proposed")
    APPROVED = "approved", _("approved")
    IN_PROGRESS = "in_progress", _("in progress")
    COMPLETED = "completed", _("completed")
    SUSPENDED = "suspended", _("suspended")


class ParticipationRole(TextChoices):
    LEAD = "lead", _("lead")
    PARTICIPANT = "participant", _("participant")
    BENEFICIARY = "beneficiary", _("beneficiary")


class NoticeKind(TextChoices):
    """What people concerned with a chart are told of."""

    STEP = "step", _("step of a chart")
    COMMENT = "comment", _("comment")
    PART = "part", _("part of a partner")
    DOCUMENT = "document", _("document")


#: Days within which milestones are told to be due soon.
DUE_WITHIN = (30, 60)

#: From each state of a chart, the states that it may move to.
CHART_TRANSITIONS: dict[str, tuple[str, ...]] = {
    ChartStatus.DRAFT: (ChartStatus.PROPOSED,),
    ChartStatus.PROPOSED: (ChartStatus.APPROVED, ChartStatus.DRAFT),
    ChartStatus.APPROVED: (ChartStatus.IN_PROGRESS, ChartStatus.SUSPENDED),
    ChartStatus.IN_PROGRESS: (ChartStatus.COMPLETED, ChartStatus.SUSPENDED),
    ChartStatus.SUSPENDED: (ChartStatus.IN_PROGRESS,),
    ChartStatus.COMPLETED: (),
}

#: Steps of which those concerned are told why: back to draft, and aside.
STEPS_WITH_REASON = (ChartStatus.DRAFT, ChartStatus.SUSPENDED)

#: States in which the partner that leads a chart still writes it; afterwards city staff do.
WRITTEN_BY_LEAD = (ChartStatus.DRAFT, ChartStatus.PROPOSED)
