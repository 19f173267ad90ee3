"""Loading what is wrong: the error says where, and nothing is loaded."""

import json
import shutil

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

from firenze_digitale.env import ROOT
from partners.models import Partner
from tests import factories

MODELS = [model for label in ("partners", "assets", "projects") for model in apps.get_app_config(label).get_models()]
ROWS = [model for model in MODELS if hasattr(model, "NATURAL_KEY")]


@pytest.fixture
def folder(tmp_path):
    """A copy of the fixtures, to be spoilt."""
    return shutil.copytree(ROOT / "fixtures", tmp_path / "fixtures")


def load(folder=ROOT / "fixtures"):
    call_command("load_registry", folder=folder)


def spoil(folder, name, change):
    path = folder / name
    rows = json.loads(path.read_text())
    change(rows)
    path.write_text(json.dumps(rows))


def test_a_registry_that_has_its_own_city_is_told_so_and_left_alone(db):
    factories.partner("firenze", kind="city")
    with pytest.raises(CommandError, match=r"partners\.json, row 1: .*city") as refused:
        load()
    assert str(refused.value).startswith("Nothing was loaded.")
    assert list(Partner.objects.values_list("code", flat=True)) == ["firenze"]


@pytest.mark.parametrize(
    ("name", "change", "told"),
    [
        ("partners.json", lambda rows: rows[2]["fields"].pop("code"), r"partners\.json, row 3: code is missing"),
        ("partners.json", lambda rows: rows[2]["fields"].update(kind="guild"), r"partners\.json, row 3: kind: "),
        ("partners.json", lambda rows: rows[2]["fields"].update(fax="1"), r"row 3: .*no field named 'fax'"),
        ("partners.json", lambda rows: rows[2].update(model="partners.guild"), r"partners\.json, row 3: .*guild"),
        ("partners.json", lambda rows: rows[2].pop("fields"), r"partners\.json, row 3: fields is missing"),
        (
            "assets.json",
            lambda rows: rows[0]["fields"].update(owner=["nobody"]),
            r"row 1: owner: .* nobody",
        ),
        (
            "assets.json",
            lambda rows: rows[0]["fields"].update(attributes={"type": 3}),
            r"row 1: attributes: ",
        ),
        ("charts.json", lambda rows: rows[0]["fields"].update(status="lost"), r"charts\.json, row 1: status: "),
        ("charts.json", lambda rows: rows[0]["fields"].update(objectives=[["x", 1]]), r"row 1: objectives: .* x:1"),
    ],
)
def test_a_wrong_row_is_told_and_nothing_is_loaded(db, folder, name, change, told):
    spoil(folder, name, change)
    with pytest.raises(CommandError, match=told):
        load(folder)
    assert not any(model._base_manager.exists() for model in ROWS)


@pytest.mark.parametrize(
    ("name", "spoilt", "told"),
    [
        ("partners.json", "[", r"partners\.json is not JSON"),
        ("partners.json", "{}", r"partners\.json: a list of objects is expected"),
        ("placements/fontanelli.csv", "QUARTIERE,LON\n", r"fontanelli\.csv: the columns .* are expected"),
        (
            "placements/fontanelli.csv",
            "QUARTIERE,INDIRIZZO,TIPO,LON,LAT\n9 ALTROVE,Via Roma,FIRENZE,est,43.7\n",
            r"fontanelli\.csv, row 1: district: .*\n.*longitude: ",
        ),
        (
            "placements/rastrelliere.csv",
            "FID,NUMPOSTI,NUMMODULI,LOCALIZZAZIONE,MODELLO,LON,LAT\nr.1,tanti,1,Via Roma,X,11.2,43.7\n",
            r"rastrelliere\.csv, row 1: NUMPOSTI: .*tanti",
        ),
    ],
)
def test_a_wrong_file_is_told_and_nothing_is_loaded(db, folder, name, spoilt, told):
    (folder / name).write_text(spoilt)
    with pytest.raises(CommandError, match=told):
        load(folder)
    assert not any(model._base_manager.exists() for model in ROWS)


def test_a_missing_file_is_named(db, folder):
    (folder / "placements" / "rastrelliere.csv").unlink()
    with pytest.raises(CommandError, match=r"rastrelliere\.csv cannot be read"):
        load(folder)
    assert not Partner.objects.exists()
