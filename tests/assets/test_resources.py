"""Import and export of assets, placements and distributions: whose rows, which cells, all or nothing."""

import datetime

import pytest
import tablib
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assets.choices import Kind
from assets.models import Asset, Category, Distribution, Placement
from assets.resources import FORMATS, AssetResource, DistributionResource, PlacementResource
from firenze_digitale.access import ANONYMOUS, Access
from tests import factories

pytestmark = pytest.mark.django_db

SCHEMA = {"type": "object", "properties": {"watt": {"type": "number", "minimum": 0}}}
FORMULAS = ["=1+1", "+39 055 1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "'=1", "＝1+1", "' fine", "O'Neill", "a  b\n c"]


@pytest.fixture
def luminaires():
    return factories.category("corpi-illuminanti", attribute_schema=SCHEMA)


@pytest.fixture
def lamps(silfi, luminaires):
    return factories.asset(silfi, "silfi-lampioni", category=luminaires, name_it="Lampioni")


@pytest.fixture
def pipes(publiacqua, luminaires):
    return factories.asset(publiacqua, "publiacqua-tubi", category=luminaires, name_it="Tubi")


def table(*rows: dict) -> tablib.Dataset:
    return tablib.Dataset(*(list(row.values()) for row in rows), headers=list(rows[0]))


def told(result) -> dict:
    """What is wrong with which row, as the person who imports reads it."""
    return {row.number: row.error_dict for row in result.invalid_rows}


def said_of_file(result) -> str:
    return " ".join(str(error.error) for error in result.base_errors)


def events_of(model) -> int:
    return apps.get_model("assets", f"{model.__name__}Event").objects.count()


def asset_row(**values) -> dict:
    return {
        "code": "publiacqua-nuovo",
        "owner": "publiacqua",
        "category": "corpi-illuminanti",
        "name_it": "Nuovo",
        **values,
    }


def placement_row(**values) -> dict:
    return {"asset": "publiacqua-tubi", "code": "P1", "latitude": "43,77", "longitude": "11.25", **values}


class TestWhoStoresWhat:
    def test_a_referent_adds_and_changes_assets_of_their_own_partner(self, referent, pipes):
        rows = table(asset_row(), asset_row(code="publiacqua-tubi", name_it="Tubature"))
        result = AssetResource(user=referent).import_data(rows)
        assert (result.totals["new"], result.totals["update"]) == (1, 1)
        assert Asset.objects.get(code="publiacqua-nuovo").owner.code == "publiacqua"
        assert Asset.objects.get(code="publiacqua-tubi").name_it == "Tubature"

    def test_a_referent_cannot_give_an_asset_away(self, referent, silfi, pipes):
        result = AssetResource(user=referent).import_data(table({"code": "publiacqua-tubi", "owner": "silfi"}))
        assert list(told(result)[1]) == ["owner"]
        pipes.refresh_from_db()
        assert pipes.owner.code == "publiacqua"

    def test_a_referent_cannot_add_an_asset_for_another_partner(self, referent, silfi, luminaires):
        result = AssetResource(user=referent).import_data(table(asset_row(owner="silfi")))
        assert list(told(result)[1]) == ["owner"]
        assert not Asset.objects.exists()

    @pytest.mark.parametrize("visibility", ["public", "network", "restricted"])
    def test_a_referent_cannot_take_an_asset_and_learns_only_that_its_code_is_taken(self, referent, lamps, visibility):
        Asset.objects.update(visibility=visibility)
        result = AssetResource(user=referent).import_data(table(asset_row(code="silfi-lampioni")))
        assert list(told(result)[1]) == ["code"]
        assert "Lampioni" not in str(told(result)) + str(result.rows[0].diff)
        lamps.refresh_from_db()
        assert (lamps.owner.code, lamps.name_it) == ("silfi", "Lampioni")

    def test_whoever_answers_for_two_partners_does_not_move_assets_between_them(self, referent, silfi, pipes):
        factories.referent(silfi, user=referent)
        result = AssetResource(user=referent).import_data(table({"code": "publiacqua-tubi", "owner": "silfi"}))
        assert list(told(result)[1]) == ["owner"]

    def test_an_administrator_gives_an_asset_to_another_partner(self, administrator, silfi, pipes):
        AssetResource(user=administrator).import_data(table({"code": "publiacqua-tubi", "owner": "silfi"}))
        pipes.refresh_from_db()
        assert pipes.owner.code == "silfi"

    @pytest.mark.parametrize("who", ["city_staff", "outsider", "anonymous", "reader"])
    def test_who_keeps_no_assets_imports_none(self, request, who, pipes, publiacqua):
        people = {
            "anonymous": lambda: ANONYMOUS,
            "reader": lambda: Access(signed_in=True, partner_ids=frozenset({publiacqua.pk}), writes=False),
        }
        user = people.get(who, lambda: request.getfixturevalue(who))()
        rows = table(asset_row(), asset_row(code="publiacqua-tubi", name_it="Altro"))
        result = AssetResource(user=user).import_data(rows)
        assert len(result.invalid_rows) == 2
        assert list(Asset.objects.values_list("name_it", flat=True)) == ["Tubi"]
        assert PlacementResource(user=user).import_data(table(placement_row())).has_validation_errors()
        assert not Placement.objects.exists()

    def test_without_a_user_nothing_is_stored(self, pipes):
        assert PlacementResource().import_data(table(placement_row())).has_validation_errors()
        assert not Placement.objects.exists()

    def test_placements_of_anothers_asset_are_refused_and_left_alone(self, referent, lamps):
        stored = factories.placement(lamps, "L1", address="Via Roma")
        rows = table(placement_row(asset="silfi-lampioni", code="L1"), placement_row(asset="silfi-lampioni", code="L2"))
        result = PlacementResource(user=referent).import_data(rows)
        assert [list(errors) for errors in told(result).values()] == [["asset"], ["asset"]]
        stored.refresh_from_db()
        assert (Placement.objects.get(), stored.address, stored.latitude) == (stored, "Via Roma", 43.77)

    def test_what_one_may_not_see_does_not_exist(self, referent, lamps):
        Asset.objects.update(visibility="restricted")
        rows = table(placement_row(asset="silfi-lampioni"), placement_row(asset="silfi-lampiono"))
        errors = told(PlacementResource(user=referent).import_data(rows))
        assert errors[1]["asset"][0].replace("silfi-lampioni", "silfi-lampiono") == errors[2]["asset"][0]

    def test_a_successor_keeps_what_its_predecessor_shared(self, referent, publiacqua, silfi, lamps):
        silfi.successor = publiacqua
        silfi.save()
        referent = type(referent).objects.get(pk=referent.pk)
        result = PlacementResource(user=referent).import_data(table(placement_row(asset="silfi-lampioni")))
        assert result.totals["new"] == 1
        assert lamps.placements.count() == 1


class TestAllOrNothing:
    def test_one_wrong_row_keeps_the_whole_file_out_and_every_wrong_row_is_told(self, referent, pipes):
        kept = factories.placement(pipes, "OLD", address="Via Roma")
        rows = table(
            placement_row(code="OLD", status="active"),
            placement_row(code="P2", status="lost", latitude="nord"),
            placement_row(code="P3", status=""),
            placement_row(code="P4", status="active", latitude=""),
            placement_row(code="P5", status="ignoto", latitude="95"),
            placement_row(code="P6", status="ignoto", latitude=""),
        )
        before = events_of(Placement)
        result = PlacementResource(user=referent).import_data(rows, dry_run=False)
        errors = told(result)
        assert {number: set(fields) for number, fields in errors.items()} == {
            2: {"status", "latitude"},
            4: {"__all__"},
            5: {"status", "latitude"},
            6: {"status", "__all__"},
        }
        assert "lost" in errors[2]["status"][0]
        assert "to_be_verified" in errors[2]["status"][0]
        kept.refresh_from_db()
        assert (Placement.objects.count(), kept.address, events_of(Placement)) == (1, "Via Roma", before)

    def test_a_trial_run_stores_nothing_and_tells_the_same(self, referent, pipes):
        result = PlacementResource(user=referent).import_data(table(placement_row()), dry_run=True)
        assert result.totals["new"] == 1
        assert not Placement.objects.exists()

    def test_a_code_twice_in_the_file_is_told(self, referent, pipes):
        result = PlacementResource(user=referent).import_data(table(placement_row(), placement_row(latitude="44")))
        assert list(told(result)) == [2]
        assert "2" in told(result)[2]["code"][0]
        assert not Placement.objects.exists()

    def test_what_another_stored_meanwhile_is_told_in_its_row(self, referent, pipes, monkeypatch):
        rows = table(*(placement_row(code=f"P{number}") for number in range(5)))
        resource = PlacementResource(user=referent)
        look_up = resource._look_up

        def overtaken(dataset):
            look_up(dataset)
            factories.placement(pipes, "P3")

        monkeypatch.setattr(resource, "_look_up", overtaken)
        result = resource.import_data(rows)
        assert list(told(result)) == [4]
        assert (result.totals["new"], result.totals["invalid"]) == (4, 1)
        assert not Placement.objects.exclude(code="P3").exists()

    def test_the_database_checks_what_no_cell_can_tell(self, referent, pipes):
        rows = table(
            asset_row(mapped_on="31/12/2017", last_confirmed_on="2016-01-01", exchange_status=""),
            asset_row(code="b", mapped_on="", last_confirmed_on="", exchange_status="on_conditions"),
        )
        result = AssetResource(user=referent).import_data(rows)
        assert {number: list(fields) for number, fields in told(result).items()} == {1: ["__all__"], 2: ["__all__"]}
        assert Asset.objects.count() == 1

    def test_kinds_are_kept_apart(self, referent, publiacqua, pipes):
        data = factories.asset(publiacqua, "publiacqua-dati", category=factories.category("dati", kind=Kind.IMMATERIAL))
        result = PlacementResource(user=referent).import_data(table(placement_row(asset=data.code)))
        assert list(told(result)[1]) == ["asset"]
        rows = table({"asset": "publiacqua-tubi", "code": "D1", "title_it": "Elenco"})
        assert list(told(DistributionResource(user=referent).import_data(rows))[1]) == ["asset"]
        factories.placement(pipes, "P1")
        result = AssetResource(user=referent).import_data(table({"code": "publiacqua-tubi", "category": "dati"}))
        assert list(told(result)[1]) == ["category"]
        assert not Distribution.objects.exists()


class TestTheFileAsAWhole:
    def test_unknown_columns_are_refused_by_name(self, referent, pipes):
        result = AssetResource(user=referent).import_data(
            table({"code": "publiacqua-tubi", "nome": "x", "Name_it": "y"})
        )
        said = said_of_file(result)
        assert "“nome”" in said
        assert "name_it" in said
        assert "last_confirmed_on" in said
        assert (result.has_errors(), result.rows) == (True, [])

    def test_missing_columns_are_named(self, referent, pipes):
        assert "asset" in said_of_file(PlacementResource(user=referent).import_data(table({"code": "P1"})))
        said = said_of_file(AssetResource(user=referent).import_data(table({"code": "publiacqua-altro"})))
        assert "category, name_it, owner" in said

    def test_a_column_twice_is_refused(self, referent, pipes):
        rows = tablib.Dataset(["publiacqua-tubi", "a", "b"], headers=["code", "name_it", "name_it"])
        assert "name_it" in said_of_file(AssetResource(user=referent).import_data(rows))
        pipes.refresh_from_db()
        assert pipes.name_it == "Tubi"

    def test_a_file_without_a_header_is_refused(self, referent):
        assert AssetResource(user=referent).import_data(tablib.Dataset()).has_errors()

    def test_columns_that_are_not_there_stay_as_they_are(self, referent, pipes):
        Asset.objects.update(description_it="Sotto le strade", quantity=3)
        AssetResource(user=referent).import_data(table({"code": "publiacqua-tubi", "quantity": "220000"}))
        pipes.refresh_from_db()
        assert (pipes.quantity, pipes.description_it, pipes.name_it) == (220_000, "Sotto le strade", "Tubi")

    def test_blank_rows_are_passed_over(self, referent, pipes):
        blank = dict.fromkeys(placement_row(), "")
        result = PlacementResource(user=referent).import_data(table(blank, placement_row(), blank))
        assert (result.totals["new"], result.totals["skip"]) == (1, 2)


class TestCells:
    @pytest.mark.parametrize(
        ("column", "written", "stored"),
        [
            ("latitude", "43,7696", 43.7696),
            ("latitude", "43.7696", 43.7696),
            ("latitude", 44, 44.0),
            ("longitude", "-11,25", -11.25),
            ("district", 3.0, "3"),
            ("district", "", ""),
            ("status", "", "active"),
            ("status", " planned ", "planned"),
            ("attributes", '{"watt": 35}', {"watt": 35}),
            ("attributes", "", {}),
            ("address", "  Via Roma\r\n2 ", "Via Roma\n2"),
            ("address", 12.0, "12"),
        ],
    )
    def test_placements_take_what_people_write(self, referent, pipes, column, written, stored):
        result = PlacementResource(user=referent).import_data(table(placement_row(**{column: written})))
        assert told(result) == {}
        assert getattr(Placement.objects.get(), column) == stored

    @pytest.mark.parametrize(
        ("column", "written", "stored"),
        [
            ("mapped_on", "2015-12-31", datetime.date(2015, 12, 31)),
            ("mapped_on", "31/12/2015", datetime.date(2015, 12, 31)),
            ("mapped_on", "31.12.2015", datetime.date(2015, 12, 31)),
            (
                "mapped_on",
                datetime.datetime(2015, 12, 31, 9, 30),  # noqa: DTZ001 as openpyxl reads it
                datetime.date(2015, 12, 31),
            ),
            ("mapped_on", "", None),
            ("quantity", 220_000.0, 220_000),
            ("quantity", "14,0", 14),
            ("quantity", "", None),
            ("contact", "publiacqua-ict", "Referente ICT, Publiacqua"),
            ("contact", "", "None"),
        ],
    )
    def test_assets_take_what_people_write(self, referent, luminaires, column, written, stored):
        result = AssetResource(user=referent).import_data(table(asset_row(**{column: written})))
        assert told(result) == {}
        value = getattr(Asset.objects.get(), column)
        assert (str(value) if column == "contact" else value) == stored

    @pytest.mark.parametrize(
        ("column", "written"),
        [
            ("latitude", "43.769,6"),
            ("latitude", "nan"),
            ("latitude", float("inf")),
            ("latitude", "1e999"),
            ("latitude", True),
            ("latitude", "90.1"),
            ("district", "6"),
            ("status", "perduto"),
            ("attributes", "watt"),
            ("attributes", "[1]"),
            ("attributes", '{"watt": NaN}'),
            ("attributes", '{"watt": "molti"}'),
            ("attributes", '{"watt": "\\u0000"}'),
            ("attributes", '{"note": "\\ud800"}'),
            ("attributes", '{"a":' * 2_000 + "1" + "}" * 2_000),
            ("address", "Via\x00Roma"),
            ("address", "Via \ud800"),
            ("address", "x" * 201),
            ("code", ""),
            ("code", "con spazio"),
            ("code", "x" * 101),
            ("code", "P\x001"),
            ("asset", ""),
            ("asset", "nessuno\x00"),
            ("asset", "x" * 5_000),
        ],
    )
    def test_a_wrong_cell_of_a_placement_is_told_under_its_column(self, referent, pipes, column, written):
        result = PlacementResource(user=referent).import_data(table(placement_row(**{column: written})))
        assert column in told(result)[1]
        assert not Placement.objects.exists()

    @pytest.mark.parametrize(
        ("column", "written"),
        [
            ("quantity", "220.000"),
            ("quantity", "1,5"),
            ("quantity", 1.5),
            ("quantity", "-1"),
            ("quantity", "9" * 30),
            ("quantity", "molti"),
            ("mapped_on", "12/31/2015"),
            ("mapped_on", "31/12/15"),
            ("unit", "litri"),
            ("owner", "nessuno"),
            ("owner", ""),
            ("category", "nessuna"),
            ("contact", "silfi-ict"),
            ("contact", "nessuno"),
            ("name_it", ""),
            ("visibility", "everybody"),
        ],
    )
    def test_a_wrong_cell_of_an_asset_is_told_under_its_column(
        self, referent, other_referent, luminaires, column, written
    ):
        result = AssetResource(user=referent).import_data(table(asset_row(**{column: written})))
        assert column in told(result)[1]
        assert not Asset.objects.exists()

    @pytest.mark.parametrize(
        ("written", "stored"), [("sì", True), ("TRUE", True), (0, False), (False, False), ("", None), ("no", False)]
    )
    def test_whether_it_holds_personal_data_may_stay_unknown(self, referent, publiacqua, written, stored):
        factories.asset(publiacqua, "publiacqua-dati", category=factories.category("dati", kind=Kind.IMMATERIAL))
        row = {"asset": "publiacqua-dati", "code": "D1", "title_it": "Elenco", "has_personal_data": written}
        assert told(DistributionResource(user=referent).import_data(table(row))) == {}
        assert Distribution.objects.get().has_personal_data is stored

    def test_an_empty_cell_does_not_reset_what_must_have_a_value(self, referent, pipes):
        factories.placement(pipes, "P1", status="planned")
        result = PlacementResource(user=referent).import_data(table(placement_row(status="")))
        assert list(told(result)[1]) == ["status"]
        assert Placement.objects.get().status == "planned"


class TestUnchangedRows:
    def test_they_write_no_history(self, referent, pipes):
        factories.placement(pipes, "P1", attributes={"watt": 35}, address=" Via Roma ")
        factories.placement(pipes, "P2")
        before = events_of(Placement)
        rows = table(
            placement_row(attributes='{"watt": 35.0}', address="Via Roma"),
            placement_row(code="P2", attributes="", address="Via Ghibellina"),
        )
        result = PlacementResource(user=referent).import_data(rows)
        assert (result.totals["skip"], result.totals["update"]) == (1, 1)
        assert events_of(Placement) == before + 1
        assert Placement.objects.get(code="P1").address == " Via Roma "

    def test_a_change_is_recorded_once_with_who_made_it_and_the_door(self, referent, pipes):
        factories.placement(pipes, "P1")
        PlacementResource(user=referent).import_data(table(placement_row(address="Via Ghibellina")))
        event = apps.get_model("assets", "PlacementEvent").objects.get(pgh_label="update")
        assert event.pgh_context.metadata == {"door": "import", "user": referent.pk}
        assert event.address == "Via Ghibellina"

    def test_the_preview_shows_what_goes_and_what_comes_without_inline_style(self, referent, pipes):
        factories.placement(pipes, "P1", address="<b>Via Roma</b>")
        result = PlacementResource(user=referent).import_data(table(placement_row(address="Via <i>")), dry_run=True)
        shown = dict(zip(result.diff_headers, result.rows[0].diff, strict=True))
        assert shown["address"] == "<del>&lt;b&gt;Via Roma&lt;/b&gt;</del> <ins>Via &lt;i&gt;</ins>"
        assert (shown["code"], shown["asset"]) == ("P1", "publiacqua-tubi")


class TestExport:
    @pytest.mark.parametrize("given", [True, False])
    def test_only_what_one_may_see_goes_out(self, referent, city_staff, lamps, pipes, given):
        Asset.objects.filter(pk=lamps.pk).update(visibility="restricted")
        factories.placement(lamps, "L1")
        factories.placement(pipes, "P1")

        def codes(resource, model, user):
            return resource(user=user).export(model.objects.order_by("code") if given else None)["code"]

        assert codes(AssetResource, Asset, referent) == ["publiacqua-tubi"]
        assert codes(PlacementResource, Placement, referent) == ["P1"]
        assert codes(PlacementResource, Placement, city_staff) == ["L1", "P1"]
        assert codes(AssetResource, Asset, None) == []

    def test_people_who_may_not_be_seen_are_not_named(self, referent, publiacqua, luminaires):
        contact = publiacqua.referents.get()
        factories.asset(publiacqua, "pubblico", category=luminaires, visibility="public", contact=contact)
        assert AssetResource(user=ANONYMOUS).export()["contact"] == [""]
        assert AssetResource(user=referent).export()["contact"] == ["publiacqua-ict"]

    @pytest.mark.parametrize("language", ["it", "en"])
    def test_numbers_are_written_alike_in_every_language(self, administrator, pipes, language, settings):
        settings.LANGUAGE_CODE = language
        factories.placement(pipes, "P1", latitude=-43.7, longitude=11.25)
        sheet = PlacementResource(user=administrator).export()
        assert (sheet["latitude"], sheet["longitude"]) == ([-43.7], [11.25])
        assert "-43.7,11.25" in FORMATS[0]().export_data(sheet).decode()

    def test_formulas_are_disarmed(self, administrator, pipes):
        for number, text in enumerate(["=1+1", "+1", "-1", "@A1", "\t=1", "\r=1"]):
            factories.placement(pipes, f"P{number}", address=text)
        assert all(cell.startswith("'") for cell in PlacementResource(user=administrator).export()["address"])

    @pytest.mark.parametrize("format_class", FORMATS)
    def test_what_goes_out_comes_back_with_nothing_to_change(self, administrator, publiacqua, luminaires, format_class):
        contact = factories.referent(publiacqua, "publiacqua-ict")
        immaterial = factories.category("dati", kind=Kind.IMMATERIAL)
        for number, text in enumerate(FORMULAS):
            factories.asset(
                publiacqua,
                f"a-{number}",
                name_it=f"={number}",
                description_it=text,
                category=luminaires,
                attributes={"watt": 0.5, "note": text},
                contact=contact if number else None,
                mapped_on=datetime.date(2015, 1, 2) if number else None,
                quantity=number or None,
            )
            data = factories.asset(publiacqua, f"d-{number}", category=immaterial)
            factories.distribution(data, f"D{number}", title_it=text, has_personal_data=[None, True, False][number % 3])
        asset = Asset.objects.get(code="a-0")
        factories.placement(asset, "P1", address="", latitude=None, longitude=None)
        factories.placement(asset, "007", address="Via Ghibellina", district="1", latitude=43.123456789012345)
        factories.placement(asset, "1e5", address="\x0bstrano", latitude=-43.7)
        before = events_of(Asset), events_of(Placement), events_of(Distribution)
        for resource in (AssetResource, PlacementResource, DistributionResource):
            content = format_class().export_data(resource(user=administrator).export())
            result = resource(user=administrator).import_data(format_class().create_dataset(content))
            assert (said_of_file(result), told(result)) == ("", {})
            assert result.totals["skip"] == result.total_rows > 0
        assert (events_of(Asset), events_of(Placement), events_of(Distribution)) == before

    @pytest.mark.parametrize("format_class", FORMATS)
    def test_formulas_come_back_as_they_were_in_an_empty_registry(self, administrator, pipes, format_class):
        wanted = {}
        for number, text in enumerate(FORMULAS):
            wanted[f"P{number}"] = text.strip().replace("\r", "\n")
            factories.placement(pipes, f"P{number}", address=text)
        content = format_class().export_data(PlacementResource(user=administrator).export())
        Placement.objects.all().delete()
        result = PlacementResource(user=administrator).import_data(format_class().create_dataset(content))
        assert result.totals["new"] == len(FORMULAS)
        assert dict(Placement.objects.values_list("code", "address")) == wanted


class TestCost:
    """A file of forty rows costs as many queries as one of four."""

    def cost(self, resource, rows) -> int:
        assert resource.user.access.writes
        with CaptureQueriesContext(connection) as queries:
            result = resource.import_data(rows)
        assert (said_of_file(result), told(result), result.totals["error"]) == ("", {}, 0)
        return len(queries)

    def growth(self, resource, make, user) -> list[int]:
        return [self.cost(resource(user=user), table(*(make(n) for n in range(size)))) for size in (4, 40)]

    def test_new_and_changed_assets(self, administrator, publiacqua):
        for number in range(40):
            factories.category(f"c-{number}")
            factories.partner(f"p-{number}")

        def row(number, name="Nome"):
            return asset_row(code=f"x-{number}", category=f"c-{number}", name_it=name, mapped_on="", attributes="")

        few, many = self.growth(AssetResource, row, administrator)
        assert few == many <= 30
        few, many = self.growth(AssetResource, lambda number: row(number, "Altro"), administrator)
        assert few == many <= 30
        few, many = self.growth(AssetResource, lambda number: row(number, "Altro"), administrator)
        assert few == many <= 20
        assert Asset.objects.filter(name_it="Altro").count() == 40

    def test_new_and_changed_placements(self, referent, publiacqua):
        for number in range(40):
            factories.asset(publiacqua, f"a-{number}", category=factories.category(f"c-{number}"))

        def row(number, address="Via Roma"):
            return placement_row(asset="a-0", code=f"P{number}", address=address)

        few, many = self.growth(PlacementResource, row, referent)
        assert few == many <= 30
        few, many = self.growth(PlacementResource, lambda number: row(number, "Via Ghibellina"), referent)
        assert few == many <= 30

    def test_wrong_placements(self, referent, pipes):
        assert referent.access.writes

        def cost(size):
            rows = table(
                *(placement_row(code=f"P{n}", latitude="", status="boh" if n % 2 else "") for n in range(size))
            )
            with CaptureQueriesContext(connection) as queries:
                result = PlacementResource(user=referent).import_data(rows)
            assert len(result.invalid_rows) == size
            return len(queries)

        assert cost(4) == cost(40) <= 30

    def test_export(self, referent, publiacqua):
        assert referent.access.writes

        def cost(resource):
            with CaptureQueriesContext(connection) as queries:
                resource(user=referent).export()
            return len(queries)

        for number in range(2):
            factories.placement(factories.asset(publiacqua, f"a-{number}"), "P1")
        few = cost(AssetResource), cost(PlacementResource)
        for number in range(2, 20):
            factories.placement(factories.asset(publiacqua, f"a-{number}"), "P1")
        assert (cost(AssetResource), cost(PlacementResource)) == few
        assert Category.objects.count() == 20
