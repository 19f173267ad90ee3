"""The changes feed: who is told what, from where on, page by page; and what keeps a client from going on."""

from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import psycopg2
import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from assets.models import Asset, Placement
from firenze_digitale import changes
from firenze_digitale.access import OPERATOR
from partners.models import ApiCredential, Change, ChangeBatch, Partner
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def feed(get):
    """Return a function that follows the feed from a cursor to its end: lines told, and the cursor of the end."""

    def feed(after=None, token=None, **query):
        lines, query = [], {**query, **({"after": after} if after else {})}
        while True:
            answer = get("changes", token, **query)
            assert answer.status_code == 200, answer.json()
            page = answer.json()
            lines += [f"{entry['change']} {entry['kind']} {entry['key']}" for entry in page["results"]]
            query = dict(parse_qsl(urlsplit(page["next"]).query))
            if not page["more"]:
                return lines, query["after"]

    return feed


@pytest.fixture
def latest(feed):
    def latest(token=None):
        return feed("latest", token)[1]

    return latest


@pytest.fixture
def asset(publiacqua):
    return factories.asset(publiacqua, "a", visibility="public", category=factories.category("material"))


def test_an_entry_says_what_happened_and_how_the_row_is_now(asset, get, latest):
    cursor = latest()
    Asset.objects.filter(pk=asset.pk).update(name_it="Uno", unit="item")
    Asset.objects.filter(pk=asset.pk).update(name_it="Due")
    page = get("changes", after=cursor).json()
    first, second = page["results"]
    assert (first["kind"], first["key"], first["change"]) == ("assets", "a", "updated")
    assert (first["fields"], second["fields"]) == (["name_it", "unit"], ["name_it"])
    assert first["data"] == second["data"] == get("assets/a").json()
    assert first["at"] < second["at"]
    assert first["at"].endswith("Z")
    assert page["more"] is False


def test_what_is_gone_or_no_more_to_be_seen_is_deleted(asset, get, feed, latest, reader):
    placement = factories.placement(asset, "P")
    for token, visibility in ((None, "network"), (reader, "restricted")):
        cursor = latest(token)
        Asset.objects.filter(pk=asset.pk).update(visibility=visibility)
        if token is None:
            assert set(feed(cursor)[0]) == {"deleted assets a", "deleted placements a:P"}
        else:
            assert feed(cursor, token)[0] == ["updated assets a"]
    Asset.objects.filter(pk=asset.pk).update(visibility="public")
    cursor = latest()
    placement.delete()
    entry = get("changes", after=cursor).json()["results"][0]
    assert (entry["change"], entry["key"], entry["fields"], entry["data"]) == ("deleted", "a:P", None, None)


def test_a_row_that_was_hidden_again_before_it_was_told_of_leaves_no_trace(asset, feed, latest):
    Asset.objects.filter(pk=asset.pk).update(visibility="restricted")
    cursor = latest()
    Asset.objects.filter(pk=asset.pk).update(visibility="public")
    Asset.objects.filter(pk=asset.pk).update(visibility="restricted")
    assert feed(cursor)[0] == ["deleted assets a"]
    cursor = latest()
    Asset.objects.filter(pk=asset.pk).update(name_it="Altro")
    assert feed(cursor)[0] == []


def test_a_new_key_is_told_with_the_old_one_even_where_another_row_takes_it(asset, feed, latest):
    one, other = factories.placement(asset, "1"), factories.placement(asset, "2")
    cursor = latest()
    Placement.objects.filter(pk=other.pk).update(code="3")
    Placement.objects.filter(pk=one.pk).update(code="2")
    assert feed(cursor)[0] == [
        "updated placements a:2",
        "created placements a:3",
        "deleted placements a:1",
        "created placements a:2",
    ]


def test_a_row_that_moves_out_of_sight_is_told_by_the_key_that_the_reader_knows(asset, silfi, feed, latest):
    placement = factories.placement(asset, "P")
    hidden = factories.asset(silfi, "segreto", visibility="restricted", category=asset.category)
    cursor = latest()
    Placement.objects.filter(pk=placement.pk).update(asset=hidden)
    assert feed(cursor)[0] == ["deleted placements a:P"]


