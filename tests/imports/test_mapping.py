"""Which column fills what: recognised by its header, remembered, corrected, and never ignored in silence."""

import json

import pytest
from django.utils.translation import override

from assets.imports.mapping import Assignment, Mapping, problems_of, recognise, suggest
from assets.imports.targets import targets_of
from assets.models import Category

LAMPS = Category(
    code="corpi-illuminanti",
    attribute_schema={
        "type": "object",
        "properties": {
            "watt": {"type": "number", "title": "Potenza (watt)", "x-title-en": "Power (watts)"},
            "sockets": {"type": "integer", "title": "Prese", "x-title-en": "Sockets"},
            "lamp": {"enum": ["LED", "SAP"], "title": "Tipo di lampada", "x-title-en": "Kind of lamp"},
        },
    },
)
POLES = Category(
    code="pali",
    attribute_schema={"type": "object", "properties": {"watt": {"type": "integer"}, "lamp": {"enum": ["LED", "HPS"]}}},
)


@pytest.fixture
def placements():
    return targets_of("placements", [LAMPS])


def recognised(headers, targets, saved=None) -> dict[str, str]:
    return {a.column: a.target for a in recognise(headers, targets, saved).assignments}


class TestTargets:
    def test_the_columns_are_those_of_the_exports_and_attributes_of_the_category(self, placements):
        names = [target.name for target in placements]
        fields = ["asset", "code", "address", "district", "latitude", "longitude", "status", "attributes"]
        assert names == [*fields, "attributes.lamp", "attributes.sockets", "attributes.watt"]

    def test_each_says_what_it_holds_and_whether_a_row_needs_it(self):
        told = {target.name: (target.kind, target.required) for target in targets_of("assets")}
        assert told["owner"] == ("related", True)
        assert told["contact"] == ("related", False)
        assert told["quantity"] == ("integer", False)
        assert told["mapped_on"] == ("date", False)
        assert told["visibility"] == ("choice", False)
        assert told["name_it"] == ("text", True)

    def test_labels_and_choices_are_told_in_both_languages_whichever_is_active(self):
        with override("en"):
            status = next(target for target in targets_of("placements") if target.name == "status")
        assert (status.label_it, status.label_en) == ("Stato", "Status")
        assert ("to_be_verified", "da verificare", "to be verified") in status.choices

    def test_categories_that_name_an_attribute_alike_share_one_target(self):
        targets = {target.name: target for target in targets_of("placements", [LAMPS, POLES])}
        assert targets["attributes.watt"].kind == "number"
        assert [value for value, *_labels in targets["attributes.lamp"].choices] == ["LED", "SAP", "HPS"]

    def test_distributions_have_no_attributes(self):
        assert not [target.name for target in targets_of("distributions", [LAMPS]) if "attributes" in target.name]


class TestRecognising:
    @pytest.mark.parametrize(
        ("header", "target"),
        [
            ("code", "code"),
            ("Codice", "code"),
            ("FID", "code"),
            ("INDIRIZZO ", "address"),
            ("Localizzazione", "address"),
            ("LAT", "latitude"),
            ("Latitudine", "latitude"),
            ("Long.", "longitude"),
            ("coord_x", "longitude"),
            ("Quartiere", "district"),
            ("STATO", "status"),
            ("attributes.watt", "attributes.watt"),
            ("WATT", "attributes.watt"),
            ("potenza  (Watt)", "attributes.watt"),
            ("Power (watts)", "attributes.watt"),
            ("Potenza", "attributes.watt"),
            ("N. prese", "attributes.sockets"),
            ("NUMPRESE", "attributes.sockets"),
        ],
    )
    def test_a_header_is_known_by_name_label_and_common_names(self, placements, header, target):
        assert recognised([header], placements) == {header: target}

    def test_accents_and_points_do_not_matter(self):
        assert recognised(["Qtà."], targets_of("assets")) == {"Qtà.": "quantity"}

    @pytest.mark.parametrize("header", ["INDIRIZO", "Latitudini", "note", "", "?", "(C)"])
    def test_nothing_is_mapped_because_it_looks_similar(self, placements, header):
        assert recognised([header], placements) == {}

    def test_the_better_name_wins(self, placements):
        assert recognised(["id", "code"], placements) == {"code": "code"}

    def test_two_columns_that_could_both_be_it_are_left_to_the_person(self, placements):
        assert recognised(["FID", "MATRICOLA", "LAT"], placements) == {"LAT": "latitude"}

    def test_what_is_similar_is_proposed(self, placements):
        assert suggest("INDIRIZO", placements).name == "address"
        assert suggest("TIPO_LAMPADA", placements).name == "attributes.lamp"
        assert suggest("note", placements) is None

    def test_the_real_racks_are_recognised_but_for_their_asset(self):
        places = {name: {"type": "integer", "title": title} for name, title in (("p", "Posti"), ("m", "Moduli"))}
        racks = Category(attribute_schema={"type": "object", "properties": {**places, "model": {"title": "Modello"}}})
        headers = ["FID", "NUMPOSTI", "NUMMODULI", "LOCALIZZAZIONE", "MODELLO", "LON", "LAT"]
        targets = targets_of("placements", [racks])
        fields = ["code", "attributes.p", "attributes.m", "address", "attributes.model", "longitude", "latitude"]
        mapping = recognise(headers, targets)
        assert [a.target for a in mapping.assignments] == fields
        mapping.fixed["asset"] = "comune-di-firenze-rastrelliere"
        assert problems_of(mapping, headers, targets) == []


