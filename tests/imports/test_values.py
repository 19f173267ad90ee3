"""From cells to values: what each kind of field takes, what it refuses and says, and all errors of a row at once."""

import datetime
import unicodedata

import pytest
from django.core.validators import MaxLengthValidator
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from assets.choices import Kind, Visibility
from assets.imports.mapping import Assignment, Mapping, recognise
from assets.imports.targets import targets_of
from assets.imports.values import DEFAULT, Problem, RowReader
from assets.models import Category, Placement
from firenze_digitale.access import ANONYMOUS, OPERATOR
from firenze_digitale.cells import UNPRINTABLE, disarm
from tests import factories

SCHEMA = {
    "type": "object",
    "properties": {
        "watt": {"type": "number"},
        "sockets": {"type": "integer"},
        "led": {"type": "boolean"},
        "lamp": {"enum": ["LED", "SAP", 3]},
        "built": {"type": "string", "format": "date"},
        "note": {"type": "string"},
        "tags": {"type": "array"},
        "size": {"type": "object"},
    },
}
TARGETS = {
    "assets": targets_of("assets"),
    "placements": targets_of("placements", [Category(attribute_schema=SCHEMA)]),
    "distributions": targets_of("distributions"),
}


def read(kind, cells, target, who=ANONYMOUS, crs="", **assignment):
    """The batch of a file with one column."""
    mapping = Mapping([Assignment("A", target, **assignment)], crs=crs)
    return RowReader(TARGETS[kind], mapping, ["A"], who).read([(n, [cell]) for n, cell in enumerate(cells, 2)])


def values_of(kind, cells, target, **assignment) -> list:
    batch = read(kind, cells, target, **assignment)
    assert batch.problems == []
    (values,) = batch.values.values()
    return values


def attributes_of(name, cells, **assignment) -> list:
    return [row[name] for row in values_of("placements", cells, f"attributes.{name}", **assignment)]


def refused(kind, cell, target, **assignment) -> str:
    """What is said of one wrong cell."""
    with override("en"):
        batch = read(kind, [cell], target, **assignment)
    assert list(batch.values.values()) == [[None]]
    (problem,) = batch.problems
    assert (problem.number, problem.column, problem.field) == (2, "A", target)
    return problem.expected


