"""Columns that say as a whole how their cells are read, and questions where they do not."""

import csv
import datetime
import random
from pathlib import Path

import pytest
from django.utils.translation import override
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from assets.imports.dates import date_of
from assets.imports.evidence import gather, settle
from assets.imports.mapping import Assignment, Mapping, recognise
from assets.imports.numbers import number_of
from assets.imports.targets import targets_of
from assets.imports.values import RowReader
from assets.models import Category

FILES = Path(__file__).resolve().parents[2] / "fixtures" / "placements"
LAMPS = Category(
    attribute_schema={
        "type": "object",
        "properties": {
            "watt": {"type": "number", "maximum": 500},
            "flux": {"type": "number"},
            "sockets": {"type": "integer"},
            "led": {"type": "boolean"},
            "built": {"type": "string", "format": "date"},
        },
    }
)
PLACEMENTS = targets_of("placements", [LAMPS])
ASSETS = targets_of("assets")


def told_of(cells, target, targets=PLACEMENTS, **assignment):
    """Evidence of a file with one column."""
    mapping = Mapping([Assignment("A", target, **assignment)])
    return gather(((n, [cell]) for n, cell in enumerate(cells, 2)), ["A"], mapping, targets)


def decimal_of(cells, target="attributes.flux", targets=PLACEMENTS, **assignment):
    """The mark of decimals, or the readings of the question that is asked."""
    told = told_of(cells, target, targets, **assignment)
    if told.questions:
        (question,) = told.questions
        assert (question.column, question.target, question.subject) == ("A", target, "decimal")
        assert question.found in cells
        return {mark for mark, _label in question.readings}
    return told.columns[target].decimal


class TestNumbers:
    @pytest.mark.parametrize(
        ("cells", "decimal"),
        [
            (["1.234,56"], ","),
            (["12,5", "1.234"], ","),
            (["1.234.567"], ","),
            (["43.7712", "1,234"], "."),
            (["1,234,567", "2.345"], "."),
            (["0,125"], ","),
            (["1234.567"], "."),
            (["1.5e3"], "."),
            (["-12,5"], ","),
            (["1 234,5"], ","),
            (["1'234.5"], "."),
            (["12", "13"], ""),
            ([12.5, 13, None, ""], ""),
            (["1 234", "12"], ""),
            (["molti", "12,5"], ","),
        ],
    )
    def test_a_column_decides_by_what_can_be_read_one_way_only(self, cells, decimal):
        assert decimal_of(cells) == decimal

    @pytest.mark.parametrize(
        "cells", [["1.234"], ["12,500", "3"], ["1.234", "5.678"], ["12.5", "12,5"], ["1.234", "1,234"]]
    )
    def test_it_asks_where_both_readings_stand_or_the_column_contradicts_itself(self, cells):
        assert decimal_of(cells) == {".", ","}

    def test_the_question_says_what_each_reading_would_be(self):
        def readings(text):
            with override("en"):
                return dict(told_of([text], "attributes.flux").questions[0].readings)

        assert readings("12,000") == {
            ".": "the mark sets off thousands: 12000",
            ",": "the mark stands before decimals: 12",
        }
        assert readings("1.234")["."] == "the mark stands before decimals: about 1"

    def test_a_whole_number_with_a_mark_holds_thousands(self):
        assert decimal_of(["1.234", "900"], "attributes.sockets") == ","
        assert decimal_of(["1,234"], "quantity", ASSETS) == "."

    def test_but_not_if_zeros_may_be_decimals(self):
        assert decimal_of(["220.000"], "quantity", ASSETS) == {".", ","}
        assert decimal_of(["220.000", "1.234"], "quantity", ASSETS) == ","
        assert decimal_of(["220.000", "12.0"], "quantity", ASSETS) == "."

    def test_the_limits_of_the_field_rule_readings_out(self):
        assert decimal_of(["1.234", "35"], "attributes.watt") == "."

    def test_an_answer_is_not_asked_for_again(self):
        assert decimal_of(["1.234"], decimal=".") == "."
        assert decimal_of(["12.5", "12,5"], decimal=",") == ","

    def test_a_saved_answer_gives_way_to_a_file_that_is_written_otherwise(self):
        assert decimal_of(["1.234,56"], decimal=".") == ","

    def test_translated_cells_count_as_what_they_are_taken_to_say(self):
        assert decimal_of(["1.234", "12,5"], values={"12,5": ""}) == {".", ","}

    @settings(max_examples=80, deadline=None)
    @given(
        values=st.lists(st.decimals(-9_999_999, 9_999_999, places=2), min_size=1, max_size=30),
        style=st.sampled_from([(".", ""), (",", ""), (".", ","), (",", "."), (",", " "), (".", "'"), (",", "\u00a0")]),
    )
    def test_whatever_style_a_column_is_written_in_is_read_back_equal(self, values, style):
        decimal, thousands = style
        swap = {ord("."): decimal, ord(","): thousands}
        texts = [f"{value:,.2f}".translate(swap) for value in values]
        mapping = Mapping([Assignment("A", "attributes.flux")])
        rows = [(n, [text]) for n, text in enumerate(texts)]
        evidence = gather(rows, ["A"], mapping, PLACEMENTS)
        batch = RowReader(PLACEMENTS, settle(mapping, evidence), ["A"], None).read(rows)
        assert [row["flux"] for row in batch.values["attributes"]] == [float(value) for value in values]

    @settings(max_examples=50, deadline=None)
    @given(values=st.lists(st.integers(1_001, 999_999).filter(lambda n: n % 10), min_size=1, max_size=10))
    def test_three_digits_behind_one_mark_are_always_asked_about(self, values):
        for mark in ".,":
            assert decimal_of([f"{value:,}".replace(",", mark) for value in values]) == {".", ","}

    @given(
        text=st.text(alphabet="0123456789.,-+ '\u00a0eE", max_size=80) | st.text(max_size=20),
        mark=st.sampled_from(".,"),
    )
    def test_any_text_is_a_finite_number_or_none(self, text, mark):
        value = number_of(text, mark)
        assert value is None or abs(value) < 1e309


