"""Who sees an import and who takes it further, and that it is taken further once, in its order."""

from datetime import timedelta

import pytest
from django.urls import get_resolver
from django.utils import timezone

from assets.choices import ImportState
from assets.models import Import, Placement
from firenze_digitale.history import history_of
from tests import factories
from tests.admin.importing import HEADER, brought, confirm, opened, rows, step, upload_url
from tests.admin.world import admin_url
from tests.test_roles import routes

WRONG = HEADER + "F1,Via Roma,43.77,11.25,lost\n"
#: Pages of one import, and the methods that they take.
PAGES = {
    "change": ("get",),
    "columns": ("get", "post"),
    "preview": ("post",),
    "confirm": ("post",),
    "undo": ("get", "post"),
    "abandon": ("post",),
    "progress": ("get",),
    "wrong": ("get",),
}
#: What city staff, who see an import and change none, may open.
READ_BY_STAFF = {"change", "progress", "wrong"}


@pytest.fixture
def fountains(publiacqua):
    return factories.asset(publiacqua, "publiacqua-fontanelli", name_it="Fontanelli")


@pytest.fixture
def client(browse, referent, fountains):
    """A referent of the agency whose fountains these are."""
    return browse(referent)


@pytest.fixture
def bring(client, fountains):
    """Return a function that brings a file of the fountains' placements."""
    return lambda content, **options: brought(client, content, **{"asset": fountains, **options})


def state_of(imported) -> tuple:
    row = Import.objects.get(pk=imported.pk)
    return row.state, row.mapping, row.previewed_at, Placement.objects.count()


def cases() -> list:
    return [(page, method) for page, methods in PAGES.items() for method in methods]


# Who


@pytest.mark.parametrize(("page", "method"), cases())
def test_who_may_open_and_take_further(
    page, method, bring, browse, referent, other_referent, city_staff, outsider, administrator
):
    imported = bring(WRONG)
    before = state_of(imported)
    expected = {
        None: {302},
        outsider: {403},
        other_referent: {404},
        city_staff: {200 if method == "get" and page in READ_BY_STAFF else 403},
    }
    for who, statuses in expected.items():
        answer = getattr(browse(who), method)(step(page, imported))
        assert answer.status_code in statuses, who
        assert who is not None or "/account/login/" in answer.url
        assert state_of(imported) == before, who
    for who in (administrator, referent):
        assert getattr(browse(who), method)(step(page, imported)).status_code in {200, 302}


def test_every_page_of_an_import_is_in_the_table():
    known = {f"admin:assets_import_{page}" for page in (*PAGES, "changelist")}
    assert {name for name in routes(get_resolver()) if name.startswith("admin:assets_import_")} == known


def test_the_list_holds_ones_own_imports_and_all_for_city_staff(browse, bring, client, other_referent, city_staff):
    link = f'href="{step("change", bring(rows("F1")))}"'
    address = admin_url(Import, "changelist")
    assert link in client.get(address).content.decode()
    assert link not in browse(other_referent).get(address).content.decode()
    for_staff = browse(city_staff).get(address).content.decode()
    assert (link in for_staff, upload_url() in for_staff) == (True, False)


def test_city_staff_are_offered_no_button(browse, bring, city_staff, client, fountains):
    stored = bring(rows("F1"))
    page = opened(browse(city_staff), stored).content.decode()
    assert step("confirm", stored) not in page
    assert upload_url(asset=fountains) not in opened(browse(city_staff), bring(WRONG)).content.decode()
    confirm(client, stored)
    assert step("undo", stored) not in opened(browse(city_staff), stored).content.decode()
    asked = bring("Codice;Che cosa\nF1;x\n")
    assert step("columns", asked) not in opened(browse(city_staff), asked).content.decode()


def test_an_import_that_is_not_there_is_not_found(client):
    for pk in (0, 10**30):
        assert client.get(f"/admin/assets/import/{pk}/change/").status_code == 404
        assert client.post(f"/admin/assets/import/{pk}/confirm/").status_code == 404
    assert client.get("/admin/assets/import/nonsense/change/").status_code == 404


def test_who_answers_for_the_partner_no_more_confirms_nothing(client, bring, referent):
    imported = bring(rows("F1"))
    seen = opened(client, imported).context["seen"]
    referent.referents.all().update(active=False)
    assert client.post(step("confirm", imported), {"seen": seen}).status_code in (403, 404)
    assert not Placement.objects.exists()


# In which order


def test_a_second_click_stores_nothing_twice(client, bring, referent):
    imported = bring(rows("F1"))
    seen = opened(client, imported).context["seen"]
    for _click in range(2):
        answer = client.post(step("confirm", imported), {"seen": seen}, follow=True)
        assert answer.status_code == 200
    assert len(history_of(Placement.objects.get(), referent)) == 1


def test_a_preview_that_another_window_has_replaced_is_not_confirmed(client, bring):
    imported = bring(rows("F1"))
    seen = opened(client, imported).context["seen"]
    client.post(step("preview", imported), {"missing": "remove"})
    answer = client.post(step("confirm", imported), {"seen": seen}, follow=True)
    assert [message.level_tag for message in answer.context["messages"]] == ["error"]
    assert not Placement.objects.exists()
    confirm(client, imported)
    assert Placement.objects.count() == 1