class TestTexts:
    @pytest.mark.parametrize(
        ("cell", "text"),
        [
            ("Via Roma", "Via Roma"),
            ("  Via  Roma \t1 ", "Via Roma 1"),
            ("Via\u00a0Roma", "Via Roma"),
            ("Via\r\nRoma", "Via Roma"),
            ("'=1+1", "=1+1"),
            ("''=1+1", "'=1+1"),
            ("'fine'", "'fine'"),
            ("O'Neill", "O'Neill"),
            (unicodedata.normalize("NFD", "Piazza Libertà"), "Piazza Libertà"),
            ("", ""),
            ("   ", ""),
            (None, ""),
            (12, "12"),
            (12.0, "12"),
            (1.5, "1.5"),
            (True, "true"),
            (datetime.date(2016, 12, 31), "2016-12-31"),
            (datetime.datetime(2016, 12, 31), "2016-12-31"),  # noqa: DTZ001 as workbooks have them
        ],
    )
    def test_a_text_of_one_line_is_tidied(self, cell, text):
        assert values_of("placements", [cell], "address") == [text]
        # Among others of its kind, and among cells of another kind.
        assert values_of("placements", [cell, "Via Pisana"], "address") == [text, "Via Pisana"]
        assert values_of("placements", [cell, 1.25, "Via Pisana"], "address") == [text, "1.25", "Via Pisana"]

    def test_a_text_of_several_lines_keeps_them(self):
        assert values_of("assets", [" uno  due\r\n\r\ntre \r"], "description_it") == ["uno  due\n\ntre"]

    @pytest.mark.parametrize("cell", ["a\x00b", "a\x1fb", "\ud800", "\ufffe"])
    @pytest.mark.parametrize(("kind", "target"), [("placements", "address"), ("assets", "description_it")])
    def test_unprintable_characters_are_refused(self, kind, target, cell):
        assert "cannot be read" in refused(kind, cell, target)

    def test_a_text_that_is_too_long_is_refused(self):
        assert "at most 200 characters (it has 201)" in refused("placements", "x" * 201, "address")
        assert values_of("placements", [" " + "x" * 200], "address") == ["x" * 200]

    def test_a_text_that_a_row_needs_cannot_be_empty(self):
        assert refused("assets", " ", "name_it") == "It is missing: fill it in."
        batch = read("assets", ["Uno", "", None], "name_it")
        assert (batch.values["name_it"], [problem.number for problem in batch.problems]) == (
            ["Uno", None, None],
            [3, 4],
        )

    def test_an_address_of_the_web_is_checked_as_forms_do(self):
        assert values_of("distributions", [" https://example.org/a ", ""], "access_url") == [
            "https://example.org/a",
            "",
        ]
        assert "valid URL" in refused("distributions", "javascript:alert(1)", "access_url")

    @given(st.lists(st.text(max_size=30), min_size=1, max_size=5))
    def test_a_text_comes_back_as_it_was_written_whatever_it_holds(self, texts):
        told = [text for text in texts if not UNPRINTABLE.search(text)]
        tidied = [" ".join(unicodedata.normalize("NFC", text).split()) for text in told]
        assert values_of("placements", [disarm(text) for text in tidied], "address") == tidied

    @given(st.lists(st.text(max_size=30) | st.integers() | st.floats() | st.booleans() | st.none(), min_size=1))
    def test_a_cell_is_read_alike_alone_and_among_others(self, cells):
        alone = [read("placements", [cell], "address").values["address"][0] for cell in cells]
        assert read("placements", cells, "address").values["address"] == alone


class TestCodes:
    @pytest.mark.parametrize(
        ("cell", "code"), [("rastrelliere.892", "rastrelliere.892"), (" F1 ", "F1"), (892, "892"), (892.0, "892")]
    )
    def test_a_code_may_be_a_number(self, cell, code):
        assert values_of("placements", [cell], "code") == [code]

    @pytest.mark.parametrize("cell", ["F 1", "-F1", "F1!", "è", "x" * 101, "", 1.5e300, -3])
    def test_other_characters_are_refused(self, cell):
        assert refused("placements", cell, "code")

    def test_codes_of_assets_are_written_as_codes_are(self):
        assert values_of("assets", ["publiacqua-fontanelli"], "code") == ["publiacqua-fontanelli"]
        assert "lower-case letters" in refused("assets", "Publiacqua", "code")


class TestChoices:
    @pytest.mark.parametrize(
        "cell", ["to_be_verified", "TO_BE_VERIFIED", "da verificare", "Da  Verificare ", "to be verified"]
    )
    def test_a_choice_is_known_by_its_value_and_its_label_in_either_language(self, cell):
        assert values_of("placements", [cell], "status") == ["to_be_verified"]

    @pytest.mark.parametrize(
        "cell",
        [
            "3 GAVINANA GALLUZZO",
            "3",
            3,
            3.0,
            "Gavinana-Galluzzo",
            "gavinana galluzzo",
            "Q3",
            "Quartiere 3",
            "3 - Gavinana",
        ],
    )
    def test_a_district_is_known_by_its_number_or_its_name(self, cell):
        assert values_of("placements", [cell], "district") == ["3"]

    @pytest.mark.parametrize("cell", ["6 Scandicci", "12", "3.5", "33 Gavinana", "1/2", "Isolotto 4b", 3.5, "-3"])
    def test_a_district_is_not_guessed(self, cell):
        assert "expected one of 1 Centro Storico, 2 Campo di Marte, " in refused("placements", cell, "district")

    def test_what_is_not_known_is_told_with_what_is(self):
        said = refused("placements", "rotto", "status")
        assert said == (
            "“rotto” is not known: expected one of active, planned, out of service, to be verified, removed."
        )

    def test_an_empty_cell_is_the_default_only_where_the_field_is_never_empty(self):
        assert values_of("placements", ["", None, " "], "status") == [DEFAULT] * 3
        assert values_of("assets", [""], "visibility") == [DEFAULT]
        assert values_of("placements", [""], "district") == [""]
        assert values_of("assets", [None], "unit") == [""]

    def test_what_explains_a_choice_may_be_left_out(self):
        cells = ["pubblico", "Rete", "restricted", "pubblico (chiunque)"]
        assert values_of("assets", cells, "visibility") == ["public", "network", "restricted", "public"]

    @pytest.mark.parametrize("target", ["status", "district", "unit", "visibility", "update_frequency"])
    def test_each_value_and_label_of_each_choice_is_read(self, target):
        found = next((k, t) for k, targets in TARGETS.items() for t in targets if t.name == target)
        for value, *labels in found[1].choices:
            assert values_of(found[0], [value, *labels], target) == [value] * 3


