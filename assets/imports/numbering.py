"""Codes for rows whose file has none: known by their place, and numbered where they are new."""

import re
from collections import defaultdict

from assets.models import Placement

DIGITS = 3
# Digits after the point of a degree that tell one unit from another: about ten centimetres.
PRECISION = 6


class Numbering:
    """Gives each row of a file the code of the unit that stands in its place, or the next free number.

    The same file on the same registry gets the same codes, whatever is asked first.

    Args:
        prefix: what the codes begin with: “F” makes F001, F002, …
    """

    def __init__(self, prefix: str):
        self.prefix = prefix
        self.known: dict[int, dict[tuple, list[tuple[str, str]]]] = {}
        self.next: dict[int, int] = {}

    def number(self, batch) -> None:
        """Put codes into the values of a batch of rows."""
        values, length = batch.values, len(batch.numbers)
        empty = [None] * length
        places = zip(
            values.get("asset_id", empty),
            values.get("latitude", empty),
            values.get("longitude", empty),
            values.get("address", empty),
            strict=True,
        )
        values["code"] = [self._code(*place) if place[0] else None for place in places]

    def _code(self, asset_id: int, latitude, longitude, address) -> str:
        if asset_id not in self.known:
            self._look_up(asset_id)
        waiting = self.known[asset_id].get(_place(latitude, longitude, address))
        if waiting:
            same = next((known for known in waiting if known[1] == (address or "")), waiting[0])
            waiting.remove(same)
            return same[0]
        number = self.next[asset_id]
        self.next[asset_id] += 1
        return f"{self.prefix}{number:0{DIGITS}d}"

    def _look_up(self, asset_id: int) -> None:
        known, highest = defaultdict(list), 0
        numbered = re.compile(re.escape(self.prefix) + r"(\d{1,9})")
        rows = Placement.objects.filter(asset_id=asset_id).order_by("code")
        for code, *place in rows.values_list("code", "latitude", "longitude", "address").iterator():
            known[_place(*place)].append((code, place[2]))
            if match := numbered.fullmatch(code):
                highest = max(highest, int(match[1]))
        self.known[asset_id], self.next[asset_id] = known, highest + 1


def _place(latitude, longitude, address) -> tuple:
    if latitude is None or longitude is None:
        return (address or "",)
    return round(latitude, PRECISION), round(longitude, PRECISION)
