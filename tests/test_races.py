"""Two at once: whoever checks a rule holds what it rests on, so that the other one waits and then sees."""

import psycopg2
import psycopg2.errors
import pytest
from django.db import connection, transaction

from assets.imports.jobs import TELL
from assets.models import Category, Import, Placement
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def somebody_else(transactional_db):
    """Run SQL on a connection of its own, which does not wait long for anybody."""
    other = psycopg2.connect(**connection.get_connection_params())

    def run(sql, *parameters):
        with other, other.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '300ms'")
            cursor.execute(sql, parameters)

    yield run
    other.close()


@pytest.fixture
def has_to_wait(somebody_else):
    def has_to_wait(sql, *parameters):
        with pytest.raises(psycopg2.errors.LockNotAvailable):
            somebody_else(sql, *parameters)

    return has_to_wait


def test_a_chart_does_not_move_on_while_a_part_of_it_is_taken_away(publiacqua, has_to_wait):
    chart = factories.chart(lead=publiacqua, participants=[factories.city()])
    with transaction.atomic():
        chart.participations.filter(partner=publiacqua).delete()
        connection.check_constraints()
        has_to_wait("UPDATE projects_projectchart SET status = 'proposed' WHERE id = %s", chart.pk)


def test_a_category_keeps_its_kind_while_an_asset_is_added(has_to_wait):
    category = factories.category()
    with transaction.atomic():
        factories.asset(category=category)
        has_to_wait("UPDATE assets_category SET kind = 'immaterial' WHERE id = %s", category.pk)


def test_an_asset_keeps_its_category_while_a_placement_is_added(has_to_wait):
    asset, immaterial = factories.asset(), factories.category(kind="immaterial")
    with transaction.atomic():
        Placement.objects.bulk_create([Placement(asset=asset, code="1")])
        has_to_wait("UPDATE assets_asset SET category_id = %s WHERE id = %s", immaterial.pk, asset.pk)


def test_a_category_keeps_its_kind_while_another_becomes_part_of_it(has_to_wait):
    parent = factories.category()
    with transaction.atomic():
        Category.objects.create(code="below", name_it="Sotto", kind="material", parent=parent)
        has_to_wait("UPDATE assets_category SET kind = 'immaterial' WHERE id = %s", parent.pk)


def test_an_asset_keeps_its_owner_while_the_owner_stores_a_placement(publiacqua, silfi, referent, has_to_wait):
    placement = factories.placement(factories.asset(publiacqua))
    with transaction.atomic():
        assert placement.may_be_stored_by(referent)
        has_to_wait("UPDATE assets_asset SET owner_id = %s WHERE id = %s", silfi.pk, placement.asset_id)


def test_the_desk_stores_an_asset_as_nobody_else_has_it_meanwhile(publiacqua, silfi, referent, browse, has_to_wait):
    from assets.models import Asset

    asset = factories.asset(publiacqua)
    seen = []
    ask = Asset.may_be_stored_by

    def ask_while_somebody_else_gives_it_away(row, who):
        has_to_wait("UPDATE assets_asset SET owner_id = %s WHERE id = %s", silfi.pk, row.pk)
        seen.append(row.pk)
        return ask(row, who)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Asset, "may_be_stored_by", ask_while_somebody_else_gives_it_away)
        data = {"name_it": "Nuovo", "code": asset.code, "category": asset.category_id, "owner": asset.owner_id}
        data |= {"exchange_status": "exchangeable", "visibility": "network"}
        answer = browse(referent).post(f"/admin/assets/asset/{asset.pk}/change/", data)
    assert answer.status_code == 302
    assert seen == [asset.pk]


def test_a_unit_is_not_counted_as_everybodys_while_its_asset_is_being_hidden(has_to_wait):
    asset = factories.asset(visibility="public")
    add = (
        "INSERT INTO assets_placement (asset_id, code, address, district, latitude, longitude, status, attributes)"
        " VALUES (%s, 'X', '', '1', 43.77, 11.25, 'active', '{}')"
    )
    with transaction.atomic():
        type(asset).objects.filter(pk=asset.pk).update(visibility="restricted")
        has_to_wait(add, asset.pk)


def test_telling_how_far_an_import_is_never_waits_for_who_holds_it(publiacqua, somebody_else):
    imported = Import.objects.create(kind="placements", partner=publiacqua, file_name="a.csv", size=1)
    with transaction.atomic():
        Import.objects.select_for_update().get(pk=imported.pk)
        somebody_else(TELL, 500, imported.pk)
        assert Import.objects.get(pk=imported.pk).done == 0
    somebody_else(TELL, 500, imported.pk)
    assert Import.objects.get(pk=imported.pk).done == 500