class TestTranslation:
    def test_cells_are_taken_to_say_what_the_mapping_says(self):
        said = {"VERIFICARE": "to_be_verified", "-": "", "*": "active"}
        cells = ["VERIFICARE", " verificare", "-", "MILANO", "planned", ""]
        told = ["to_be_verified", "to_be_verified", DEFAULT, "active", "active", DEFAULT]
        assert values_of("placements", cells, "status", values=said) == told

    def test_without_others_the_rest_is_read_as_it_is(self):
        assert values_of("placements", ["ko", "planned"], "status", values={"KO": "removed"}) == ["removed", "planned"]

    def test_numbers_and_texts_can_be_translated_too(self):
        assert values_of("placements", ["n.d.", "35"], "address", values={"n.d.": ""}) == ["", "35"]
        assert attributes_of("watt", [0, 35, "n.d."], values={"0": "", "n.d.": "7"}) == [None, 35, 7]

    def test_one_column_fills_two_fields(self):
        mapping = Mapping(
            [
                Assignment("TIPO", "attributes.note"),
                Assignment("TIPO", "status", {"VERIFICARE": "to_be_verified", "*": ""}),
            ]
        )
        reader = RowReader(TARGETS["placements"], mapping, ["TIPO"], ANONYMOUS)
        batch = reader.read([(2, ["MILANO"]), (3, ["VERIFICARE"])])
        assert batch.values == {
            "attributes": [{"note": "MILANO"}, {"note": "VERIFICARE"}],
            "status": [DEFAULT, "to_be_verified"],
        }


class TestNumbers:
    @pytest.mark.parametrize(
        ("cell", "mark", "number"),
        [
            ("1.234", ",", 1234),
            ("1,234", ".", 1234),
            ("1234", "", 1234),
            (" 1 234 ", "", 1234),
            ("12,00", ",", 12),
            (12, ".", 12),
            (12.0, ".", 12),
            ("'+12", "", 12),
            ("", "", None),
            (None, "", None),
        ],
    )
    def test_whole_numbers(self, cell, mark, number):
        assert values_of("assets", [cell], "quantity", decimal=mark) == [number]
        assert values_of("assets", [cell, "7", ""], "quantity", decimal=mark) == [number, 7, None]

    @pytest.mark.parametrize(
        "cell",
        ["12,5", "molti", "1.2.3", "12 pezzi", 1.5, True, float("nan"), "٣", "1_000", "12\n13", "9" * 5000, "1.234.5"],
    )
    def test_what_is_no_whole_number_is_refused(self, cell):
        assert "not a whole number" in refused("assets", cell, "quantity", decimal=",")

    @pytest.mark.parametrize("cell", ["-1", -1, "2000000001", 10**30, "9" * 25])
    def test_limits_of_the_field_are_told(self, cell):
        assert "Ensure this value is" in refused("assets", cell, "quantity")

    def test_a_number_that_can_be_read_in_two_ways_is_not_guessed_at(self):
        assert "two ways" in refused("assets", "1.234", "quantity")

    def test_a_column_is_read_by_its_mark_alone(self):
        assert refused("assets", "1,234,567", "quantity", decimal=",")