class TestRemembering:
    def test_a_saved_mapping_wins_for_the_columns_it_names(self, placements):
        saved = Mapping(
            [Assignment("STATO", "attributes.lamp", {"nuovo": "LED"})], skipped=["LAT"], fixed={"asset": "lampioni"}
        )
        mapping = recognise(["STATO", "LAT", "CODICE"], placements, saved)
        assert [(a.column, a.target, a.values) for a in mapping.assignments] == [
            ("STATO", "attributes.lamp", {"nuovo": "LED"}),
            ("CODICE", "code", {}),
        ]
        assert (mapping.skipped, mapping.fixed) == (["LAT"], {"asset": "lampioni"})

    def test_it_is_not_changed_by_its_use(self, placements):
        saved = Mapping([Assignment("Stato", "status")], keep_as_attributes=True)
        before = saved.to_json()
        recognise(["STATO", "CODICE"], placements, saved)
        assert saved.to_json() == before

    def test_it_knows_its_columns_written_a_little_differently(self, placements):
        saved = Mapping([Assignment("Punto luce", "code")], skipped=["Note"])
        mapping = recognise(["PUNTO_LUCE", "NOTE"], placements, saved)
        assert ([a.column for a in mapping.assignments], mapping.skipped) == (["PUNTO_LUCE"], ["NOTE"])

    def test_it_does_not_bring_back_columns_and_targets_that_are_gone(self, placements):
        saved = Mapping([Assignment("A", "code"), Assignment("B", "attributes.colour")], fixed={"attributes.x": "1"})
        mapping = recognise(["B"], placements, saved)
        assert (mapping.assignments, mapping.fixed) == ([], {})

    def test_columns_become_attributes_only_if_it_says_so(self, placements):
        assert recognised(["watt"], placements, Mapping(keep_as_attributes=False)) == {}
        assert recognised(["watt"], placements, Mapping(keep_as_attributes=True)) == {"watt": "attributes.watt"}


