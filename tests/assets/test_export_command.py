"""`manage.py export_data`: a partner's rows as a file, whole or not there."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from assets.exports import EXPORTS
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _rows(publiacqua, silfi):
    fountains = factories.asset(publiacqua, "fontanelli", visibility="restricted")
    factories.placement(fountains, "F1")
    factories.placement(factories.asset(silfi, "lampioni"), "L1")


def export(*arguments, partner="publiacqua") -> str:
    told = io.StringIO()
    call_command("export_data", *arguments, partner=partner, stderr=told)
    return told.getvalue()


def test_a_partner_s_rows_are_written_to_a_file(tmp_path):
    output = tmp_path / "rows.csv"
    told = export("placements", "--output", str(output))
    assert [line.split(",")[:2] for line in output.read_text().splitlines()] == [
        ["asset", "code"],
        ["fontanelli", "F1"],
    ]
    assert "1 placements written." in told
    assert "1/1" in told
    assert list(tmp_path.iterdir()) == [output]


def test_without_a_file_rows_are_printed_and_nothing_else(capsysbinary):
    assert export("placements", "--format", "geojson", "--verbosity", "0") == "1 placements written.\n"
    found = json.loads(capsysbinary.readouterr().out)
    assert [feature["properties"]["code"] for feature in found["features"]] == ["F1"]


def test_headings_are_in_the_language_asked_for(tmp_path):
    output = tmp_path / "rows.csv"
    for language, heading in (("it", "Proprietario"), ("en", "Owner")):
        export("assets", "--format", "csv-it", "--output", str(output), "--language", language)
        assert output.read_text(encoding="utf-8-sig").split(";")[1] == heading


def test_what_cannot_be_written_is_told_and_leaves_what_was_there(tmp_path, monkeypatch):
    output = tmp_path / "rows.csv"
    output.write_text("before")
    for arguments, partner in (
        (["placements"], "nobody"),
        (["assets", "--format", "geojson"], "publiacqua"),
        (["assets", "--output", str(tmp_path / "nowhere" / "rows.csv")], "publiacqua"),
    ):
        with pytest.raises(CommandError):
            export(*arguments, partner=partner)

    def broken(export):
        yield b"half"
        raise RuntimeError

    monkeypatch.setattr(EXPORTS["assets"], "written", lambda export, *given: broken(export))
    with pytest.raises(RuntimeError):
        export("assets", "--output", str(output))
    assert output.read_text() == "before"
    assert list(tmp_path.iterdir()) == [output]