class TestDatesAndAnswers:
    def test_days_are_read_in_the_order_of_the_column(self):
        cells = ["01/02/2016", "2016-02-01", datetime.date(2016, 2, 1), datetime.datetime(2016, 2, 1, 12), None]  # noqa: DTZ001
        day = datetime.date(2016, 2, 1)
        assert values_of("assets", cells, "mapped_on") == [day, day, day, day, None]
        assert values_of("assets", ["02/01/2016"], "mapped_on", dates="mdy") == [day]

    @pytest.mark.parametrize("cell", ["31/02/2016", "oggi", 42735, 1.5, True])
    def test_what_is_no_day_is_refused(self, cell):
        assert "is not a date" in refused("assets", cell, "mapped_on")

    @pytest.mark.parametrize("cell", ["sì", "Si", "S", "VERO", "true", "x", "X", "1", 1, 1.0, True, "yes"])
    def test_yes(self, cell):
        assert values_of("distributions", [cell], "has_personal_data") == [True]

    @pytest.mark.parametrize("cell", ["no", "N", "falso", "FALSE", "0", 0, False])
    def test_no(self, cell):
        assert values_of("distributions", [cell], "has_personal_data") == [False]

    def test_an_empty_answer_is_unknown_and_others_are_refused(self):
        assert values_of("distributions", ["", None], "has_personal_data") == [None, None]
        assert "expected one of yes, no" in refused("distributions", "forse", "has_personal_data")


class TestAttributes:
    def test_they_become_what_the_schema_says(self):
        assert attributes_of("watt", ["35", "35,5", 35.0, 70, "", None], decimal=",") == [35, 35.5, 35, 70, None, None]
        assert [type(n) for n in attributes_of("watt", ["35", 35.0, "35.5"], decimal=".")] == [int, int, float]
        assert attributes_of("sockets", ["2", 2.0]) == [2, 2]
        assert attributes_of("led", ["sì", False, ""]) == [True, False, None]
        assert attributes_of("lamp", ["led", "Sap", "3", 3]) == ["LED", "SAP", 3, 3]
        assert attributes_of("built", ["31/12/2016", datetime.date(2016, 12, 31)]) == ["2016-12-31"] * 2
        assert attributes_of("note", [" due  parole ", 3, "'=1"]) == ["due parole", "3", "=1"]
        assert attributes_of("tags", ["a; b", '["c"]', "a,b"]) == [["a", "b"], ["c"], ["a", "b"]]
        assert attributes_of("size", ['{"w": 1}', {"w": 1}]) == [{"w": 1}] * 2

    def test_what_the_schema_cannot_type_stays_text_for_it_to_refuse(self):
        assert attributes_of("watt", ["molti", "1.234"]) == ["molti", "1.234"]
        assert attributes_of("led", ["forse"]) == ["forse"]
        assert attributes_of("lamp", ["HPS"]) == ["HPS"]
        assert attributes_of("built", ["ieri"]) == ["ieri"]
        assert attributes_of("size", ["grande"]) == ["grande"]

    def test_unprintable_ones_are_refused(self):
        batch = read("placements", ["a\x00"], "attributes.watt")
        assert batch.values["attributes"] == [{"watt": None}]
        assert [problem.field for problem in batch.problems] == ["attributes.watt"]

    def test_columns_of_attributes_come_together(self):
        mapping = Mapping([Assignment("A", "attributes.watt"), Assignment("B", "attributes.note")])
        batch = RowReader(TARGETS["placements"], mapping, ["A", "B"], ANONYMOUS).read([(2, ["35", ""]), (3, ["", "x"])])
        assert batch.values == {"attributes": [{"watt": 35, "note": None}, {"watt": None, "note": "x"}]}

    def test_all_of_them_in_one_column_are_an_object_of_json(self):
        cells = ['{"watt": 35}', {"watt": 35}, "", None, "'{}"]
        told = values_of("placements", cells[:4], "attributes")
        assert told == [{"watt": 35}, {"watt": 35}, {}, {}]

    @pytest.mark.parametrize(
        "cell", ["watt=35", "[1]", '{"a": NaN}', '{"a": "\\u0000"}', '{"a": 1' + "0" * 30 + "}", 3, "[" * 5000]
    )
    def test_anything_else_is_refused(self, cell):
        assert refused("placements", cell, "attributes")


