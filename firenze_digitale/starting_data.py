"""What the registry starts with: rows told by documents, and the City's open data as placements.

A row that is there already, by its natural key, is left alone: what was typed in is kept.
"""

import csv
import json
import re
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.apps import apps
from django.core import serializers
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.core.serializers.base import DeserializationError
from django.db import models, transaction

from assets.choices import PlacementStatus
from assets.imports.comparison import Comparison
from assets.imports.coordinates import WGS84
from assets.imports.mapping import Assignment, Mapping
from assets.imports.spool import Spool
from assets.models import Placement
from firenze_digitale.access import OPERATOR
from firenze_digitale.history import through_door
from firenze_digitale.rules import readable_refusals
from firenze_digitale.tables.table import GivenRows, Table
from projects.choices import CHART_TRANSITIONS, ChartStatus
from projects.models import ProjectChart

#: In this order: what a row refers to comes before it.
ROW_FILES = (
    "partners.json",
    "memoranda.json",
    "studies.json",
    "categories.json",
    "assets.json",
    "plans.json",
    "charts.json",
    "meetings.json",
)
# “To be verified”, where the office had yet to check.
TO_BE_VERIFIED = re.compile(r"\s*-?\s*\bverificare\s*$", re.IGNORECASE)
ERRORS_TOLD = 20
# Why a chart took the steps to where its source says it is; the data are in Italian.
STARTING_REASON = "Come dicono i dati di partenza."


class BadStartingData(Exception):
    """A file is missing or wrong; the text says which one, where in it, and why."""


@dataclass(frozen=True)
class PlacementFile:
    """A file of open data, the asset whose units it holds, and how a row of it becomes a placement."""

    name: str
    asset: str
    columns: tuple[str, ...]
    placement: Callable[[int, dict], dict]


def load(folder: Path, advance: Callable[[int], object] = lambda rows: None) -> Counter:
    """Store what is missing of `folder`, all of it or, where anything is wrong, nothing.

    Args:
        advance: told how many rows have been dealt with since it was told last.

    Returns:
        How many rows were added, by model.

    Raises:
        BadStartingData: where the first wrong row is, and what is wrong with it.
    """
    added = Counter()
    try:
        with readable_refusals(), transaction.atomic():
            with through_door("command"):
                RowLoader(folder, added, advance).load()
            for file in PLACEMENT_FILES:
                added[Placement] += _load_placements(folder, file, advance)
    except ValidationError as error:
        raise BadStartingData(_in_words(error)) from error
    return added


def count_rows(folder: Path) -> int:
    """How many rows `load` will deal with."""
    return sum(len(_read_rows(folder / name)) for name in ROW_FILES) + sum(
        len(_read_csv(folder, file)) for file in PLACEMENT_FILES
    )


class RowLoader:
    """Loads rows in Django's serialisation with natural keys."""

    def __init__(self, folder: Path, added: Counter, advance: Callable[[int], object]):
        self.folder, self.added, self.advance = folder, added, advance
        self.keys: dict[type[models.Model], set[tuple]] = {}
        self.moves: list[tuple[ProjectChart, str, str]] = []

    def load(self) -> None:
        for name in ROW_FILES:
            for number, record in enumerate(_read_rows(self.folder / name), start=1):
                with _errors_at(f"{name}, row {number}"):
                    self._load_row(record, f"{name}, row {number}")
                self.advance(1)
        for chart, status, where in self.moves:
            with _errors_at(where):
                self._move(chart, status)

    def _load_row(self, record: dict, where: str) -> None:
        model, fields = apps.get_model(record["model"]), dict(record["fields"])
        self._check_references(model, fields)
        key = self._key_of(model, fields)
        if key in self._keys_of(model):
            return
        if model is ProjectChart:
            status = fields.pop("status", ChartStatus.DRAFT)
        [parsed] = serializers.deserialize("python", [{"model": record["model"], "fields": fields}])
        # What breaks a constraint the database refuses, as readably; asking it beforehand takes three statements each.
        parsed.object.full_clean(validate_constraints=False)
        with readable_refusals(), transaction.atomic():
            parsed.object.save()
            for name, linked in parsed.m2m_data.items():
                getattr(parsed.object, name).set(linked)
        if model is ProjectChart:
            self.moves.append((parsed.object, status, where))
        self._keys_of(model).add(key)
        self.added[model] += 1

    def _keys_of(self, model) -> set[tuple]:
        if model not in self.keys:
            self.keys[model] = set(model._default_manager.values_list(*model.NATURAL_KEY))
        return self.keys[model]

    @staticmethod
    def _key_of(model, fields) -> tuple:
        """The natural key as `fields` state it: “plan__code” is a part of the key that stands under “plan”."""
        key = []
        for lookup in model.NATURAL_KEY:
            name, _, inner = lookup.partition("__")
            value = fields[name]
            if inner:
                value = value[model._meta.get_field(name).related_model.NATURAL_KEY.index(inner)]
            key.append(value)
        return tuple(key)

    def _check_references(self, model, fields) -> None:
        for name, value in fields.items():
            field = model._meta.get_field(name)
            if not field.is_relation:
                continue
            for key in value if field.many_to_many else [value]:
                if tuple(key) not in self._keys_of(field.related_model):
                    what = field.related_model._meta.verbose_name
                    raise BadStartingData(f"{name}: there is no {what} {':'.join(map(str, key))}")

    @staticmethod
    def _move(chart: ProjectChart, status: str) -> None:
        """Lead a chart, which began as a draft, along the allowed steps to where its source says it is."""
        for step in steps_to(status):
            chart.status, chart.step_reason = step, STARTING_REASON
            chart.full_clean()
            chart.save()