def test_pages_follow_one_another_within_a_batch_and_across_batches(asset, get, feed, latest, monkeypatch):
    cursor = latest()
    with transaction.atomic():
        Placement.objects.bulk_create([Placement(asset=asset, code=f"{n}") for n in range(25)])
        factories.category("c")
    Placement.objects.filter(code__in=("3", "4")).delete()
    whole = feed(cursor)[0]
    assert len(whole) == 23 + 1 + 2
    for limit in (1, 7, 25):
        assert feed(cursor, limit=limit)[0] == whole
    monkeypatch.setattr(changes, "SCANNED", 4)
    assert feed(cursor)[0] == whole
    Asset.objects.filter(pk=asset.pk).update(visibility="restricted")
    page = get("changes", after=cursor, kind="placements").json()
    assert (len(page["results"]), page["more"]) == (0, True), "what is passed over ends a page too"


def test_a_row_that_is_committed_late_is_not_skipped(asset, feed, latest):
    cursor = latest()
    other = psycopg2.connect(**connection.get_connection_params())
    try:
        with other.cursor() as slow:
            slow.execute(
                "INSERT INTO partners_study (code, title_it, title_en, description_it, description_en, year,"
                " promoter_id, video_title, video_url, source) VALUES"
                " ('tardi', 'Tardi', '', '', '', 2013, %s, '', '', '')",
                [asset.owner_id],
            )
            factories.category("c")
            told, cursor = feed(cursor)
            assert told == ["created categories c"]
            other.commit()
    finally:
        other.close()
    assert feed(cursor)[0] == ["created studies tardi"]


def test_only_the_kinds_that_are_asked_for_are_told(asset, feed, get, latest):
    cursor = latest()
    factories.placement(asset, "P")
    factories.category("c")
    factories.plan("p")
    told, after = feed(cursor, kind="plans,categories")
    assert told == ["created categories c", "created plans p"]
    assert feed(after, kind="plans,categories")[0] == []
    assert "kind=plans%2Ccategories" in get("changes", after=cursor, kind="plans,categories").json()["next"]


def test_a_credential_that_is_limited_is_told_of_what_it_reaches(asset, publiacqua, feed, get, latest):
    token = factories.credential(publiacqua)
    prefix = token.split("_")[1]
    ApiCredential.objects.filter(prefix=prefix).update(resources=["plans"])
    cursor = latest(token)
    factories.placement(asset, "P")
    factories.plan("p")
    assert feed(cursor, token)[0] == ["created plans p"]
    assert get("changes", token, kind="assets").status_code == 403
    # What a webhook's message leads to is read by any credential of the partner.
    assert get("changes", factories.credential(publiacqua), after=cursor).status_code == 200


def test_whoever_sees_more_or_less_than_before_starts_anew(asset, silfi, publiacqua, get, latest, reader):
    cursor, own = latest(), latest(reader)
    assert get("changes", reader, after=cursor).status_code == 410
    Partner.objects.filter(pk=silfi.pk).update(successor=publiacqua)
    answer = get("changes", reader, after=own)
    assert answer.status_code == 410
    assert answer["Content-Type"] == "application/problem+json"
    assert "latest" in answer.json()["detail"]


def test_new_keys_that_others_are_told_by_have_everybody_start_anew(asset, get, feed, latest):
    cursor = latest()
    Asset.objects.filter(pk=asset.pk).update(code="z")
    assert get("changes", after=cursor).status_code == 410
    told, cursor = feed()
    assert not told or "deleted" not in told[0]
    assert get("changes", after=latest()).status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        {"after": "x"},
        {"after": "bm8"},
        {"after": "WzEsMl0"},
        {"after": "WyIxIiwgMiwgIjMiXQ"},
        {"after": "Wy0xLCAtMSwgIjMiXQ"},
        {"after": "è"},
        {"after": "\x00"},
        {"limit": "0"},
        {"limit": "501"},
        {"limit": "x"},
        {"limit": ""},
        {"kind": "assets,nothing"},
        {"kind": "nothing"},
        {"colour": "red"},
        {"after": ["latest", "latest"]},
    ],
)
def test_what_is_not_understood_is_refused(query, get):
    answer = get("changes", **query)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == list(query)


