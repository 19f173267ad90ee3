"""What the catalogue of data lacks is told where an asset is kept, and only to who keeps it."""

import pytest
from django.db import IntegrityError, transaction

from assets.catalogue import MOST_DISTRIBUTIONS, entry_of, frequency_of
from assets.choices import Kind, UpdateFrequency
from assets.models import Asset, Distribution
from partners.models import Partner
from tests import factories
from tests.admin.world import admin_url

pytestmark = pytest.mark.django_db
COMPLETE = {"format": "CSV", "licence": "CC BY 4.0", "access_url": "https://example.org/d", "update_frequency": "daily"}


@pytest.fixture
def asset(publiacqua):
    """A public immaterial asset without anything that the catalogue wants, and without a distribution."""
    data = factories.category("dati", kind=Kind.IMMATERIAL)
    return factories.asset(publiacqua, "rete", category=data, visibility="public", name_it="Rete idrica")


def complete(asset):
    Partner.objects.filter(pk=asset.owner_id).update(email="ufficio@example.org", ipa_code="pbq")
    Asset.objects.filter(pk=asset.pk).update(theme="ENVI", description_it="Le condotte.")
    return Asset.objects.get(pk=asset.pk)


def test_an_asset_without_a_distribution_is_left_out_and_its_keeper_is_told(asset):
    entry = entry_of(asset)
    assert not entry.is_published
    assert len(entry.gaps) == 6
    assert asset not in Asset.objects.in_catalogue()


def test_an_asset_that_tells_everything_lacks_nothing(asset):
    factories.distribution(asset, **COMPLETE, has_personal_data=False)
    entry = entry_of(complete(asset))
    assert (entry.is_published, entry.gaps) == (True, ())
    assert list(Asset.objects.in_catalogue()) == [asset]


@pytest.mark.parametrize(
    "change",
    [
        {"format": ""},
        {"format": "boh"},
        {"licence": ""},
        {"licence": "mia"},
        {"access_url": ""},
        {"has_personal_data": True},
    ],
)
def test_each_gap_of_a_distribution_is_told_with_its_title(change, asset):
    factories.distribution(asset, title_it="Condotte", **COMPLETE | change)
    (gap,) = entry_of(complete(asset)).gaps
    assert gap.startswith("Condotte: ")


def test_who_carries_on_the_owner_answers_for_it(asset):
    factories.distribution(asset, **COMPLETE)
    asset = complete(asset)
    Partner.objects.filter(pk=asset.owner_id).update(
        email="", successor=factories.partner(certified_email="p@example.org")
    )
    assert entry_of(Asset.objects.get(pk=asset.pk)).gaps == ()


def test_the_holder_of_the_rights_needs_a_number_of_its_own(asset):
    factories.distribution(asset, **COMPLETE)
    asset = complete(asset)
    asset.rights_holder = factories.partner("titolare", name_it="Titolare")
    (gap,) = entry_of(asset).gaps
    assert "Titolare" in gap


def test_material_and_hidden_assets_are_not_asked_for_anything(asset):
    assert entry_of(factories.asset(visibility="public")) is None
    asset.visibility = "network"
    assert entry_of(asset) is None


def test_an_asset_is_as_frequent_as_its_distributions_where_they_agree(asset):
    ways = [factories.distribution(asset, update_frequency=each) for each in ("daily", "daily", "weekly")]
    assert frequency_of(asset, ways[:2]) == UpdateFrequency.DAILY
    assert frequency_of(asset, ways) == UpdateFrequency.UNKNOWN
    assert frequency_of(asset, []) == UpdateFrequency.UNKNOWN
    asset.update_frequency = UpdateFrequency.ANNUAL
    assert frequency_of(asset, ways) == UpdateFrequency.ANNUAL


def test_very_many_distributions_are_told_in_part(asset):
    for number in range(MOST_DISTRIBUTIONS + 1):
        factories.distribution(asset, f"parte-{number:03}", format="")
    gaps = entry_of(asset).gaps
    assert len(gaps) < 20
    assert str(MOST_DISTRIBUTIONS) in gaps[-1]