class TestDates:
    @pytest.mark.parametrize(
        "text",
        [
            "2016-12-31",
            "2016/12/31",
            "31/12/2016",
            "31-12-2016",
            "31.12.2016",
            "31/12/16",
            "31 dicembre 2016",
            "31 dic 2016",
            "31-dic-16",
            "31 December 2016",
            "December 31, 2016",
            "sabato 31 dicembre 2016",
            "2016-12-31T00:00:00",
            "2016-12-31 00:00:00+01:00",
            "31/12/2016 00:00",
            "20161231",
            " 31/12/2016 ",
        ],
    )
    def test_a_day_is_known_as_people_and_programs_write_it(self, text):
        assert date_of(text) == datetime.date(2016, 12, 31)

    @pytest.mark.parametrize(
        "text", ["", "31/02/2016", "12/31/2016", "2016", "31/12", "31/12-2016", "42735", "x" * 999]
    )
    def test_what_is_no_day_is_none(self, text):
        assert date_of(text) is None

    @given(st.text(max_size=60) | st.text(alphabet="0123456789/-. TZ:", max_size=30))
    def test_any_text_is_a_day_or_none(self, text):
        assert date_of(text) is None or isinstance(date_of(text), datetime.date)

    @pytest.mark.parametrize(
        ("cells", "order"),
        [
            (["01/02/2016"], "dmy"),
            (["01/02/2016", "31/12/2016"], "dmy"),
            (["01/02/2016", "12/31/2016"], "mdy"),
            (["2016-12-31", datetime.date(2016, 1, 2), None], "dmy"),
        ],
    )
    def test_the_day_is_first_unless_the_column_proves_otherwise(self, cells, order):
        assert told_of(cells, "mapped_on", ASSETS).columns["mapped_on"].dates == order

    def test_a_column_that_contradicts_itself_is_asked_about(self):
        cells = ["31/12/2016", "12/31/2016"]
        (question,) = told_of(cells, "mapped_on", ASSETS).questions
        assert (question.subject, [order for order, _label in question.readings]) == ("dates", ["dmy", "mdy"])
        assert not told_of(cells, "mapped_on", ASSETS, dates="dmy").questions

    @settings(max_examples=60, deadline=None)
    @given(
        days=st.lists(st.dates(datetime.date(1970, 1, 1), datetime.date(2068, 12, 31)), min_size=1, max_size=20),
        form=st.sampled_from(["%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%d/%m/%y", "%Y-%m-%d", "%m/%d/%Y", "%Y%m%d"]),
    )
    def test_whatever_style_a_column_is_written_in_is_read_back_equal(self, days, form):
        if form.startswith("%m") and all(day.day <= 12 for day in days):
            days = [*days, datetime.date(2016, 12, 31)]
        mapping = Mapping([Assignment("A", "mapped_on")])
        rows = [(n, [day.strftime(form)]) for n, day in enumerate(days)]
        settled = settle(mapping, gather(rows, ["A"], mapping, ASSETS))
        assert RowReader(ASSETS, settled, ["A"], None).read(rows).values["mapped_on"] == days


