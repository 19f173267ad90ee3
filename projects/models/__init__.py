"""The Plan: objectives and actions year by year, the charts that join partners, the meetings they came from."""

from projects.models.chart import ProjectChart
from projects.models.discussion import ChartComment, ChartNotice
from projects.models.document import ChartDocument, MeetingDocument
from projects.models.meeting import Meeting
from projects.models.parts import AssetUse, Milestone, Participation
from projects.models.plan import Action, ActionPlan, Objective, Plan

__all__ = [
    "Action",
    "ActionPlan",
    "AssetUse",
    "ChartComment",
    "ChartDocument",
    "ChartNotice",
    "Meeting",
    "MeetingDocument",
    "Milestone",
    "Objective",
    "Participation",
    "Plan",
    "ProjectChart",
]