def test_its_page_tells_its_keepers_what_is_missing_and_nobody_else(
    asset, browse, referent, other_referent, city_staff
):
    factories.distribution(asset, title_it="Condotte", format="")
    for person, told in ((referent, True), (other_referent, False), (city_staff, False), (None, False)):
        page = browse(person).get(asset.get_absolute_url()).content.decode()
        assert ("catalogue-note" in page) == told


def test_its_page_tells_everybody_theme_and_rights_holder(asset, browse):
    holder = factories.partner("titolare", name_it="Titolare dei dati")
    Asset.objects.filter(pk=asset.pk).update(theme="TRAN", rights_holder=holder, update_frequency="quarterly")
    page = browse().get(asset.get_absolute_url()).content.decode()
    row = Asset.objects.get(pk=asset.pk)
    assert row.get_theme_display() in page
    assert row.get_update_frequency_display() in page
    assert holder.get_absolute_url() in page


def test_the_desk_asks_for_the_facts_and_stores_them(asset, browse, referent, silfi):
    client = browse(referent)
    page = client.get(admin_url(asset, "change"))
    assert "desk-gaps" in page.content.decode()
    sent = dict.fromkeys(("description_it", "description_en", "conditions_it", "conditions_en", "name_en"), "")
    sent |= {"category": asset.category_id, "name_it": asset.name_it, "code": asset.code, "visibility": "public"}
    sent |= {"exchange_status": "exchangeable", "_seen": page.context["seen"], "_save": "1"}
    sent |= {"theme": "ENVI", "update_frequency": "weekly", "rights_holder": silfi.pk}
    assert client.post(admin_url(asset, "change"), sent).status_code == 302
    asset.refresh_from_db()
    assert (asset.theme, asset.update_frequency, asset.rights_holder) == ("ENVI", "weekly", silfi)


def test_the_desk_offers_formats_and_licences_that_catalogues_know(asset, browse, referent):
    way = factories.distribution(asset, format="boh", title_it="Condotte")
    page = browse(referent).get(admin_url(way, "change")).content.decode()
    assert 'list="id_format-suggestions"' in page
    assert '<datalist id="id_format-suggestions">' in page
    assert '<option value="CC BY 4.0">' in page
    assert "boh" in page.partition("desk-gaps")[2].partition("</ul>")[0]


def test_who_only_looks_at_a_distribution_is_not_told_what_it_lacks(asset, browse, other_referent):
    way = factories.distribution(asset, format="")
    assert "desk-gaps" not in browse(other_referent).get(admin_url(way, "change")).content.decode()


def test_the_list_of_assets_leads_to_the_catalogue(asset, browse):
    page = browse().get("/assets/").content.decode()
    for extension, media_type in (
        ("ttl", "text/turtle"),
        ("rdf", "application/rdf+xml"),
        ("jsonld", "application/ld+json"),
    ):
        assert f'<link rel="alternate" type="{media_type}" href="/api/v1/catalogue.{extension}"' in page


def test_the_api_reads_and_stores_the_facts(asset, call, writer, silfi):
    client = call(writer)
    address = f"/api/v1/assets/{asset.code}"
    response = client.patch(address, {"theme": "ENER", "rights_holder": silfi.code, "update_frequency": "daily"})
    assert response.status_code == 200, response.content
    body = client.get(address).json()
    assert (body["theme"], body["rights_holder"], body["update_frequency"]) == ("ENER", silfi.code, "daily")
    refused = client.patch(address, {"theme": "energia"})
    assert refused.status_code == 400
    assert [error["field"] for error in refused.json()["errors"]] == ["theme"]
    assert Asset.objects.get(pk=asset.pk).theme == "ENER"


def test_no_door_stores_a_theme_or_a_frequency_that_there_is_not(asset):
    for values in ({"theme": "XXXX"}, {"update_frequency": ""}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Asset.objects.filter(pk=asset.pk).update(**values)
    Asset.objects.filter(pk=asset.pk).update(theme="")
    assert Distribution.objects.count() == 0