def points(*pairs, crs="", swapped=False):
    mapping = Mapping(
        [Assignment("LON", "longitude", decimal="."), Assignment("LAT", "latitude", decimal=".")],
        crs=crs,
        swapped=swapped,
    )
    reader = RowReader(TARGETS["placements"], mapping, ["LON", "LAT"], ANONYMOUS)
    with override("en"):
        batch = reader.read([(n, list(pair)) for n, pair in enumerate(pairs, 2)])
    told = [(p.number, p.column, p.field, p.found, p.expected) for p in batch.problems]
    return list(zip(batch.values["longitude"], batch.values["latitude"], strict=True)), told, batch.warnings


class TestPlaces:
    def test_degrees_are_kept_to_the_last_digit(self):
        told = points(("11.206410523893547", "43.798197209454436"), (11.25, 43.77), ("", None))
        assert told == ([(11.206410523893547, 43.798197209454436), (11.25, 43.77), (None, None)], [], [])

    def test_metres_become_degrees_and_gaps_stay_where_they_are(self):
        places, problems, warnings = points((None, ""), ("1681577.04", "4849160.94"), crs="EPSG:3003")
        assert places[0] == (None, None)
        assert places[1] == pytest.approx((11.2558, 43.7731), abs=1e-6)
        assert (problems, warnings) == ([], [])

    def test_swapped_columns_are_put_right_and_problems_name_the_column_of_the_file(self):
        places, problems, _warnings = points(("43.77", "11.25"), ("molto", "11.25"), swapped=True)
        assert places == [(11.25, 43.77), (None, None)]
        assert [problem[:4] for problem in problems] == [(3, "LON", "latitude", "molto")]

    def test_one_without_the_other_is_refused(self):
        places, problems, _warnings = points(("11.25", ""), (None, 43.77))
        assert places == [(None, None)] * 2
        assert [problem[:4] for problem in problems] == [(2, "LAT", "latitude", ""), (3, "LON", "longitude", "")]

    def test_what_cannot_be_read_is_told_once(self):
        _places, problems, _warnings = points(("11.25", "nord"), ("est", "nord"))
        assert [problem[:4] for problem in problems] == [
            (2, "LAT", "latitude", "nord"),
            (3, "LON", "longitude", "est"),
            (3, "LAT", "latitude", "nord"),
        ]

    @pytest.mark.parametrize("latitude", ["91", "-90.1", 4849160.94, "1e300"])
    def test_degrees_have_limits(self, latitude):
        places, problems, warnings = points(("11.25", latitude), ("11.25", "43.77"))
        assert places == [(None, None), (11.25, 43.77)]
        assert [problem[:3] for problem in problems] == [(2, "LAT", "latitude")]
        assert "between -90 and 90" in problems[0][4]
        assert warnings == []

    def test_what_no_system_has_is_refused(self):
        places, problems, _warnings = points((1e9, 4849160.94), crs="EPSG:3003")
        assert places == [(None, None)]
        assert {problem[0] for problem in problems} == {2}
        assert "EPSG:3003" in problems[0][4]

    def test_a_point_outside_the_florence_area_is_a_warning(self):
        places, problems, warnings = points((9.19, 45.46), (11.25, 43.77))
        assert (places[0], problems) == ((9.19, 45.46), [])
        assert [(w.number, w.field, w.found) for w in warnings] == [(2, "latitude", "45.46, 9.19")]

    @pytest.mark.parametrize("cell", [True, float("nan"), float("inf"), "11,25", "nan", "0x10"])
    def test_what_is_no_number_is_refused(self, cell):
        places, problems, _warnings = points((cell, 43.77), (11.25, 43.77))
        assert places[1] == (11.25, 43.77)
        assert [problem[:3] for problem in problems] == [(2, "LON", "longitude")]