class TestProblems:
    headers = ["bene", "codice", "lat", "lon", "note"]

    def problems(self, targets, **changes) -> str:
        mapping = recognise(self.headers, targets)
        mapping.skipped = ["note"]
        for name, value in changes.items():
            setattr(mapping, name, value)
        with override("en"):
            return " ".join(problems_of(mapping, self.headers, targets))

    def test_there_are_none_where_each_column_is_mapped_or_skipped(self, placements):
        assert self.problems(placements) == ""

    def test_no_column_is_ignored_in_silence(self, placements):
        assert "skip them: “note”" in self.problems(placements, skipped=[])

    def test_a_column_cannot_be_used_and_skipped(self, placements):
        assert "both used and skipped: “lat”" in self.problems(placements, skipped=["note", "lat"])

    def test_columns_that_the_file_lacks_are_named(self, placements):
        assert "no such columns: “commenti”" in self.problems(placements, skipped=["note", "commenti"])

    def test_two_columns_cannot_fill_one_field(self, placements):
        more = [*recognise(self.headers, placements).assignments, Assignment("note", "code")]
        assert "“Code” can be filled from one place only" in self.problems(placements, assignments=more, skipped=[])
        assert "“Code” can be filled from one place only" in self.problems(placements, fixed={"code": "F1"})

    def test_one_column_may_fill_two_fields(self, placements):
        more = [*recognise(self.headers, placements).assignments, Assignment("note", "status")]
        more.append(Assignment("note", "attributes.lamp"))
        assert self.problems(placements, assignments=more, skipped=[]) == ""

    def test_unknown_fields_are_named(self, placements):
        assert "no such fields: “colour”" in self.problems(placements, fixed={"colour": "red"})

    def test_rows_need_what_they_are_recognised_by(self, placements):
        assignments = [
            a for a in recognise(self.headers, placements).assignments if a.target in ("latitude", "longitude")
        ]
        skipped = ["bene", "codice", "note"]
        assert self.problems(placements, assignments=assignments, skipped=skipped) == (
            "Say which asset the rows belong to: one for all rows, or the column that tells it. "
            "Say which column holds the codes of the rows, or that the file has no codes."
        )
        fixed = {"asset": "publiacqua-fontanelli"}
        settled = self.problems(placements, assignments=assignments, skipped=skipped, fixed=fixed, numbered="F")
        assert settled == ""

    def test_rows_with_codes_are_not_numbered(self, placements):
        assert "cannot be numbered" in self.problems(placements, numbered="F")

    def test_a_code_is_not_the_same_in_every_row(self, placements):
        assignments = [a for a in recognise(self.headers, placements).assignments if a.target != "code"]
        changes = {"assignments": assignments, "skipped": ["note", "codice"], "fixed": {"code": "F1"}}
        assert "cannot be the same" in self.problems(placements, **changes)

    def test_assets_need_a_code_alone(self):
        targets = targets_of("assets")
        assert problems_of(recognise(["code"], targets), ["code"], targets) == []

    def test_a_latitude_needs_its_longitude(self, placements):
        assignments = [a for a in recognise(self.headers, placements).assignments if a.target != "longitude"]
        assert "both latitude and longitude" in self.problems(
            placements, assignments=assignments, skipped=["note", "lon"]
        )

    def test_attributes_come_together_or_one_by_one(self, placements):
        more = [*recognise(self.headers, placements).assignments, Assignment("note", "attributes.watt")]
        changes = {"assignments": more, "skipped": [], "fixed": {"attributes": "{}"}}
        assert "all attributes" in self.problems(placements, **changes)


class TestKeeping:
    whole = Mapping(
        [Assignment("TIPO", "status", {"VERIFICARE": "to_be_verified", "*": ""}, ",", "mdy")],
        skipped=["note"],
        fixed={"asset": "publiacqua-fontanelli"},
        crs="EPSG:3003",
        swapped=True,
        numbered="F",
        keep_as_attributes=True,
        missing="remove",
    )

    def test_a_mapping_comes_back_from_json_as_it_was(self):
        assert Mapping.from_json(json.loads(json.dumps(self.whole.to_json()))) == self.whole
        assert Mapping.from_json(Mapping().to_json()) == Mapping()

    @pytest.mark.parametrize(
        "change",
        [
            {"assignments": None},
            {"assignments": [None]},
            {"assignments": [{"column": "A"}]},
            {"assignments": [{"column": "A", "target": 1}]},
            {"assignments": [{"column": "A", "target": "code", "colour": "red"}]},
            {"assignments": [{"column": "A", "target": "code", "values": {"a": 1}}]},
            {"assignments": [{"column": "A", "target": "code", "values": []}]},
            {"assignments": [{"column": "A", "target": "code", "decimal": ";"}]},
            {"assignments": [{"column": "A", "target": "code", "decimal": []}]},
            {"assignments": [{"column": "A", "target": "code", "dates": "ymd"}]},
            {"assignments": [{"column": "A\x00", "target": "code"}]},
            {"assignments": [{"column": "A", "target": "code"}] * 3_000},
            {"skipped": "note"},
            {"skipped": [1]},
            {"fixed": {"asset": 1}},
            {"fixed": []},
            {"crs": "EPSG:1"},
            {"crs": None},
            {"crs": []},
            {"swapped": 1},
            {"numbered": 1},
            {"numbered": "F 1"},
            {"keep_as_attributes": None},
            {"missing": "delete"},
            {"missing": {}},
            {"colour": "red"},
        ],
        ids=str,
    )
    def test_anything_else_is_refused(self, change):
        with pytest.raises(ValueError, match="not a mapping"):
            Mapping.from_json({**self.whole.to_json(), **change})

    @pytest.mark.parametrize("junk", [None, [], "x", 1])
    def test_what_is_no_object_is_refused(self, junk):
        with pytest.raises(ValueError, match="not a mapping"):
            Mapping.from_json(junk)
