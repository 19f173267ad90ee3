"""The Plan: objectives and actions year by year, the charts that join partners, the meetings they came from."""

from projects.models.chart import (
    AssetUse,
    ChartDocument,
    Milestone,
    Participation,
    ProjectChart,
)
from projects.models.meeting import Meeting
from projects.models.plan import Action, ActionPlan, Objective, Plan

__all__ = [
    "Action",
    "ActionPlan",
    "AssetUse",
    "ChartDocument",
    "Meeting",
    "Milestone",
    "Objective",
    "Participation",
    "Plan",
    "ProjectChart",
]
