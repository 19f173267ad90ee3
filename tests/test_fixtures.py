"""What the registry starts with: everything that the sources say, each row valid, nothing loaded twice."""

from collections import Counter
from io import BytesIO, StringIO

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from assets.choices import PlacementStatus
from assets.exports import CSV, PlacementExport
from assets.imports import work
from assets.imports.mapping import Assignment, Mapping
from assets.models import Asset, Category, Distribution, Import, Placement
from assets.resources import PlacementResource
from firenze_digitale.access import ANONYMOUS, OPERATOR
from firenze_digitale.env import ROOT
from firenze_digitale.starting_data import count_rows
from partners.models import Memorandum, Monograph, Partner, Referent, Signature, Study
from projects.models import (
    Action,
    ActionPlan,
    AssetUse,
    ChartComment,
    Meeting,
    Objective,
    Participation,
    Plan,
    ProjectChart,
)

FIXTURES = ROOT / "fixtures"
MODELS = [model for label in ("partners", "assets", "projects") for model in apps.get_app_config(label).get_models()]
#: What the files tell; the steps that charts take on the way are kept beside it.
ROWS = [m for m in MODELS if hasattr(m, "NATURAL_KEY") and m is not ChartComment and not m._meta.proxy]
EVENTS = [model for model in MODELS if model.__name__.endswith("Event")]


def load(folder=FIXTURES, **options) -> str:
    out = StringIO()
    call_command("load_registry", folder=folder, stdout=out, **options)
    return out.getvalue()


@pytest.fixture(scope="module")
def loaded_once(django_db_setup, django_db_blocker):
    """The registry as it starts, for all tests of this module: loading is what takes time here."""
    with django_db_blocker.unblock(), transaction.atomic():
        load()
        yield
        transaction.set_rollback(True)


@pytest.fixture
def loaded(loaded_once, db):
    """The registry as it starts, and a test's changes to it undone."""


def counts() -> dict:
    return {model: model._base_manager.count() for model in [*ROWS, *EVENTS]}


def test_everything_that_the_sources_say_is_there(loaded):
    asset = Asset.objects.get
    assert asset(code="comune-di-firenze-fontanelli").placements.count() == 241
    assert asset(code="comune-di-firenze-rastrelliere").placements.count() == 1207
    assert Monograph.objects.filter(study=Study.objects.get(), year=2013).count() == 12
    assert [(plan.code, plan.objectives.count()) for plan in Plan.objects.all()] == [
        ("piano-2016-2018", 8),
        ("piano-2021-2023", 7),
    ]
    assert Objective.objects.filter(provisional=True).values_list("plan__code", flat=True).distinct().get() == (
        "piano-2016-2018"
    )
    assert Objective.objects.filter(provisional=True).count() == 8
    assert list(ActionPlan.objects.values_list("year", flat=True)) == [2016, 2017, 2018]
    assert Memorandum.objects.get(renews__code="firenze-digitale-2016-2018").ends_on.year == 2023
    managers = Signature.objects.filter(role="project_manager").values_list("partner__code", flat=True)
    assert list(managers) == ["confservizi-cispel-toscana"] * 2
    assert Partner.objects.get(code="quadrifoglio").successor.code == "alia"
    assert Partner.objects.get(code="silfi").successor.code == "firenze-smart"
    assert asset(code="quadrifoglio-anagrafica-clienti").quantity == 220_000
    assert Meeting.objects.get().held_on is None
    assert Category.objects.count() == 35
    assert [model.objects.exists() for model in (Action, AssetUse, Distribution, Participation)] == [True] * 4


def test_every_row_is_there_and_valid(loaded):
    assert sum(model.objects.count() for model in ROWS) == count_rows(FIXTURES)
    for model in ROWS:
        # The import has checked the 1,448 placements against the same rules: some of each kind are enough.
        told = ("asset_id", "status", "attributes")
        some = Placement.objects.order_by(*told).distinct(*told)
        for row in some if model is Placement else model.objects.all():
            row.full_clean()


def test_the_steps_that_charts_took_are_kept_without_author(loaded):
    taken = Counter(ChartComment.objects.values_list("status_after", flat=True))
    assert taken["proposed"] == ProjectChart.objects.exclude(status="draft").count()
    assert not ChartComment.objects.exclude(author=None, author_name="").exists()


def test_every_row_that_can_name_its_source_does(loaded):
    for model in ROWS:
        if any(field.name == "source" for field in model._meta.fields):
            assert not model.objects.filter(source="").exists(), model


def test_no_real_person_appears(loaded):
    assert Referent.objects.count() == 17
    assert not Referent.objects.exclude(email__endswith="@example.org").exists()
    assert not Referent.objects.exclude(user=None).exists()
    assert not Partner.objects.exclude(email="", certified_email="").exists()