class TestRows:
    def test_all_errors_of_a_row_are_told_at_once_and_rows_in_their_order(self):
        headers = ["codice", "indirizzo", "quartiere", "lat", "lon", "stato"]
        mapping = recognise(headers, TARGETS["placements"])
        reader = RowReader(TARGETS["placements"], mapping, headers, ANONYMOUS)
        good = ["F1", "Via Roma", "1", "43.77", "11.25", "attivo"]
        bad = ["F 2", "x" * 201, "9", "nord", "11.25", "rotto"]
        batch = reader.read([(2, bad), (3, good), (7, bad)])
        assert batch.numbers == [2, 3, 7]
        told = [(problem.number, problem.column) for problem in batch.problems]
        wrong = ["codice", "indirizzo", "quartiere", "lat", "stato"]
        assert told == [(number, column) for number in (2, 7) for column in wrong]
        assert [values[1] for values in batch.values.values()] == ["F1", "Via Roma", "1", 43.77, 11.25, "active"]
        assert [values[0] for values in batch.values.values()] == [None] * 6

    def test_fixed_texts_are_read_like_cells(self):
        mapping = Mapping(fixed={"status": "da verificare", "attributes.watt": "35", "district": "9"})
        batch = RowReader(TARGETS["placements"], mapping, [], ANONYMOUS).read([(2, []), (3, [])])
        assert batch.values == {
            "status": ["to_be_verified"] * 2,
            "attributes": [{"watt": 35}] * 2,
            "district": [None] * 2,
        }
        assert [(problem.number, problem.column, problem.field) for problem in batch.problems] == [
            (2, "", "district"),
            (3, "", "district"),
        ]

    def test_no_rows_are_no_values(self):
        headers = ["codice", "lat", "lon", "watt"]
        batch = RowReader(TARGETS["placements"], recognise(headers, TARGETS["placements"]), headers, ANONYMOUS).read([])
        assert batch.values == {"code": [], "latitude": [], "longitude": [], "attributes": []}

    def test_what_was_found_is_shortened(self):
        (problem,) = read("placements", ["x" * 5000], "code").problems
        assert len(problem.found) == 100

    def test_problems_are_told_in_the_language_of_the_reader(self):
        with override("it"):
            italian = read("placements", ["rotto"], "status").problems
        with override("en"):
            english = read("placements", ["rotto"], "status").problems
        assert italian[0].expected != english[0].expected
        assert isinstance(italian[0], Problem)

    def test_the_compiled_limits_are_those_of_the_model(self):
        length = next(v for v in Placement._meta.get_field("address").validators if isinstance(v, MaxLengthValidator))
        assert values_of("placements", ["x" * length.limit_value], "address")