class TestWords:
    def test_texts_that_are_no_choice_are_told_once(self):
        told = told_of(["attivo", "VERIFICARE", " verificare ", "VERIFICARE", "Boh", None, "To be verified"], "status")
        assert told.unknown_values == {("A", "status"): ["Boh", "VERIFICARE", "verificare"]}

    def test_translated_ones_are_not(self):
        assert told_of(["Verificare"], "status", values={"VERIFICARE": "to_be_verified"}).unknown_values == {}
        assert told_of(["Verificare", "boh"], "status", values={"*": ""}).unknown_values == {}

    def test_there_are_at_most_fifty(self):
        told = told_of([f"stato {n}" for n in range(9_000)], "status")
        assert len(told.unknown_values["A", "status"]) == 50

    def test_yes_and_no_are_choices_too(self):
        assert told_of(["sì", "NO", True, 0, "forse"], "attributes.led").unknown_values == {
            ("A", "attributes.led"): ["forse"]
        }

    def test_one_column_may_be_looked_at_for_two_fields(self):
        mapping = Mapping([Assignment("A", "status"), Assignment("A", "attributes.led")])
        told = gather([(2, ["sì"]), (3, ["attivo"])], ["A"], mapping, PLACEMENTS)
        assert told.unknown_values == {("A", "status"): ["sì"], ("A", "attributes.led"): ["attivo"]}


def points_of(pairs, crs="", swapped=False, table_crs=None, decimal=""):
    """Evidence of a file with a column of longitudes or x, and one of latitudes or y."""
    mapping = Mapping(
        [Assignment("X", "longitude", decimal=decimal), Assignment("Y", "latitude", decimal=decimal)],
        crs=crs,
        swapped=swapped,
    )
    rows = list(enumerate(map(list, pairs), 2))
    told = gather(rows, ["X", "Y"], mapping, PLACEMENTS, table_crs)
    return told, settle(mapping, told), rows


def city_in(crs) -> list[tuple[float, float]]:
    chance = random.Random(7)
    degrees = [(chance.uniform(11.15, 11.33), chance.uniform(43.73, 43.83)) for _n in range(50)]
    transformer = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    return [transformer.transform(*point) for point in degrees]


def italian(value: float) -> str:
    return f"{value:,.2f}".translate({ord(","): ".", ord("."): ","})


