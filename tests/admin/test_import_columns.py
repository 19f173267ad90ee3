"""The form of a file's columns keeps what a saved mapping says of them."""

import pytest

from assets.choices import ImportState
from assets.models import ImportMapping
from tests import factories
from tests.admin.importing import HEADER, brought, filled_in, opened, step

FILE = "Codice;Indirizzo;Note\nF1;VERIFICARE;bello\n"


@pytest.fixture
def fountains(publiacqua):
    return factories.asset(publiacqua, "publiacqua-fontanelli", name_it="Fontanelli")


@pytest.fixture
def client(browse, referent, fountains):
    return browse(referent)


def test_a_text_that_a_saved_mapping_translates_stays_translated(client, publiacqua, fountains):
    told = [{"column": "Indirizzo", "target": "address", "values": {"VERIFICARE": "", "DA VEDERE": "Via Roma"}}]
    saved = ImportMapping.objects.create(
        name="Dal GIS", kind="placements", partner=publiacqua, mapping={"assignments": told}
    )
    imported = brought(client, FILE, asset=fountains, saved=saved.pk)
    client.post(step("columns", imported), filled_in(opened(client, imported)) | {"target-2-0": "-"})
    imported.refresh_from_db()
    assert imported.state == ImportState.PREVIEWED
    address = next(one for one in imported.mapping["assignments"] if one["target"] == "address")
    assert address["values"] == {"VERIFICARE": "", "DA VEDERE": "Via Roma"}


def test_a_text_that_means_nothing_is_left_out_where_the_form_says_so(client, fountains):
    imported = brought(client, FILE, asset=fountains)
    typed = filled_in(opened(client, imported)) | {"target-2-0": "-", "empty-1-0": " VERIFICARE "}
    client.post(step("columns", imported), typed)
    imported.refresh_from_db()
    assert imported.state == ImportState.PREVIEWED
    assert imported.rows.get().after["address"] == ""


def test_attributes_of_one_label_are_told_apart(client, publiacqua):
    for code, name in (("pali", "kind"), ("panchine", "type")):
        schema = {"type": "object", "properties": {name: {"type": "string", "title": "Tipo"}}}
        factories.category(code, attribute_schema=schema)
    page = opened(client, brought(client, "Nome\nPanchina\n", kind="asset"))
    labels = [label for _group, members in page.context["table"].groups for _name, label in members]
    assert {"Tipo (kind)", "Tipo (type)"} <= set(labels)


def test_a_file_without_rows_is_not_said_to_be_in_the_registry(client, fountains):
    client.cookies["django_language"] = "en"
    page = opened(client, brought(client, HEADER, asset=fountains))
    assert "The file has no rows below the names of its columns." in page.content.decode()
