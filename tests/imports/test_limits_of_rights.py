"""What an import may not do, whatever its file says: pass assets to others, name what is hidden, end in an error."""

import io

import pytest

from assets.choices import ImportState
from assets.imports import receipts, services
from assets.models import Asset, Import, Placement
from tests import factories

HEADER = "code,address,district,latitude,longitude,status\n"
ROWS = HEADER + "F1,Via Roma 1,1,43.77,11.25,active\nF2,Via Roma 2,2,43.78,11.26,planned\n"


@pytest.fixture
def fountains(publiacqua):
    return factories.asset(publiacqua, "publiacqua-fontanelli")


@pytest.fixture
def bring(publiacqua, referent):
    """Return a function that brings a file for Publiacqua."""

    def bring(text: str | bytes, kind="assets", who=None, **options) -> Import:
        content = text.encode() if isinstance(text, str) else text
        options = {"partner": publiacqua, "file_name": "beni.csv", **options}
        return services.begin(kind=kind, made_by=who or referent, file=io.BytesIO(content), **options)

    return bring


def test_a_new_asset_for_another_partner(bring, silfi):
    category = factories.category("idrico")
    imported = bring(f"code,name_it,category,owner\nnuovo,Mio,{category.code},silfi\n")
    print(imported.state, imported.counts, [r.problems for r in imported.rows.all()])
    assert imported.counts["wrong"] == 1


def test_an_own_asset_given_to_another_partner(bring, fountains, silfi):
    imported = bring("code,owner\npubliacqua-fontanelli,silfi\n")
    print(imported.state, imported.counts, [r.problems for r in imported.rows.all()])
    assert imported.counts["wrong"] == 1


HOSTILE = {
    "nul in header": b"code,addr\x00ess,x\nF1,a,b\n",
    "nul in unknown header": b"code,colo\x00re,x\nF1,a,b\n",
    "nul in cell": b"code,address\nF1,a\x00b\nF 2,x\x00,\n",
    "surrogate geojson": b'{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"F1","address":"\\ud800"},"geometry":{"type":"Point","coordinates":[11.25,43.77]}}]}',
    "surrogate header": b'{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"F1","\\ud800x":"a"},"geometry":{"type":"Point","coordinates":[11.25,43.77]}}]}',
    "nul geojson": b'{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"F1","addr\\u0000":"\\u0000", "address": "\\u0000 a"},"geometry":{"type":"Point","coordinates":[11.25,43.77]}}]}',
    "infinite": b'{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"F 1","address":1e999,"status":-1e999},"geometry":{"type":"Point","coordinates":[1e999,43.77]}}]}',
    "huge int": b'{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"F1","district":100000000000000000000000000000000000000,"attributes":{"a":100000000000000000000000000000}},"geometry":{"type":"Point","coordinates":[100000000000000000000000000,43.77]}}]}',
    "attr nul": b'{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"F1","attributes":{"a":"\\u0000"}},"geometry":null}]}',
    "attr surrogate": b'{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"F1","attributes":{"a":"\\ud800"}},"geometry":null}]}',
    "long code": b"code,address\n" + b"F" * 100000 + b",a\n" + b"F1," + b"a" * 100000 + b"\n",
    "big numbers": b"code,latitude,longitude\nF1," + b"9" * 5000 + b",1e400\nF2,1e308,1e308\nF3,nan,inf\n",
    "dates": b"code,address\n0001-01-01,10000-01-01\n",
    "one column": b"code\nF1\n",
    "empty": b"",
    "many quotes": b'code,address\n"F1,a\n',
    "fields": "code;indirizzo;lat;long\nF1;x;1,5;2\n\x0b;\x0c;\x1f;\n".encode(),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile(bring, fountains, referent, name):
    suffix = "geojson" if HOSTILE[name].startswith(b"{") else "csv"
    imported = bring(HOSTILE[name], "placements", fixed={"asset": fountains.code}, file_name=f"x.{suffix}")
    print(imported.state, imported.refusal, imported.counts, [r.problems for r in imported.rows.all()], imported.mapping)
    if imported.state == ImportState.COLUMNS:
        sample = services.sample_of(imported, referent)
        told = {a.column for a in sample.mapping.assignments}
        sample.mapping.skipped = [h for h in sample.headers if h not in told]
        try:
            services.ask_preview(imported, sample.mapping, referent)
        except services.ValidationError as e:
            print(e)
        print(imported.state, imported.refusal, imported.counts, [r.problems for r in imported.rows.all()])
    assert imported.state != ImportState.INTERRUPTED
    assert "amministra" not in imported.refusal


def confirmed(imported, who) -> Import:
    services.confirm(imported, who)
    assert imported.state == ImportState.STORED, imported.refusal
    return imported


def test_who_undoes_is_not_told_what_became_of_rows_that_moved_out_of_sight(bring, referent, silfi, other_referent, fountains):
    imported = confirmed(bring(ROWS, "placements", fixed={"asset": fountains.code}), referent)
    Asset.objects.filter(pk=fountains.pk).update(owner=silfi, visibility="restricted")
    with services.jobs.through_door("admin", user=other_referent.pk):
        Placement.objects.filter(code="F1").update(code="segreto", address="Altrove")
    kept = receipts.changed_since(imported, referent)
    assert [(row.row, row.key, row.when, row.who) for row in kept] == [(None, "F1", None, ""), (None, "F2", None, "")]
    services.undo(imported, referent, rest=True)
    assert set(Placement.objects.values_list("code", flat=True)) == {"segreto", "F2"}


def test_what_one_has_deleted_oneself_is_told_with_its_author(bring, referent, fountains):
    imported = confirmed(bring(ROWS, "placements", fixed={"asset": fountains.code}), referent)
    with services.jobs.through_door("admin", user=referent.pk):
        Placement.objects.filter(code="F1").delete()
    [row] = receipts.changed_since(imported, referent)
    assert (row.key, row.who) == ("F1", "publiacqua")
    services.undo(imported, referent, rest=True)
    assert (imported.state, imported.counts["deleted"]) == (ImportState.UNDONE, 1)


def test_an_asset_that_was_offered_once_is_taken_back_like_any_other(bring, referent, publiacqua, silfi):
    category = factories.category("idrico")
    imported = confirmed(bring(f"code,name_it,category\nnuovo,Nuovo,{category.code}\n"), referent)
    from assets import services as hand
    offer = hand.offer(referent, publiacqua, silfi, Asset.objects.filter(code="nuovo"))
    hand.withdraw(referent, offer)
    services.undo(imported, referent)
    assert imported.state == ImportState.UNDONE, imported.refusal
    assert not Asset.objects.filter(code="nuovo").exists()
    assert offer.items.get().asset is None
