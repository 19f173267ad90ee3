"""Units of an asset in the field as its page tells them: how many are recorded, against how many were declared."""

from dataclasses import dataclass
from functools import cached_property

from assets.choices import District, Unit
from assets.models import Asset


@dataclass(frozen=True)
class DistrictUnits:
    """How many units lie in a district; `percent` of those in the district that has most."""

    district: str
    label: str
    count: int
    percent: int


@dataclass(frozen=True)
class UnitsRecorded:
    """The units of an asset.

    Args:
        by_district: how many are recorded in each district; outside of Florence's under “”.
    """

    asset: Asset
    by_district: dict[str, int]

    @cached_property
    def total(self) -> int:
        return sum(self.by_district.values())

    @property
    def declared(self) -> int | None:
        """How many there should be; None where the declared quantity counts something else than units."""
        return self.asset.quantity if self.asset.unit in ("", Unit.PIECES, Unit.VEHICLES) else None

    @cached_property
    def districts(self) -> list[DistrictUnits]:
        """The districts that have units, those outside last."""
        labels = {**dict(District.choices), "": ""}
        most = max(self.by_district.values(), default=0)
        counted = ((district, self.by_district.get(district, 0)) for district in labels)
        return [
            DistrictUnits(district, labels[district], count, round(100 * count / most))
            for district, count in counted
            if count
        ]
