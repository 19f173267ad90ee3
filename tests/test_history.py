"""Every change is in history, from every door and past every `save()`."""

import pghistory.models
import pytest
from django.apps import apps
from django.db import connection, transaction, utils

from assets.models import Asset, Placement
from firenze_digitale.access import OPERATOR
from firenze_digitale.history import history_of, through_door
from tests import factories

pytestmark = pytest.mark.django_db


# What is kept of imports is a receipt itself.
#: Records of their own, queues, and what triggers count.
UNRECORDED = {
    "partners_change",
    "partners_changebatch",
    "partners_requestwindow",
    "partners_credentialday",
    "partners_keptanswer",
    "partners_webhookdelivery",
    "assets_import",
    "assets_importchunk",
    "assets_importrow",
    "assets_addressword",
    "assets_placementcell",
    "assets_placementtally",
    "projects_chartcomment",
    "projects_chartnotice",
}


def test_every_table_of_the_registry_is_recorded():
    for label in ("partners", "assets", "projects"):
        for model in apps.get_app_config(label).get_models(include_auto_created=True):
            if (
                issubclass(model, (pghistory.models.Event, pghistory.models.Context))
                or model._meta.db_table in UNRECORDED
            ):
                continue
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname LIKE 'pgtrigger_%%'",
                    [model._meta.db_table],
                )
                names = " ".join(row[0] for row in cursor.fetchall())
            through_table = model._meta.auto_created or model._meta.proxy
            stock = model._meta.db_table in ("partners_user_groups", "partners_user_user_permissions")
            needed = ["insert_insert", "delete_delete", *([] if through_table else ["update_update"])]
            assert stock or all(name in names for name in needed), model


def test_a_change_tells_who_when_from_where_and_what(publiacqua, referent):
    asset = factories.asset(publiacqua, name_it="Prima")
    with through_door("admin", user=referent.pk):
        asset.name_it = "Dopo"
        asset.save()
    entry = history_of(asset, OPERATOR)[0]
    assert entry.who == "publiacqua"
    assert entry.when is not None
    assert [(change.before, change.after) for change in entry.changes] == [("Prima", "Dopo")]
    assert len(history_of(asset, OPERATOR)) == 2


@pytest.mark.parametrize("path", ["bulk_create", "update", "bulk_update", "raw"])
def test_bulk_paths_and_raw_sql_are_recorded(path, city_staff):
    asset = factories.asset()
    placement = factories.placement(asset, "1", address="Prima")
    with through_door("import", user=city_staff.pk):
        if path == "bulk_create":
            placement = Placement.objects.bulk_create([Placement(asset=asset, code="2")])[0]
        elif path == "update":
            Placement.objects.filter(pk=placement.pk).update(address="Dopo")
        elif path == "bulk_update":
            placement.address = "Dopo"
            Placement.objects.bulk_update([placement], ["address"])
        else:
            with connection.cursor() as cursor:
                cursor.execute("UPDATE assets_placement SET address = 'Dopo' WHERE id = %s", [placement.pk])
    entry = history_of(placement, OPERATOR)[0]
    assert entry.who == "staff"
    assert bool(entry.changes) == (path != "bulk_create")


def test_a_deleted_row_leaves_its_last_state(publiacqua):
    asset = factories.asset(publiacqua, "da-cancellare")
    pk = asset.pk
    Asset.objects.filter(pk=pk).delete()
    last = Asset.pgh_event_model.objects.filter(pgh_obj_id=pk).latest("pgh_id")
    assert (last.pgh_label, last.code) == ("delete", "da-cancellare")


def test_links_between_rows_are_recorded():
    chart, objective = factories.chart(), factories.objective()
    chart.objectives.add(objective)
    chart.objectives.remove(objective)
    from projects.models.chart import ChartObjective

    labels = list(ChartObjective.pgh_event_model.objects.order_by("pgh_id").values_list("pgh_label", flat=True))
    assert labels == ["insert", "delete"]


def test_nothing_is_recorded_of_a_save_that_changes_nothing():
    asset = factories.asset()
    Asset.objects.get(pk=asset.pk).save()
    assert Asset.pgh_event_model.objects.filter(pgh_obj_id=asset.pk).count() == 1


def test_history_cannot_be_rewritten():
    asset = factories.asset()
    with pytest.raises(utils.InternalError):
        Asset.pgh_event_model.objects.filter(pgh_obj_id=asset.pk).update(name_it="Mai stato")


def test_a_password_never_enters_history(referent):
    event_model = type(referent).pgh_event_model
    assert not {"password", "last_login"} & {field.name for field in event_model._meta.fields}


def test_what_a_row_said_while_it_was_hidden_stays_hidden_when_it_is_shown(publiacqua, referent, other_referent):
    asset = factories.asset(publiacqua, visibility="restricted", description_it="parola segreta")
    for change in ({"description_it": "senza segreti"}, {"visibility": "network"}, {"description_it": "per tutti"}):
        Asset.objects.filter(pk=asset.pk).update(**change)
    asset.refresh_from_db()
    entries = history_of(asset, other_referent)
    assert "parola segreta" not in str(entries)
    assert [change.after for change in entries[0].changes] == ["per tutti"]
    assert "parola segreta" in str(history_of(asset, referent))


def test_a_draft_keeps_to_itself_what_it_said(publiacqua, other_referent):
    chart = factories.chart(lead=publiacqua, participants=[factories.city()], summary_it="bozza riservata")
    type(chart).objects.filter(pk=chart.pk).update(summary_it="da mostrare")
    type(chart).objects.filter(pk=chart.pk).update(status="proposed")
    chart.refresh_from_db()
    assert "bozza riservata" not in str(history_of(chart, other_referent))


def test_history_names_who_it_was_after_the_account_is_gone(publiacqua, referent, browse):
    asset = factories.asset(publiacqua)
    with through_door("admin", user=referent.pk, username=referent.get_username()):
        Asset.objects.filter(pk=asset.pk).update(name_it="Dopo")
    type(referent).objects.filter(pk=referent.pk).delete()
    assert history_of(asset, OPERATOR)[0].who == "publiacqua"


def test_who_and_where_cannot_be_rewritten(referent):
    asset = factories.asset()
    with through_door("admin", user=referent.pk):
        Asset.objects.filter(pk=asset.pk).update(name_it="Dopo")
    context = pghistory.models.Context.objects.latest("created_at")
    with connection.cursor() as cursor:
        # The next transaction, which is not that of the change.
        cursor.execute("SELECT set_config('pghistory.context_id', '', true)")
    with pytest.raises(utils.InternalError), transaction.atomic():
        pghistory.models.Context.objects.filter(pk=context.pk).update(metadata={"user": 0})
    with pytest.raises(utils.InternalError), transaction.atomic():
        pghistory.models.Context.objects.filter(pk=context.pk).delete()
    context.refresh_from_db()
    assert context.metadata == {"door": "admin", "user": referent.pk}
