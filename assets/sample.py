"""Generated assets and placements, by the million, to see how the registry behaves when it is full.

The rows are made up and say so: their codes begin with “sample”. They are written by COPY, so that what carries
the rules here are the database's constraints and triggers, history included.
"""

import json
import random
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from django.db import connection, models, transaction

from assets.choices import ExchangeStatus, Kind, PlacementStatus, UpdateFrequency, Visibility
from assets.models import Asset, Category, Distribution, Placement
from assets.tallies import settle
from partners.choices import PartnerKind, Sector
from partners.models import Partner

PARTNERS = 12
CHUNK = 50_000
SOUTH, NORTH, WEST, EAST = 43.727, 43.833, 11.150, 11.333
STREETS = ("Via Roma", "Via dei Servi", "Viale Europa", "Via Aretina", "Piazza Dalmazia", "Via Pisana", "Via Faentina")
CATEGORIES = (
    ("sample-luminaires", "Corpi illuminanti", "Luminaires", Kind.MATERIAL),
    ("sample-cameras", "Videocamere", "Cameras", Kind.MATERIAL),
    ("sample-fountains", "Fontanelli", "Drinking fountains", Kind.MATERIAL),
    ("sample-data", "Dati", "Data", Kind.IMMATERIAL),
    ("sample-gis", "Sistemi informativi territoriali", "Geographic systems", Kind.IMMATERIAL),
)
SOURCE = "generate_sample"
ASSET_COLUMNS = (
    "code, name_it, name_en, description_it, description_en, source, owner_id, category_id, quantity, unit, "
    "attributes, exchange_status, conditions_it, conditions_en, visibility, theme, update_frequency"
)
PLACEMENT_COLUMNS = "asset_id, code, address, district, latitude, longitude, status, attributes"


def generate_sample(
    assets: int, placements: int, seed: int, progress: Callable[[int], None] = lambda rows: None
) -> None:
    """Add partners, categories, `assets` assets and `placements` placements, all or nothing.

    Args:
        assets: how many; about two thirds are material, the others get one distribution each.
        placements: how many, spread unevenly over the material assets.
        seed: the same seed makes the same rows.
        progress: told how many rows have been written since it was last told.

    Raises:
        IntegrityError: a sample with the same codes is already there.
    """
    chance = random.Random(seed)
    with transaction.atomic():
        partners = Partner.objects.bulk_create(_partners())
        categories = Category.objects.bulk_create(
            Category(code=code, name_it=italian, name_en=english, kind=kind, source=SOURCE)
            for code, italian, english, kind in CATEGORIES
        )
        copy(asset_rows(assets, partners, categories, chance), Asset, ASSET_COLUMNS, progress)
        made = Asset.objects.filter(source=SOURCE).order_by("pk")
        immaterial = made.filter(category__kind=Kind.IMMATERIAL).values_list("pk", "name_it")
        copy(
            (f"{pk}\tcsv\t{name} (CSV)\t\tCSV\t\t\tunknown\n" for pk, name in immaterial),
            Distribution,
            "asset_id, code, title_it, title_en, format, access_url, licence, update_frequency",
        )
        material = list(made.filter(category__kind=Kind.MATERIAL).values_list("pk", flat=True))
        copy(placement_rows(placements, material, chance), Placement, PLACEMENT_COLUMNS, progress)
        settle()


def placement_rows(count: int, asset_ids: list[int], chance: random.Random) -> Iterator[str]:
    """Yield `count` placements as lines for COPY: most of them belong to few assets, as luminaires do."""
    statuses = random.Random(0).choices(PlacementStatus.values, weights=(90, 2, 4, 3, 1), k=1000)
    attributes = [json.dumps({"watt": watt}) for watt in (35, 50, 70, 100, 150)]
    number, pick = 0, chance.random
    while number < count:
        asset_id = asset_ids[int(pick() ** 3 * len(asset_ids))]
        for _ in range(min(count - number, 1 + int(pick() * 400))):
            number += 1
            latitude, longitude = SOUTH + pick() * (NORTH - SOUTH), WEST + pick() * (EAST - WEST)
            yield (
                f"{asset_id}\tS{number:08d}\t{STREETS[number % 7]} {number % 300}\t{district_at(latitude, longitude)}\t"
                f"{latitude:.6f}\t{longitude:.6f}\t"
                f"{statuses[number % 1000]}\t{attributes[number % 5]}\n"
            )


def district_at(latitude: float, longitude: float) -> int:
    """The district of a made-up place: five parts of the box that lie about as those of Florence do."""
    north, east = (latitude - SOUTH) / (NORTH - SOUTH), (longitude - WEST) / (EAST - WEST)
    if 0.4 < north < 0.6 and 0.4 < east < 0.6:
        return 1
    if east >= 0.5:
        return 2 if north >= 0.5 else 3
    return 5 if north >= 0.5 else 4


def copy(
    rows: Iterable[str],
    model: type[models.Model],
    columns: str,
    progress: Callable[[int], None] = lambda rows: None,
    table: str = "",
) -> None:
    """Write lines to the table of `model` (or to another of the same form) by COPY, in chunks."""
    with connection.cursor() as cursor:
        for lines in _chunks(rows):
            cursor.copy_expert(f"COPY {table or model._meta.db_table} ({columns}) FROM STDIN", _Lines(lines))
            progress(len(lines))


class _Lines:
    """A file that COPY reads and that is never whole in memory twice."""

    def __init__(self, lines: list[str]):
        self.lines = iter(lines)

    def read(self, size: int) -> str:
        return "".join(islice(self.lines, max(1, size // 128)))


def _chunks(rows: Iterable[str]) -> Iterator[list[str]]:
    rows = iter(rows)
    while chunk := list(islice(rows, CHUNK)):
        yield chunk


def _partners() -> list[Partner]:
    sectors = Sector.values
    return [
        Partner(
            code=f"sample-{number:02d}",
            name_it=f"Azienda di prova {number:02d}",
            name_en=f"Sample agency {number:02d}",
            kind=PartnerKind.PARTICIPATED_AGENCY,
            sector=sectors[number % len(sectors)],
            source=SOURCE,
        )
        for number in range(1, PARTNERS + 1)
    ]


def asset_rows(count: int, partners: list, categories: list, chance: random.Random) -> Iterator[str]:
    """Yield `count` assets as lines for COPY, spread over partners, categories and visibilities."""
    visibilities = chance.choices(Visibility.values, weights=(30, 60, 10), k=count)
    for number in range(count):
        yield (
            f"sample-{number:06d}\tBene di prova {number:06d}\tSample asset {number:06d}\t\t\t{SOURCE}\t"
            f"{partners[number % len(partners)].pk}\t{categories[number % len(categories)].pk}\t"
            f"{chance.randrange(1, 5000)}\tpieces\t{{}}\t{ExchangeStatus.EXCHANGEABLE}\t\t\t{visibilities[number]}\t\t"
            f"{UpdateFrequency.UNKNOWN}\n"
        )
