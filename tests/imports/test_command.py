"""`manage.py import_data`: the same code as the desk's, told in the terminal, with an exit status."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from assets.choices import ImportState, Kind
from assets.models import Import, ImportMapping, Placement
from firenze_digitale.env import ROOT
from tests import factories

DATA = ROOT / "fixtures" / "placements"
TYPES = ("FIRENZE", "MILANO", "AMALFI")


@pytest.fixture
def fountains(publiacqua):
    schema = {"type": "object", "properties": {"type": {"type": "string", "title": "Tipo"}}}
    category = factories.category("fontanelli", kind=Kind.MATERIAL, attribute_schema=schema)
    return factories.asset(publiacqua, "publiacqua-fontanelli", category=category)


def run(*args, **options) -> str:
    told = StringIO()
    call_command("import_data", *map(str, args), stdout=told, stderr=told, verbosity=0, **options)
    return told.getvalue()


@pytest.fixture
def of_fountains(fountains):
    return ["placements", DATA / "fontanelli.csv", "--partner", "publiacqua", "--set", f"asset={fountains.code}"]


def test_the_citys_fountains_come_in_as_they_are_and_again_without_a_change(of_fountains, fountains):
    told = run(*of_fountains, "--number", "F", "--column", "TIPO=attributes.type")
    assert "241 new" in told
    assert Placement.objects.count() == 241
    first = Placement.objects.get(address="Via del Paradiso")
    assert (first.district, first.latitude, first.longitude) == ("3", 43.755975, 11.289223)
    assert first.attributes == {"type": "FIRENZE"}
    assert Placement.objects.filter(code="F241").exists()
    again = run(*of_fountains, "--number", "F", "--column", "TIPO=attributes.type")
    assert "0 new, 0 changed, 241 unchanged" in again
    assert Import.objects.filter(state=ImportState.STORED).count() == 2


def test_the_citys_racks_come_in_as_they_are(publiacqua):
    names = {"places": "integer", "modules": "integer", "model": "string"}
    schema = {"type": "object", "properties": {name: {"type": kind} for name, kind in names.items()}}
    category = factories.category("rastrelliere", kind=Kind.MATERIAL, attribute_schema=schema)
    racks = factories.asset(publiacqua, "publiacqua-rastrelliere", category=category)
    told = run(
        *("placements", DATA / "rastrelliere.csv", "--partner", "publiacqua", "--set", f"asset={racks.code}"),
        *("--column", "NUMPOSTI=attributes.places", "--column", "NUMMODULI=attributes.modules"),
        *("--column", "MODELLO=attributes.model"),
    )
    assert "1207 new" in told
    assert Placement.objects.get(code="rastrelliere.892").attributes == {
        "places": 14,
        "modules": 7,
        "model": "TIPO FI",
    }


def test_a_column_that_is_not_known_is_named_and_nothing_is_stored(of_fountains, tmp_path):
    of_fountains[1] = tmp_path / "f.csv"
    of_fountains[1].write_text("code,colore\nF1,blu\n")
    with pytest.raises(CommandError, match="colore"):
        run(*of_fountains)
    assert not Placement.objects.exists()
    assert not Import.objects.exists()


def test_a_dry_run_tells_and_stores_nothing(of_fountains):
    told = run(*of_fountains, "--number", "F", "--skip", "TIPO", "--dry-run")
    assert "241 new" in told
    assert not Placement.objects.exists()
    assert not Import.objects.exists()


def test_wrong_rows_are_listed_and_the_command_fails(fountains, tmp_path):
    file = tmp_path / "f.csv"
    file.write_text("code,latitude,longitude\nF1,43.77,11.25\nF2,molto,11.25\n")
    told = StringIO()
    with pytest.raises(CommandError, match="1 wrong"):
        call_command(
            *("import_data", "placements", str(file), "--partner=publiacqua", f"--set=asset={fountains.code}"),
            stdout=told,
            stderr=told,
            verbosity=0,
        )
    assert "3, latitude: molto" in told.getvalue()
    assert not Placement.objects.exists()


def test_a_saved_mapping_is_used_by_its_name(of_fountains, fountains, publiacqua):
    mapping = {
        "assignments": [
            {"column": "QUARTIERE", "target": "district"},
            {"column": "INDIRIZZO", "target": "address"},
            {"column": "TIPO", "target": "attributes.type", "values": {"VERIFICARE": ""}},
            {"column": "TIPO", "target": "status", "values": {"VERIFICARE": "to_be_verified", "*": ""}},
            {"column": "LON", "target": "longitude"},
            {"column": "LAT", "target": "latitude"},
        ],
        "numbered": "F",
    }
    ImportMapping.objects.create(partner=publiacqua, kind="placements", name="open data", mapping=mapping)
    run(*of_fountains, "--mapping", "open data")
    doubtful = Placement.objects.filter(status="to_be_verified")
    assert doubtful.exists()
    assert all("type" not in placement.attributes for placement in doubtful)
    assert set(Placement.objects.exclude(status="to_be_verified").values_list("status", flat=True)) == {"active"}


def test_another_partners_asset_does_not_take_rows(of_fountains, silfi):
    with pytest.raises(CommandError, match="241 wrong"):
        run(*of_fountains[:3], "silfi", *of_fountains[4:], "--number", "F", "--skip", "TIPO")
    assert not Placement.objects.exists()


@pytest.mark.parametrize("arguments", [["--partner", "nobody"], ["--partner", "publiacqua", "--mapping", "nessuna"]])
def test_what_is_not_there_is_said(publiacqua, arguments):
    with pytest.raises(CommandError, match="There is no"):
        run("placements", DATA / "fontanelli.csv", *arguments)