def steps_to(status: str) -> list[str]:
    """The shortest way of a chart from draft to `status`."""
    ways, waiting = {ChartStatus.DRAFT: []}, [ChartStatus.DRAFT]
    for state in waiting:
        for step in CHART_TRANSITIONS[state]:
            if step not in ways:
                ways[step] = [*ways[state], step]
                waiting.append(step)
    if status not in ways:
        raise BadStartingData(f"status: a chart does not get to {status!r}")
    return ways[status]


@contextmanager
def _errors_at(where: str):
    """Say of every error in the block at which file and row it was met."""
    try:
        yield
    except ValidationError as error:
        raise BadStartingData(f"{where}: {_in_words(error)}") from error
    except KeyError as error:
        raise BadStartingData(f"{where}: {error.args[0]} is missing") from error
    except (BadStartingData, DeserializationError, FieldDoesNotExist, LookupError, TypeError, ValueError) as error:
        raise BadStartingData(f"{where}: {error}") from error


def _in_words(error: ValidationError) -> str:
    if not hasattr(error, "error_dict"):
        return " ".join(error.messages)
    return "; ".join(f"{field}: {' '.join(said)}" for field, said in error)


def _read_rows(path: Path) -> list[dict]:
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadStartingData(f"{path.name} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise BadStartingData(f"{path.name} is not JSON: {error}") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadStartingData(f"{path.name}: a list of objects is expected")
    return rows


def _read_csv(folder: Path, file: PlacementFile) -> list[dict]:
    try:
        with (folder / "placements" / file.name).open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            rows = list(reader)
    except OSError as error:
        raise BadStartingData(f"{file.name} cannot be read: {error.strerror}") from error
    except (csv.Error, ValueError) as error:
        raise BadStartingData(f"{file.name} is not CSV in UTF-8: {error}") from error
    if tuple(reader.fieldnames or ()) != file.columns:
        raise BadStartingData(f"{file.name}: the columns {', '.join(file.columns)} are expected")
    return rows


def _load_placements(folder: Path, file: PlacementFile, advance) -> int:
    """Bring the units of an asset in as a referent would, by import."""
    stored = set(Placement.objects.filter(asset__code=file.asset).values_list("code", flat=True))
    given = []
    rows = _read_csv(folder, file)
    for number, row in enumerate(rows, start=1):
        with _errors_at(f"{file.name}, row {number}"):
            placement = {"asset": file.asset, **file.placement(number, row)}
        if placement["code"] not in stored:
            given.append((number, placement))
    if given:
        _store_placements(file.name, given)
    advance(len(rows))
    return len(given)


def _store_placements(name: str, given: list[tuple[int, dict]]) -> None:
    """Store placements under the numbers of their rows."""
    headers = list(given[0][1])
    table = Table(GivenRows(headers, [(number, list(placement.values())) for number, placement in given]), size=0)
    mapping = Mapping(assignments=[Assignment(header, header) for header in headers], crs=WGS84)
    with through_door("import"), Spool(table) as spool:
        comparison = Comparison("placements", spool, mapping, OPERATOR, lambda share: None, settled=False)
        comparison.make()
        told = [f"{name}, row {number}: {column}: {why}" for number, column, why in comparison.problems()]
        if len(told) > ERRORS_TOLD:
            told[ERRORS_TOLD:] = [f"… and {len(told) - ERRORS_TOLD} more"]
        if told:
            raise BadStartingData("\n".join(told))
        comparison.store()


def _told(text: str) -> tuple[str, bool]:
    """What a cell says, and whether the office had yet to check it."""
    said = TO_BE_VERIFIED.sub("", text).strip()
    return said, said != text.strip()


def _status(*doubtful: bool) -> str:
    return PlacementStatus.TO_BE_VERIFIED if any(doubtful) else PlacementStatus.ACTIVE


def _count(row: dict, column: str) -> int:
    if not row[column].isdecimal():
        raise BadStartingData(f"{column}: “{row[column]}” is not a whole number")
    return int(row[column])


def _fountain(number: int, row: dict) -> dict:
    address, address_doubtful = _told(row["INDIRIZZO"])
    kind, kind_doubtful = _told(row["TIPO"])
    return {
        "code": f"F{number:03}",
        "address": address,
        # “3 GAVINANA GALLUZZO”
        "district": row["QUARTIERE"][:1],
        "latitude": row["LAT"],
        "longitude": row["LON"],
        "status": _status(address_doubtful, kind_doubtful),
        "attributes": json.dumps({"type": kind.upper()} if kind else {}),
    }


def _rack(number: int, row: dict) -> dict:
    address, doubtful = _told(row["LOCALIZZAZIONE"])
    return {
        "code": row["FID"],
        "address": address,
        "latitude": row["LAT"],
        "longitude": row["LON"],
        "status": _status(doubtful),
        "attributes": json.dumps(
            {"places": _count(row, "NUMPOSTI"), "modules": _count(row, "NUMMODULI"), "model": row["MODELLO"]}
        ),
    }


PLACEMENT_FILES = (
    PlacementFile(
        "fontanelli.csv",
        "comune-di-firenze-fontanelli",
        ("QUARTIERE", "INDIRIZZO", "TIPO", "LON", "LAT"),
        _fountain,
    ),
    PlacementFile(
        "rastrelliere.csv",
        "comune-di-firenze-rastrelliere",
        ("FID", "NUMPOSTI", "NUMMODULI", "LOCALIZZAZIONE", "MODELLO", "LON", "LAT"),
        _rack,
    ),
)