@pytest.mark.parametrize("seen", ["", "nonsense", "2020-01-01", "2020-01-01T00:00:00+00:00", "9999-99-99"])
def test_what_was_not_seen_is_not_confirmed(client, bring, seen):
    imported = bring(rows("F1"))
    assert client.post(step("confirm", imported), {"seen": seen}, follow=True).status_code == 200
    assert not Placement.objects.exists()


def test_whatever_is_asked_of_an_import_in_any_state_is_answered(client, bring):
    imported = bring(rows("F1"))
    seen = opened(client, imported).context["seen"]
    for state in ImportState.values:
        if state in ImportState.at_work():
            continue
        for page, method in cases():
            Import.objects.filter(pk=imported.pk).update(state=state, context_id=None)
            answer = getattr(client, method)(step(page, imported), {"seen": seen} if page == "confirm" else {})
            assert answer.status_code in {200, 302, 404}, (state, page, method)
        Import.objects.filter(pk=imported.pk).update(state=state)
        assert client.get(step("change", imported), follow=True).status_code == 200
    assert Placement.objects.count() <= 1


def test_an_import_that_was_dropped_keeps_no_file_and_is_not_stored(client, bring):
    imported = bring(rows("F1"))
    seen = opened(client, imported).context["seen"]
    client.post(step("abandon", imported))
    assert not imported.chunks.exists()
    client.post(step("confirm", imported), {"seen": seen})
    client.post(step("preview", imported))
    imported.refresh_from_db()
    assert (imported.state, Placement.objects.count()) == (ImportState.EXPIRED, 0)
    assert opened(client, imported)


def test_what_is_undone_is_not_undone_again(client, bring, fountains):
    imported = bring(rows("F1"))
    confirm(client, imported)
    for _click in range(2):
        assert client.post(step("undo", imported), follow=True).status_code == 200
    factories.placement(fountains, "F1")
    client.post(step("undo", imported))
    assert Placement.objects.count() == 1


# While a worker is at it


@pytest.fixture
def waiting(bring):
    """An import whose preview no worker has begun yet."""
    imported = bring(rows("F1"))
    Import.objects.filter(pk=imported.pk).update(state=ImportState.READING, done=0, total=0)
    return imported


def test_the_page_of_work_under_way_tells_how_far_it_is_and_needs_no_script(client, waiting, monkeypatch):
    assert '<noscript><meta http-equiv="refresh"' in opened(client, waiting).content.decode()
    monkeypatch.setattr(Import, "is_held", lambda imported: True)
    Import.objects.filter(pk=waiting.pk).update(done=430, total=1000)
    told = client.get(step("progress", waiting)).json()
    assert (told["at_work"], told["percent"]) == (True, 43)
    assert 'value="43"' in client.get(step("change", waiting)).content.decode()


def test_nothing_is_confirmed_or_undone_while_a_worker_is_at_it(client, waiting):
    for page, method in cases():
        assert getattr(client, method)(step(page, waiting), follow=True).status_code in {200, 404}
    waiting.refresh_from_db()
    assert (waiting.state, Placement.objects.count()) == (ImportState.READING, 0)


def test_that_no_worker_has_taken_it_up_is_said_after_a_while(client, waiting, monkeypatch):
    at_once = client.get(step("progress", waiting)).json()["told"]
    later = timezone.now() + timedelta(minutes=1)
    monkeypatch.setattr("assets.desk.import_pages.timezone.now", lambda: later)
    assert client.get(step("progress", waiting)).json()["told"] != at_once


def test_an_import_whose_worker_died_is_started_again_with_the_file_that_is_kept(client, waiting):
    Import.objects.filter(pk=waiting.pk).update(total=1000, done=100)
    page = opened(client, waiting)
    waiting.refresh_from_db()
    assert waiting.state == ImportState.INTERRUPTED
    assert step("preview", waiting) in page.content.decode()
    client.post(step("preview", waiting))
    confirm(client, waiting)
    assert (waiting.state, Placement.objects.count()) == (ImportState.STORED, 1)


def test_what_somebody_changed_since_the_preview_is_named_and_a_new_preview_offered(client, bring, fountains):
    factories.placement(fountains, "F1", address="Via Larga")
    imported = bring(rows("F1"))
    seen = opened(client, imported).context["seen"]
    Placement.objects.update(address="Via Nuova", updated_at=timezone.now())
    client.post(step("confirm", imported), {"seen": seen})
    imported.refresh_from_db()
    assert (imported.state, Placement.objects.get().address) == (ImportState.OUTDATED, "Via Nuova")
    assert "publiacqua-fontanelli:F1" in opened(client, imported).content.decode()
    client.post(step("preview", imported))
    confirm(client, imported)
    assert Placement.objects.get().address == "Via Roma"


def test_an_administrator_confirms_what_a_referent_has_brought(bring, browse, administrator):
    imported = bring(rows("F1"))
    confirm(browse(administrator), imported)
    assert (imported.state, imported.made_by.username) == (ImportState.STORED, "publiacqua")
    assert history_of(Placement.objects.get(), administrator)[0].who == "admin"
