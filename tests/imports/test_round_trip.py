"""What is exported comes back equal in every format; what is wrong is refused with its row and column."""

import io
from datetime import date
from unicodedata import normalize

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from assets.choices import ImportState, Kind, PlacementStatus, RowState, Unit
from assets.exports import EXPORTS
from assets.imports import services
from assets.models import Asset, Distribution, Placement
from assets.models.parts import PART_CODE_PATTERN
from tests import factories

SLOW_FIXTURES = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
EXAMPLES = settings(
    max_examples=8,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    suppress_health_check=SLOW_FIXTURES,
)
SCHEMA = {
    "type": "object",
    "properties": {
        "watt": {"type": "number", "title": "Potenza"},
        "poles": {"type": "integer"},
        "lamp": {"type": "string", "enum": ["LED", "SAP"]},
        "dimmed": {"type": "boolean"},
        "note": {"type": "string"},
    },
}
printable = st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp"))
# As an import stores them: composed (NFC).
texts = st.text(printable, max_size=40).map(lambda text: normalize("NFC", " ".join(text.split())))
long_texts = st.text(st.one_of(printable, st.just("\n")), max_size=60).map(lambda text: normalize("NFC", text.strip()))
codes = st.from_regex(PART_CODE_PATTERN, fullmatch=True).filter(lambda code: len(code) <= 100)
points = st.none() | st.tuples(st.floats(43.6, 43.95), st.floats(11.0, 11.5))
attributes = st.fixed_dictionaries(
    {},
    optional={
        "watt": st.floats(-1e6, 1e6).map(lambda number: round(number, 9)) | st.integers(-(10**9), 10**9),
        "poles": st.integers(-(10**9), 10**9),
        "lamp": st.sampled_from(["LED", "SAP"]),
        "dimmed": st.booleans(),
        "note": texts,
    },
)
placements = st.fixed_dictionaries(
    {
        "address": texts,
        "district": st.sampled_from(["", "1", "5"]),
        "point": points,
        "status": st.sampled_from(PlacementStatus.values),
        "attributes": attributes,
    }
)


@pytest.fixture
def lights(publiacqua):
    category = factories.category("luci", kind=Kind.MATERIAL, attribute_schema=SCHEMA)
    return factories.asset(publiacqua, "publiacqua-luci", category=category)


def brought_back(kind: str, queryset, file_format, referent, partner):
    """Export rows and bring the file back."""
    content = b"".join(EXPORTS[kind](queryset, referent).written(file_format))
    return services.begin(
        kind=kind, partner=partner, made_by=referent, file=io.BytesIO(content), file_name=f"f.{file_format.extension}"
    )


def assert_nothing_changes(imported, rows: int):
    told = [(row.state, row.before, row.after, row.problems) for row in imported.rows.all()]
    assert imported.state == ImportState.PREVIEWED, (imported.refusal, imported.questions, imported.mapping)
    assert told == []
    assert imported.counts["unchanged"] == rows


@pytest.mark.parametrize("file_format", EXPORTS["placements"].formats, ids=lambda each: each.name)
@EXAMPLES
@given(given_rows=st.dictionaries(codes, placements, min_size=1, max_size=8))
def test_exported_placements_come_back_equal(lights, referent, publiacqua, file_format, given_rows):
    Placement.objects.filter(asset=lights).delete()
    for code, row in given_rows.items():
        latitude, longitude = row["point"] or (None, None)
        values = {name: row[name] for name in ("address", "district", "status", "attributes")}
        factories.placement(lights, code, latitude=latitude, longitude=longitude, **values)
    rows = Placement.objects.filter(asset=lights).order_by("code")
    imported = brought_back("placements", rows, file_format, referent, publiacqua)
    assert_nothing_changes(imported, len(given_rows))


@pytest.mark.parametrize("file_format", EXPORTS["assets"].formats, ids=lambda each: each.name)
@EXAMPLES
@given(
    name=texts.filter(bool),
    description=long_texts,
    quantity=st.none() | st.integers(0, 2_000_000_000),
    unit=st.sampled_from(["", *Unit.values]),
    day=st.none() | st.dates(date(1900, 1, 1), date(2100, 1, 1)),
    told=attributes,
)
def test_exported_assets_come_back_equal(
    lights, referent, publiacqua, file_format, name, description, quantity, unit, day, told
):
    Asset.objects.filter(pk=lights.pk).update(
        name_it=name, description_it=description, quantity=quantity, unit=unit, mapped_on=day, attributes=told
    )
    rows = Asset.objects.filter(owner=publiacqua).order_by("code")
    assert_nothing_changes(brought_back("assets", rows, file_format, referent, publiacqua), 1)


@pytest.mark.parametrize("file_format", EXPORTS["distributions"].formats, ids=lambda each: each.name)
def test_exported_distributions_come_back_equal(referent, publiacqua, file_format):
    data = factories.asset(publiacqua, category=factories.category(kind=Kind.IMMATERIAL))
    for personal in (None, True, False):
        factories.distribution(
            data, access_url="https://example.org/d?a=1&b=2", update_frequency="daily", has_personal_data=personal
        )
    rows = Distribution.objects.order_by("code")
    assert_nothing_changes(brought_back("distributions", rows, file_format, referent, publiacqua), 3)


WRONG = {
    "district": st.sampled_from(["9", "Oltrarno"]),
    "status": st.sampled_from(["rotto", "attivissimo"]),
    "latitude": st.sampled_from(["91", "nord", "43.77.1.2"]),
    "address": st.integers(201, 300).map("x".__mul__),
}


@EXAMPLES
@given(column=st.sampled_from(sorted(WRONG)), data=st.data(), before=st.integers(0, 5), blank=st.booleans())
def test_what_is_wrong_is_told_with_its_row_and_column(lights, referent, publiacqua, column, data, before, blank):
    row = {
        "code": "X",
        "address": "Via",
        "district": "1",
        "latitude": "43.77",
        "longitude": "11.25",
        "status": "active",
    }
    lines = [";".join(row)] + [";".join(row.values()).replace("X", f"X{n}", 1) for n in range(before)]
    lines += [""] * blank
    lines.append(";".join({**row, column: data.draw(WRONG[column])}.values()))
    imported = services.begin(
        kind="placements",
        partner=publiacqua,
        made_by=referent,
        file=io.BytesIO("\r\n".join(lines).encode("cp1252")),
        file_name="wrong.csv",
        fixed={"asset": lights.code},
    )
    [wrong] = imported.rows.filter(state=RowState.WRONG)
    assert wrong.number == len(lines)
    assert column in {problem["column"] for problem in wrong.problems}
    assert imported.counts["new"] == before
