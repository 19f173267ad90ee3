"""Who works with whom: partners around the City, laid out for inline SVG the same way every time."""

import math
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

from partners.models import Partner
from projects.models import Participation

WIDTH, MARGIN = 1100, 40
ROW = 48  # between the labels of one side: room for two lines
RADIUS = 290  # how far from the City the partners stand, at most
LABEL_GAP = 18
LINE_LENGTH, LINES, LINE_HEIGHT = 28, 2, 18
THINNEST, THICKEST = 1.5, 12
#: Half the width and height of the room that an edge's number takes.
NUMBER_WIDTH, NUMBER_HEIGHT = 15, 12
#: Where along an edge its number may stand: the middle, or else as near to it as there is room.
PLACES = (0.5, 0.44, 0.56, 0.38, 0.62, 0.32, 0.68, 0.26, 0.74, 0.2, 0.8)


@dataclass(frozen=True)
class Node:
    """A partner: where it stands, and its name in lines beside it. `side`: -1 left, 1 right, 0 in the middle."""

    partner: Partner
    count: int
    x: float
    y: float
    side: int

    @property
    def radius(self) -> float:
        return 30 if self.side == 0 else 11

    @property
    def lines(self) -> list[str]:
        return wrapped(self.partner.name)

    @property
    def placed_lines(self) -> list[tuple[float, float, str]]:
        """Where each line of the name stands: beside the node, or below it where it is in the middle."""
        lines = self.lines
        first = self.y + 5 - LINE_HEIGHT / 2 * (len(lines) - 1) if self.side else self.y + self.radius + 20
        x = self.x + self.side * LABEL_GAP
        return [(x, round(first + LINE_HEIGHT * place, 1), line) for place, line in enumerate(lines)]

    @property
    def spots(self) -> list[tuple[float, float]]:
        """Points that no number may cover: the node, and the City's name below it."""
        if self.side:
            return [(self.x, self.y)]
        below = [(self.x + step, y) for _x, y, _line in self.placed_lines for step in range(-120, 121, NUMBER_WIDTH)]
        return [(self.x + step, self.y + drop) for step in (-15, 15) for drop in (-15, 15)] + below

    @property
    def anchor(self) -> str:
        return {-1: "end", 0: "middle", 1: "start"}[self.side]


@dataclass(frozen=True)
class Edge:
    """Two partners and the number of charts in which both take part."""

    first: Node
    second: Node
    count: int
    thickness: float
    bend: tuple[float, float]
    number_at: tuple[float, float] | None = None

    @property
    def of_city(self) -> bool:
        return 0 in (self.first.side, self.second.side)

    @property
    def path(self) -> str:
        return f"M {self.first.x} {self.first.y} Q {self.bend[0]} {self.bend[1]} {self.second.x} {self.second.y}"

    def at(self, place: float) -> tuple[float, float]:
        """The point of the curve at `place`, from 0 to 1."""
        rest = 1 - place
        return tuple(
            round(rest * rest * start + 2 * rest * place * bend + place * place * end, 1)
            for start, bend, end in zip(
                (self.first.x, self.first.y), self.bend, (self.second.x, self.second.y), strict=True
            )
        )


