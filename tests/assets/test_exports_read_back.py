"""An export is imported again with nothing to change, in every format, whatever the rows hold."""

import io

import pytest
from django.db import transaction

from assets.exports import EXPORTS
from assets.imports import services
from assets.models import Asset, Distribution, Placement
from tests import factories
from tests.admin.world import luminaires

pytestmark = pytest.mark.django_db
FORMATS = [(export, file_format.name) for export in EXPORTS.values() for file_format in export.formats]
ATTRIBUTES = {"watt": 35, "lamp": "LED", "smart": True, "installed_on": "2016-02-29", "height": 3.5}
TEXTS = [
    "Perché “no”",
    "=1+1",
    "-",
    "'=x",
    "'quoted'",
    "1,5",
    "01/02/2016",
    "a\nb",
    "; , \t ;",
    "sì",
    "1e5",
    "NaN",
    "007",
]


@pytest.fixture(scope="module")
def strange(django_db_setup, django_db_blocker):
    """Rows of each kind whose values a careless export would change; of the first category one asset of each."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield Strange()
        transaction.set_rollback(True)


class Strange:
    narrowed = {"assets": ["lampioni"], "placements": ["lampioni"], "distributions": ["rete"]}

    def __init__(self):
        self.partner = factories.partner("mercafir")
        self.login = factories.user("mercafir")
        self.contact = factories.referent(self.partner, "mercafir-ict", user=self.login)
        other, data = factories.category(), factories.category(kind="immaterial")
        lamps = factories.asset(self.partner, "lampioni", category=luminaires(), attributes=ATTRIBUTES)
        network = factories.asset(self.partner, "rete", category=data)
        values = {"owner": self.partner, "category": other, "contact": self.contact, "mapped_on": "2016-02-29"}
        values |= {"theme": "TRAN", "update_frequency": "daily", "rights_holder": factories.partner("titolare")}
        Asset.objects.bulk_create(
            Asset(code=f"bene-{number}", name_it=text, description_it=text, attributes={"k": [text, None]}, **values)
            for number, text in enumerate(TEXTS)
        )
        Placement.objects.bulk_create(
            Placement(
                asset=lamps,
                code=f"00{number}",
                address=text,
                attributes=ATTRIBUTES,
                latitude=43.7 + number / 700,
                longitude=11.25,
            )
            for number, text in enumerate(TEXTS)
        )
        Placement.objects.create(asset=lamps, code="senza-posto", status="removed")
        Placement.objects.create(asset=Asset.objects.get(code="bene-0"), code="1", attributes={"k": None})
        Distribution.objects.bulk_create(
            Distribution(asset=network, code=f"D{number}", title_it="=Rete", has_personal_data=holds)
            for number, holds in enumerate((True, False, None))
        )


@pytest.mark.parametrize("narrowed", [False, True])
@pytest.mark.parametrize(("export_class", "name"), FORMATS)
def test_an_export_is_imported_with_nothing_to_change(strange, export_class, name, narrowed):
    rows = Asset.objects.filter(owner=strange.partner)
    export = export_class(
        export_class.of_assets(rows.filter(code__in=strange.narrowed[export_class.kind]) if narrowed else rows),
        strange.login,
    )
    content = b"".join(export.written(export.format_named(name)))
    imported = services.begin(
        kind=export.kind,
        partner=strange.partner,
        made_by=strange.login,
        file=io.BytesIO(content),
        file_name=export.file_name(export.format_named(name)),
    )
    assert (imported.refusal, imported.questions) == ("", [])
    found = {count: imported.counts[count] for count in ("rows", "unchanged", "new", "changed", "wrong")}
    assert found == {"rows": export.count, "unchanged": export.count, "new": 0, "changed": 0, "wrong": 0}
    assert (b"attributes." in content) == (narrowed and name == "csv" and export.kind != "distributions")
