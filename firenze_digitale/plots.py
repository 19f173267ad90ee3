"""Small plots that templates render as inline SVG: parts of a whole, side by side in one bar."""

from dataclasses import dataclass, replace

from django.utils.formats import number_format

WIDTH = 100
GAP = 0.5
#: Fills that hold on light and dark grounds. Colour is never the only sign: the figures stand below in the same order.
FILLS = {
    "age": ("#1f8a5f", "#4c9a2a", "#d9902f", "#c2344d"),
    "exchange": ("#1f8a5f", "#d9902f", "#c2344d"),
    "visibility": ("#3d8bd4", "#5b6fb5", "#7d5a9e"),
    # Patterns of templates/includes/state_patterns.html, from the first state of a chart to the last.
    "status": tuple(
        f"url(#state-{state})" for state in ("draft", "proposed", "approved", "in_progress", "completed", "suspended")
    ),
}


@dataclass(frozen=True)
class Share:
    """One part of a whole: its label, its number, the list of its rows; then where it lies in the bar."""

    label: str
    count: int
    url: str
    fill: str = ""
    x: float = 0
    width: float = 0
    percent: int = 0

    @property
    def told(self) -> str:
        return number_format(self.count, force_grouping=True)


@dataclass(frozen=True)
class Plot:
    """A bar, `WIDTH` units wide, and its parts."""

    name: str
    title: str
    shares: list[Share]

    @property
    def in_words(self) -> str:
        return ", ".join(f"{share.label}: {share.told}" for share in self.shares)


def plot_of(title: str, shares: list[Share], name: str, widest: int | None = None) -> Plot:
    """Lay out the shares of a whole that is not empty.

    Args:
        name: which set of fills; also what the plot's elements are called in the page, so unique in it.
        widest: the number that fills the whole width, where bars are compared; this one's own total by default.
    """
    total = sum(share.count for share in shares)
    shown = sum(1 for share in shares if share.count)
    room, x, laid_out = WIDTH - GAP * max(shown - 1, 0), 0.0, []
    for share, fill in zip(shares, FILLS[name], strict=True):
        width = round(room * share.count / (widest or total), 2)
        laid_out.append(replace(share, fill=fill, x=round(x, 2), width=width, percent=round(100 * share.count / total)))
        x += width + GAP if share.count else 0
    return Plot(name, title, laid_out)