class Network:
    """Partners that take part in charts which one reader may see."""

    width = WIDTH

    def __init__(self, who):
        parts = Participation.objects.visible_to(who)
        self.counts, self.pairs = parts.counted_by_partner(), parts.counted_by_pair()
        partners = Partner.objects.visible_to(who).filter(pk__in=self.counts).order_by("name_it", "id")
        self.partners = {partner.pk: partner for partner in partners}

    @cached_property
    def height(self) -> int:
        return max(ROW * math.ceil(len(self._around) / 2), 3 * ROW) + 2 * MARGIN

    @cached_property
    def _around(self) -> list[int]:
        """Partners in a ring, each beside the one that it shares most charts with; the City stands in the middle."""
        left = [pk for pk, partner in self.partners.items() if partner.kind != "city"]
        ring = []
        while left:
            last = ring[-1] if ring else None
            nearest = max(left, key=lambda pk: (self._shared(last, pk), self.counts[pk], -left.index(pk)))
            left.remove(nearest)
            ring.append(nearest)
        return ring

    def _shared(self, partner: int | None, other: int) -> int:
        return self.pairs.get((min(partner, other), max(partner, other)), 0) if partner else 0

    @cached_property
    def nodes(self) -> dict[int, Node]:
        middle = self.height / 2
        nodes = {
            pk: Node(partner, self.counts[pk], WIDTH / 2, middle, 0)
            for pk, partner in self.partners.items()
            if partner.kind == "city"
        }
        half = math.ceil(len(self._around) / 2)
        # Down the right side and up the left one, as a clock goes.
        for side, keys in ((1, self._around[:half]), (-1, self._around[half:][::-1])):
            for place, pk in enumerate(keys):
                y = middle + ROW * (place - (len(keys) - 1) / 2)
                x = WIDTH / 2 + side * RADIUS * _roundness(place, len(keys))
                nodes[pk] = Node(self.partners[pk], self.counts[pk], round(x, 1), round(y, 1), side)
        return nodes

    @cached_property
    def edges(self) -> list[Edge]:
        """Every pair that shares charts, those that share most first; numbers stand where no other one does."""
        most = max(self.pairs.values(), default=1)
        ordered = sorted(self.pairs.items(), key=lambda pair: (-pair[1], *self._names(pair[0])))
        edges, taken = [], [spot for node in self.nodes.values() for spot in node.spots]
        for (first, second), count in ordered:
            start, end = self.nodes[first], self.nodes[second]
            thickness = round(THINNEST + (THICKEST - THINNEST) * (count - 1) / max(most - 1, 1), 1)
            edge = Edge(start, end, count, thickness, self._bend(start, end))
            free = next((at for place in PLACES if _is_free(at := edge.at(place), taken)), None)
            taken += [free] if free else []
            edges.append(Edge(start, end, count, thickness, edge.bend, free))
        return edges

    def _names(self, pair: tuple[int, int]) -> list[str]:
        return [self.partners[pk].name for pk in pair]

    def _bend(self, first: Node, second: Node) -> tuple[float, float]:
        """Edges of the City are straight; others bend towards it, and leave the room around it free."""
        x, y = (first.x + second.x) / 2, (first.y + second.y) / 2
        if not first.side or not second.side:
            return x, y
        if first.side == second.side:
            return round(x - first.side * (40 + abs(first.y - second.y) / 4), 1), y
        above = -1 if y < self.height / 2 else 1
        return x, round(y + above * max(0, 70 - abs(y - self.height / 2)), 1)


def _roundness(place: int, count: int) -> float:
    """How far out the given place of a side stands, so that both sides make an oval: 1 in the middle."""
    across = (place - (count - 1) / 2) / max(count / 2, 1)
    return math.sqrt(1 - across * across * 0.8)


def _is_free(at: tuple[float, float], taken: list[tuple[float, float]]) -> bool:
    return all(abs(at[0] - x) >= 2 * NUMBER_WIDTH or abs(at[1] - y) >= 2 * NUMBER_HEIGHT for x, y in taken)


def wrapped(name: str) -> list[str]:
    """A name in at most `LINES` lines, cut where it is longer."""
    lines = [""]
    for word in name.split():
        longer = f"{lines[-1]} {word}".strip()
        if len(longer) <= LINE_LENGTH or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    if len(lines) > LINES:
        lines = [*lines[: LINES - 1], f"{lines[LINES - 1]}…"]
    return [line if len(line) <= LINE_LENGTH + 1 else f"{line[:LINE_LENGTH]}…" for line in lines]


def matrix(network: Network, plan, who) -> dict[int, dict[int, int]]:
    """In how many charts each partner of the network pursues each objective of a plan, by their ids."""
    counts = Participation.objects.visible_to(who).counted_by_objective(plan)
    rows = defaultdict(dict)
    for (partner, objective), count in counts.items():
        rows[partner][objective] = count
    return {pk: rows[pk] for pk in network.partners if pk in rows}