class TestCoordinates:
    @pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3003", "EPSG:25832", "EPSG:3857"])
    @pytest.mark.parametrize(
        "write", [float, repr, lambda v: f"{v:.6f}".replace(".", ",")], ids=["number", "dot", "comma"]
    )
    def test_the_system_is_recognised_from_the_values(self, crs, write):
        pairs = [(write(x), write(y)) for x, y in city_in(crs)]
        told, mapping, rows = points_of(pairs)
        assert (told.questions, mapping.crs, mapping.swapped) == ([], crs, False)
        batch = RowReader(PLACEMENTS, mapping, ["X", "Y"], None).read(rows)
        assert (batch.problems, batch.warnings) == ([], [])

    @pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3003", "EPSG:25832", "EPSG:3857"])
    def test_swapped_columns_are_noticed_and_read_as_they_are_meant(self, crs):
        _told, mapping, rows = points_of([(y, x) for x, y in city_in(crs)])
        assert (mapping.crs, mapping.swapped) == (crs, True)
        batch = RowReader(PLACEMENTS, mapping, ["X", "Y"], None).read(rows)
        assert (batch.problems, batch.warnings) == ([], [])
        assert all(43.7 < latitude < 43.9 for latitude in batch.values["latitude"])

    def test_thousands_points_are_read_by_what_makes_a_place(self):
        for crs in ("EPSG:3003", "EPSG:25832"):
            _told, mapping, rows = points_of([(italian(x), italian(y)) for x, y in city_in(crs)])
            assert (mapping.crs, mapping.assignments[0].decimal) == (crs, ",")
        whole = [(f"{x:,.0f}".replace(",", "."), f"{y:,.0f}".replace(",", ".")) for x, y in city_in("EPSG:25832")]
        told, mapping, rows = points_of(whole)
        assert (told.questions, mapping.crs) == ([], "EPSG:25832")
        assert not RowReader(PLACEMENTS, mapping, ["X", "Y"], None).read(rows).warnings

    @pytest.mark.parametrize("pair", [("11.253", "43.771"), ("11,253", "43,771"), ("9.190", "45.464")])
    def test_degrees_with_three_decimals_can_be_nothing_else(self, pair):
        told, mapping, rows = points_of([pair])
        assert (told.questions, mapping.crs) == ([], "EPSG:4326")
        batch = RowReader(PLACEMENTS, mapping, ["X", "Y"], None).read(rows)
        assert batch.values["latitude"] == [float(pair[1].replace(",", "."))]

    def test_the_system_that_a_file_declares_is_believed(self):
        told, mapping, _rows = points_of(city_in("EPSG:25832"), table_crs="EPSG:6707")
        assert (told.questions, mapping.crs) == ([], "EPSG:6707")
        assert points_of([(9.19, 45.46)], table_crs="EPSG:4326")[1].crs == "EPSG:4326"

    def test_unless_its_values_say_another(self):
        told, mapping, _rows = points_of(city_in("EPSG:3003"), table_crs="EPSG:4326")
        assert (mapping.crs, told.crs_question.subject) == ("", "crs")
        assert [crs for crs, _label in told.crs_question.readings][:2] == ["EPSG:4326", "EPSG:3003"]

    def test_values_that_say_nothing_are_asked_about(self):
        told, mapping, _rows = points_of([(1234567, 7654321)])
        assert (mapping.crs, told.crs_question.found) == ("", "1234567 7654321")
        told, mapping, _rows = points_of([(1234567, 7654321)], crs="EPSG:3003")
        assert (told.questions, mapping.crs) == ([], "EPSG:3003")

    def test_two_systems_in_one_file_are_asked_about_and_an_answer_is_enough(self):
        mixed = city_in("EPSG:4326") + city_in("EPSG:3003")
        assert points_of(mixed)[0].crs_question
        told, mapping, _rows = points_of(mixed, crs="EPSG:3003")
        assert (told.questions, mapping.crs) == ([], "EPSG:3003")

    def test_what_a_saved_mapping_says_gives_way_to_the_values(self):
        told, mapping, _rows = points_of(city_in("EPSG:4326"), crs="EPSG:3003", swapped=True, decimal=",")
        assert (told.questions, mapping.crs, mapping.swapped) == ([], "EPSG:4326", False)

    def test_marks_that_differ_within_a_column_are_asked_about(self):
        told, _mapping, _rows = points_of([("11,25", "43,77"), ("11.26", "43.78")])
        assert [(q.column, q.subject) for q in told.questions] == [("X", "decimal"), ("Y", "decimal")]
        told, mapping, _rows = points_of([("11,25", "43,77"), ("11.26", "43.78")], decimal=".")
        assert (told.questions, mapping.crs) == ([], "EPSG:4326")

    @pytest.mark.parametrize("pairs", [[], [(None, None), ("", " ")], [("n.d.", "n.d.")]])
    def test_files_without_places_are_not_asked_about(self, pairs):
        told, mapping, _rows = points_of(pairs)
        assert (told.questions, mapping.crs, mapping.swapped) == ([], "", False)

    def test_settling_twice_changes_nothing(self):
        _told, mapping, rows = points_of([(italian(y), italian(x)) for x, y in city_in("EPSG:3003")])
        assert settle(mapping, gather(rows, ["X", "Y"], mapping, PLACEMENTS)) == mapping
        assert mapping.swapped


class TestRealFiles:
    @pytest.mark.parametrize(
        ("name", "rows", "schema"),
        [
            ("fontanelli", 241, {"type": {"type": "string", "title": "Tipo"}}),
            (
                "rastrelliere",
                1207,
                {
                    "places": {"type": "integer", "title": "Posti"},
                    "modules": {"type": "integer", "title": "Moduli"},
                    "model": {"type": "string", "title": "Modello"},
                },
            ),
        ],
    )
    def test_the_citys_open_data_is_read_without_a_question_or_a_wrong_cell(self, name, rows, schema):
        with (FILES / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
            headers, *cells = csv.reader(stream)
        targets = targets_of("placements", [Category(attribute_schema={"type": "object", "properties": schema})])
        mapping, numbered = recognise(headers, targets), list(enumerate(cells, 2))
        evidence = gather(numbered, headers, mapping, targets)
        assert (evidence.rows, evidence.questions, evidence.unknown_values) == (rows, [], {})
        assert {assignment.column for assignment in mapping.assignments} == set(headers)
        batch = RowReader(targets, settle(mapping, evidence), headers, None).read(numbered)
        assert (len(batch.numbers), batch.problems, batch.warnings) == (rows, [], [])
        assert all(set(row) == set(schema) for row in batch.values["attributes"])