def test_every_agency_and_the_city_have_a_referent(loaded):
    alone = Partner.objects.filter(kind__in=["city", "participated_agency"], referents=None)
    assert list(alone) == []


def test_names_are_in_both_languages_where_the_page_of_the_plan_is(loaded):
    assert not Category.objects.filter(name_en="").exists()
    assert Partner.objects.get(code="regione-toscana").name_en == "Tuscany Region"
    assert Plan.objects.get(code="piano-2016-2018").description_en.startswith("The three-year “Digital Florence” Plan")
    for schema in Category.objects.exclude(attribute_schema={}).values_list("attribute_schema", flat=True):
        assert all(rule["title"] and rule["x-title-en"] for rule in schema["properties"].values())


def test_what_the_press_tells_is_public_and_drafts_are_not(loaded):
    told = ProjectChart.objects.visible_to(ANONYMOUS)
    assert set(told.values_list("status", flat=True)) == {"proposed", "in_progress"}
    hidden = ProjectChart.objects.exclude(pk__in=told)
    assert set(hidden.values_list("status", flat=True)) == {"draft"}
    assert Asset.objects.visible_to(ANONYMOUS).count() == Asset.objects.count() == 11


def test_a_chart_walks_the_allowed_steps(loaded):
    walked = apps.get_model("projects", "ProjectChartEvent").objects.filter(code="veicoli-indicatori-del-traffico")
    statuses = list(walked.order_by("pgh_id").values_list("status", flat=True))
    assert statuses == ["draft", "proposed", "approved", "in_progress"]


def test_to_be_verified_is_a_status_and_not_an_address(loaded):
    fountains = Placement.objects.filter(asset__code="comune-di-firenze-fontanelli")
    doubtful = fountains.filter(status=PlacementStatus.TO_BE_VERIFIED)
    assert doubtful.count() == 25
    assert doubtful.filter(address="").count() == 17
    assert doubtful.filter(attributes={}).count() == 10
    assert not Placement.objects.filter(address__icontains="verificare").exists()
    assert not Placement.objects.filter(attributes__type__icontains="verificare").exists()
    first = fountains.get(code="F001")
    assert (first.address, first.district, first.status) == ("Via del Paradiso", "3", "active")
    assert (first.latitude, first.longitude, first.attributes) == (43.755975, 11.289223, {"type": "FIRENZE"})


def test_an_empty_cell_stays_empty_and_raises_no_doubt(loaded):
    fountain = Placement.objects.get(address="Via Antonio Canova", attributes={})
    assert fountain.status == PlacementStatus.ACTIVE


def test_racks_keep_their_codes_and_count_in_numbers(loaded):
    rack = Placement.objects.get(code="rastrelliere.892")
    assert rack.attributes == {"places": 14, "modules": 7, "model": "TIPO FI"}
    assert (rack.address, rack.district) == ("Via Sgambati,30", "")
    doubtful = Placement.objects.get(code="rastrelliere.1135")
    assert doubtful.status == PlacementStatus.TO_BE_VERIFIED
    assert doubtful.address.endswith("(secondo rilievi cicl. attribuito presum. al civico 105)")


def test_history_tells_which_door_each_row_came_through(loaded):
    def doors(model):
        events = apps.get_model(model._meta.app_label, f"{model.__name__}Event").objects
        return set(events.values_list("pgh_context__metadata__door", flat=True))

    assert doors(Placement) == {"import"}
    assert doors(Partner) == doors(ProjectChart) == {"command"}


def test_loading_twice_changes_nothing_and_writes_no_history(loaded):
    before = counts()
    with CaptureQueriesContext(connection) as queries:
        assert load() == "Nothing to add: the registry has it all.\n"
    assert counts() == before
    assert len(queries) < 60


def test_what_was_typed_in_is_kept(loaded):
    partner = Partner.objects.get(code="mukki")
    partner.name_it = "Centrale del latte"
    partner.save()
    Placement.objects.filter(code="F002").update(address="Viuzzo dei Catinai, 3", status="active")
    Monograph.objects.filter(partner=partner).delete()
    assert load() == "Added: 1 monographs.\n"
    partner.refresh_from_db()
    assert partner.name_it == "Centrale del latte"
    assert Placement.objects.filter(code="F002", address="Viuzzo dei Catinai, 3", status="active").exists()


def test_the_open_data_goes_out_and_comes_back_unchanged(loaded):
    city = Partner.objects.city().get()
    rows = Placement.objects.order_by("asset__code", "code")
    imported = Import(kind="placements", partner=city, file_name="placements.csv")
    imported.keep(BytesIO(b"".join(PlacementExport(rows, OPERATOR).written(CSV))))
    columns = [Assignment(name, name) for name in PlacementResource._meta.fields]
    imported.mapping = Mapping(assignments=columns).to_json()
    work.preview(imported, OPERATOR, lambda share: None)
    assert imported.counts["unchanged"] == 1448 == imported.counts["rows"]