def test_an_empty_page_costs_three_small_queries_and_a_full_one_the_same_for_one_row_and_for_twenty(
    asset, latest, django_assert_max_num_queries, django_assert_num_queries
):
    place = changes.latest_place()
    with django_assert_num_queries(2):
        assert changes.entries_after(place, OPERATOR, None, 100).entries == []
    factories.placement(asset, "P")
    with django_assert_num_queries(5):
        assert len(changes.entries_after(place, OPERATOR, None, 100).entries) == 1
    Placement.objects.bulk_create([Placement(asset=asset, code=f"{n}") for n in range(20)])
    with django_assert_num_queries(5):
        assert len(changes.entries_after(place, OPERATOR, None, 100).entries) == 21


def test_what_is_old_is_forgotten_and_who_has_not_followed_since_starts_anew(asset, get, feed, latest, settings):
    early = latest()
    Asset.objects.filter(pk=asset.pk).update(name_it="Uno")
    Asset.objects.filter(pk=asset.pk).update(name_it="Due")
    factories.plan("vecchio")
    followed = latest()
    ChangeBatch.objects.update(started_at=timezone.now() - timedelta(days=settings.CHANGES_KEPT_DAYS + 1))
    factories.category("c")
    last = {
        kind: max(ChangeBatch.objects.filter(kind=kind).values_list("position", flat=True), default=None)
        for kind in ("assets", "plans")
    }
    call_command("prune_changes", verbosity=0)
    assert {kind: ChangeBatch.objects.get(kind=kind).position for kind in last} == last
    assert Change.objects.filter(kind="assets").count() == 1
    assert get("changes", after=early).status_code == 410
    assert feed(followed)[0] == ["created categories c"]
    assert feed()[0][-1] == "created categories c"
    assert get("changes", after=latest()).status_code == 200


def test_a_log_that_is_all_old_keeps_its_last_place(asset, get, latest):
    cursor = latest()
    ChangeBatch.objects.update(started_at=timezone.now() - timedelta(days=1000))
    call_command("prune_changes", verbosity=0)
    assert get("changes", after=cursor).json()["results"] == []
    assert latest() == cursor


def test_lists_are_asked_for_what_changed_since_a_moment(asset, keys):
    plan, other = factories.plan("p"), factories.asset(code="b", visibility="public")
    other.refresh_from_db()
    since = other.updated_at.isoformat()
    assert keys("assets", updated_since=since) == ["b"]
    assert keys("plans", updated_since=since) == []
    assert keys("plans", updated_since=since.replace("+00:00", "")) == []
    Asset.objects.filter(pk=asset.pk).update(name_it="Altro")
    assert keys("assets", updated_since=since) == ["a", "b"]
    assert keys("assets", updated_since="2016-01-01t00:00z", limit=1) == ["a"]
    assert keys("plans", updated_since="2016-01-01T01:00:00+01:00") == [plan.code]


def test_many_changed_rows_are_met_along_the_list(asset, keys, monkeypatch):
    monkeypatch.setattr("firenze_digitale.api.since.FEW", 1)
    factories.asset(code="b", visibility="public")
    assert keys("assets", updated_since="2016-01-01T00:00:00Z") == ["a", "b"]
    assert keys("assets", updated_since="2199-01-01T00:00:00Z") == []


@pytest.mark.parametrize(
    "moment", ["yesterday", "2016", "2016-13-01T00:00:00Z", "2016-01-01T00:00:00 01:00", "0001-01-01T00:00:00Z", "\x00"]
)
def test_a_moment_that_is_none_is_refused(moment, get):
    answer = get("assets", updated_since=moment)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["updated_since"]
