"""What the log of changes tells of the Plan, charts and meetings."""

from assets.changes import ASSETS, SEEN_BY
from firenze_digitale.change_log import BY_VISIBILITY, EVENTS, OWN, Audience, JoinChange, LoggedKind, SightChange
from projects.choices import ChartStatus


def _numbered(name: str, table: str, number: str) -> LoggedKind:
    return LoggedKind(name, table, key=f"{{row}}_up.code || ':' || {{row}}.{number}", up=("projects_plan", "plan_id"))


PLANS = LoggedKind("plans", "projects_plan")
OBJECTIVES = _numbered("objectives", "projects_objective", "number")
ACTION_PLANS = _numbered("action-plans", "projects_actionplan", "year")
ACTIONS = LoggedKind("actions", "projects_action")
CHARTS = LoggedKind(
    "project-charts",
    "projects_projectchart",
    audience=Audience(
        f"CASE WHEN {{row}}.status = '{ChartStatus.DRAFT}' THEN {OWN} ELSE {BY_VISIBILITY} END",
        links=("projects_participation", "SELECT id, chart_id AS row_id, partner_id FROM {rows}"),
    ),
)
MEETINGS = LoggedKind(
    "meetings",
    "projects_meeting",
    audience=Audience(
        BY_VISIBILITY,
        links=(
            "projects_meeting_participants",
            "SELECT took_part.id, meeting_id AS row_id, partner_id FROM {rows} took_part"
            " JOIN partners_referent referent ON referent.id = referent_id",
        ),
    ),
)


def assets_shown() -> list[SightChange]:
    """Triggers: charts and meetings name the assets that their reader sees."""
    charts = f"JOIN projects_assetuse link ON link.asset_id = n.id JOIN {CHARTS.table} t ON t.id = link.chart_id"
    meetings = (
        "JOIN projects_meeting_mapped_assets link ON link.asset_id = n.id"
        f" JOIN {MEETINGS.table} t ON t.id = link.meeting_id"
    )
    return [
        SightChange(name=name, kind=kind, other=ASSETS, columns=SEEN_BY, reach=reach, field=field)
        for name, kind, reach, field in (
            ("log_charts", CHARTS, charts, "asset_uses"),
            ("log_meetings", MEETINGS, meetings, "mapped_assets"),
        )
    ]


BORN_IN = (
    "JOIN projects_meeting_charts_born link ON link.projectchart_id = {chart}.id"
    f" JOIN {MEETINGS.table} t ON t.id = link.meeting_id"
)


def charts_shown() -> list[SightChange]:
    """Trigger: meetings name the charts that their reader sees."""
    options = {"columns": ("visibility", "status"), "reach": BORN_IN.format(chart="n"), "field": "charts_born"}
    return [SightChange(name="log_meetings", kind=MEETINGS, other=CHARTS, **options)]


def charts_joined() -> list[JoinChange]:
    """Triggers: whoever joins a chart sees it named by the meeting where it was born."""
    options = {"kind": MEETINGS, "joined": (CHARTS, "chart_id", "partner_id"), "reach": BORN_IN.format(chart="j")}
    return [JoinChange(name="log_meetings", event=event, field="charts_born", **options) for event in EVENTS]
