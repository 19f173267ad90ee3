"""What became of charts of late, as far as their reader may know of it: from history, whatever the door."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from firenze_digitale.access import access_of
from firenze_digitale.base_models import hidden_by_visibility
from firenze_digitale.states import event_model_of
from projects.choices import ChartStatus
from projects.models import ProjectChart


@dataclass(frozen=True)
class Move:
    """A chart that was changed: it is new, it went from one state to another, or something that it says did.

    `before` and `after` are labels of states; empty where the state is what it was.
    """

    chart: ProjectChart
    is_new: bool = False
    before: str = ""
    after: str = ""


def moves_of(charts: list[ProjectChart], since: datetime, who) -> list[Move]:
    """Tell what became of `charts`, all of which `who` may see; one query for all, or two."""
    states = defaultdict(list)
    for chart_id, status, happened_at in _known_states(charts, who):
        states[chart_id].append((status, happened_at))
    return [_move(chart, states[chart.pk], since) for chart in charts]


def _known_states(charts: list[ProjectChart], who):
    """Id, status and moment of every state of the charts that `who` may know of, the earliest first."""
    events = event_model_of(ProjectChart).objects.filter(pgh_obj_id__in=[chart.pk for chart in charts])
    if not access_of(who).sees_everything:
        own = ProjectChart.objects.discussed_by(who).filter(pk__in=[chart.pk for chart in charts])
        hidden = events.filter(hidden_by_visibility(who)) | events.filter(status=ChartStatus.DRAFT)
        events = events.exclude(pk__in=hidden.exclude(pgh_obj_id__in=own.values("pk")).values("pk"))
    return events.order_by("pgh_id").values_list("pgh_obj_id", "status", "pgh_created_at")


def _move(chart: ProjectChart, states: list[tuple[str, datetime]], since: datetime) -> Move:
    earlier = [status for status, happened_at in states if happened_at < since]
    later = [status for status, happened_at in states if happened_at >= since]
    before = earlier[-1] if earlier else (later[0] if later else chart.status)
    if before == chart.status:
        return Move(chart, is_new=not earlier and chart.created_at >= since)
    return Move(
        chart, is_new=not earlier, before=str(ChartStatus(before).label), after=str(ChartStatus(chart.status).label)
    )
