"""Numbers on the desk are written as people write them."""

import pytest
from django.urls import reverse

from assets.models import Placement
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("latitude", "longitude"), [("43.77", "11.25"), ("43,77", " 11,25 ")])
def test_coordinates_take_a_point_or_a_comma(browse, referent, publiacqua, latitude, longitude):
    asset = factories.asset(publiacqua)
    data = {"asset": asset.pk, "code": "P1", "status": "active", "latitude": latitude, "longitude": longitude}
    answer = browse(referent).post(reverse("admin:assets_placement_add"), data)
    assert answer.status_code == 302
    stored = Placement.objects.get(asset=asset)
    assert (stored.latitude, stored.longitude) == (43.77, 11.25)


def test_what_is_no_number_is_kept_and_told(browse, referent, publiacqua):
    asset = factories.asset(publiacqua)
    data = {"asset": asset.pk, "code": "P1", "status": "active", "latitude": "circa 43", "longitude": "11.25"}
    answer = browse(referent).post(reverse("admin:assets_placement_add"), data)
    assert answer.status_code == 200
    assert "43,77" in answer.content.decode()
    assert "circa 43" in answer.content.decode()
    assert not Placement.objects.exists()


def test_an_attribute_takes_a_comma_too(browse, referent, publiacqua):
    schema = {"type": "object", "properties": {"watt": {"type": "number"}}}
    asset = factories.asset(publiacqua, category=factories.category(attribute_schema=schema))
    data = {"name_it": "Lampada", "code": asset.code, "category": asset.category_id, "owner": publiacqua.pk}
    data |= {"exchange_status": "exchangeable", "visibility": "network", "attribute_watt": "35,5"}
    browse(referent).post(reverse("admin:assets_asset_change", args=[asset.pk]), data)
    asset.refresh_from_db()
    assert asset.attributes == {"watt": 35.5}