@pytest.mark.django_db
class TestRelated:
    def read(self, kind, cells, target, who):
        with override("en"):
            batch = read(kind, cells, target, who=who)
        return batch.values[f"{target}_id"], [problem.expected for problem in batch.problems]

    def test_rows_are_known_by_code_and_by_a_name_that_is_theirs_alone(self, referent, publiacqua):
        fountains = factories.category("fontanelli", name_it="Fontanelli", name_en="Drinking fountains")
        names = ["fontanelli", "Fontanelli", "FONTANELLI ", "drinking  fountains", "Drinking fountains"]
        told = self.read("assets", names, "category", referent)
        assert told[0] == [fountains.pk] * 3 + [None, fountains.pk]
        assert self.read("assets", ["publiacqua", "Publiacqua"], "owner", referent) == ([publiacqua.pk] * 2, [])

    def test_a_name_that_two_have_is_not_decided_between(self, referent):
        for code in ("uno", "due"):
            factories.category(code, name_it="Lampade")
        assert self.read("assets", ["Lampade"], "category", referent) == (
            [None],
            ["Several have the name “Lampade”: give the code."],
        )

    def test_what_is_missing_is_told_where_it_is_needed(self, referent):
        assert self.read("assets", ["", None], "owner", referent) == ([None] * 2, ["It is missing: fill it in."] * 2)
        assert self.read("assets", ["", None], "contact", referent) == ([None, None], [])

    def test_units_go_to_assets_that_one_keeps(self, referent, other_referent, publiacqua, silfi):
        mine = factories.asset(publiacqua, "publiacqua-tubi", name_it="Tubi")
        factories.asset(silfi, "silfi-tubi", name_it="Tubi", visibility=Visibility.PUBLIC)
        factories.asset(silfi, "silfi-segreti", visibility=Visibility.RESTRICTED)
        cells = ["publiacqua-tubi", "PUBLIACQUA-TUBI", "Tubi", "silfi-tubi", "silfi-segreti", "silfi-nessuno"]
        ids, said = self.read("placements", cells, "asset", referent)
        assert ids == [mine.pk] * 3 + [None] * 3
        assert said == [
            "The asset belongs to a partner that you do not answer for.",
            "There is no asset with the code or the name “silfi-segreti”.",
            "There is no asset with the code or the name “silfi-nessuno”.",
        ]

    def test_who_keeps_nothing_finds_nothing_to_change(self, city_staff, publiacqua):
        factories.asset(publiacqua, "publiacqua-tubi", visibility=Visibility.NETWORK)
        assert self.read("placements", ["publiacqua-tubi"], "asset", city_staff)[0] == [None]
        assert "There is no" in self.read("placements", ["publiacqua-tubi"], "asset", ANONYMOUS)[1][0]

    def test_anonymous_people_see_no_contacts(self, publiacqua):
        contact = factories.referent(publiacqua, "publiacqua-ict")
        assert self.read("assets", ["publiacqua-ict"], "contact", ANONYMOUS)[0] == [None]
        assert self.read("assets", ["publiacqua-ict", contact.name], "contact", OPERATOR)[0] == [contact.pk] * 2

    @pytest.mark.parametrize("cell", ["\x00", "\ud800", "x" * 9999, 3, 1.5, True, {"a": 1}, "';--", "%s"])
    def test_any_cell_is_looked_up_without_harm(self, referent, cell):
        ids, said = self.read("assets", [cell], "owner", referent)
        assert (ids, len(said)) == ([None], 1)

    def test_a_batch_costs_the_same_queries_for_one_row_and_for_many(
        self, referent, publiacqua, django_assert_num_queries
    ):
        assets = [factories.asset(publiacqua, f"publiacqua-{n}", category=factories.category()) for n in range(5)]
        mapping = Mapping([Assignment("A", "asset")])
        reader = RowReader(TARGETS["placements"], mapping, ["A"], referent)
        referent.access  # noqa: B018 known before the file is read
        with django_assert_num_queries(1):
            reader.read([(2, ["publiacqua-0"])])
        with django_assert_num_queries(1):
            batch = reader.read([(n, [f"publiacqua-{n % 5}"]) for n in range(100)])
        assert batch.values["asset_id"][:5] == [asset.pk for asset in assets]
        with django_assert_num_queries(0):
            reader.read([(n, [f"publiacqua-{n % 5}"]) for n in range(100)])

    def test_distributions_find_their_asset_too(self, referent, publiacqua):
        data = factories.asset(publiacqua, "publiacqua-dati", category=factories.category(kind=Kind.IMMATERIAL))
        assert self.read("distributions", ["publiacqua-dati"], "asset", referent) == ([data.pk], [])
