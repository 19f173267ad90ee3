"""Systems that start from an export and follow the feed, while others write: in the end they have what the lists show.

Writers commit late, roll back, go back to savepoints, hide and show, hand over, rename, delete and upsert in bulk.
"""

import random
import threading
import time
from urllib.parse import urlsplit

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import override_settings

from assets.models import Asset, Category, Distribution, Placement
from firenze_digitale.api.resources import RESOURCES
from partners.models import Partner, Referent
from projects.models import AssetUse, Meeting, Milestone, Participation, ProjectChart
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
WRITERS, TRANSACTIONS, SEED = 6, 30, 1_000
VISIBILITIES = ("public", "network", "restricted")
UPSERT = """
    INSERT INTO assets_placement (asset_id, code, address, district, status, attributes)
    SELECT %s, 'U' || number, %s, '', 'active', '{}' FROM generate_series(%s, %s) number
    ON CONFLICT (asset_id, code) DO UPDATE SET address = EXCLUDED.address
"""


class Given(Exception):
    """A writer thinks better of it."""


class Writer(threading.Thread):
    """Does things at random, some of them at once with what others do; what the registry refuses is left."""

    def __init__(self, seed: int):
        super().__init__()
        self.random, self.seed, self.done, self.failure = random.Random(seed), seed, 0, None

    def run(self):
        try:
            for number in range(TRANSACTIONS):
                self.number = f"{self.seed}-{number}"
                try:
                    self.transact()
                    self.done += 1
                except (DatabaseError, Given):
                    continue
        except Exception as error:
            self.failure = error
        finally:
            connection.close()

    def transact(self):
        with transaction.atomic():
            for _step in range(self.random.choice((1, 1, 2, 4))):
                self.act()
            if self.random.random() < 0.2:
                try:
                    with transaction.atomic():
                        self.act()
                        raise Given
                except (DatabaseError, Given):
                    self.act()
            time.sleep(self.random.choice((0, 0, 0, 0.01, 0.08)))
            if self.random.random() < 0.1:
                raise Given

    def act(self):
        self.random.choice(ACTS)(self)

    def one(self, rows):
        ids = list(rows.order_by("pk").values_list("pk", flat=True))
        if not ids:
            raise Given
        return self.random.choice(ids)

    def visibility(self) -> str:
        return self.random.choice(VISIBILITIES)

    def partner(self) -> int:
        return self.one(Partner.objects.exclude(kind="city"))

    def add_asset(self):
        category = self.one(Category.objects.filter(kind=self.random.choice(("material", "immaterial"))))
        values = {"name_it": "Nuovo", "visibility": self.visibility(), "category_id": category}
        Asset.objects.create(
            code=f"nuovo-{self.number}-{self.random.randrange(10**6)}", owner_id=self.partner(), **values
        )

    def change_asset(self):
        Asset.objects.filter(pk=self.one(Asset.objects.all())).update(name_it=f"Bene {self.number}")

    def show_asset(self):
        Asset.objects.filter(pk=self.one(Asset.objects.all())).update(visibility=self.visibility())

    def show_all_assets_of_a_partner(self):
        Asset.objects.filter(owner_id=self.partner()).update(visibility=self.visibility())

    def hand_over(self):
        Asset.objects.filter(pk=self.one(Asset.objects.all())).update(owner_id=self.partner(), contact=None)

    def delete_asset(self):
        free = Asset.objects.filter(placements=None, distributions=None, uses=None)
        Asset.objects.filter(pk=self.one(free)).delete()

    def material(self) -> int:
        return self.one(Asset.objects.filter(category__kind="material"))

    def add_placements(self):
        asset, code = self.material(), f"{self.number}-{self.random.randrange(10**6)}"
        Placement.objects.bulk_create([Placement(asset_id=asset, code=f"{code}-{n}") for n in range(5)])

    def upsert_placements(self):
        first = self.random.randrange(10)
        with connection.cursor() as cursor:
            cursor.execute(UPSERT, [self.material(), f"Via {self.number}", first, first + 5])

    def change_placement(self):
        Placement.objects.filter(pk=self.one(Placement.objects.all())).update(address=f"Piazza {self.number}")

    def rename_placement(self):
        pk = self.one(Placement.objects.all())
        Placement.objects.filter(pk=pk).update(code=f"R{self.random.randrange(20)}")

    def move_placement(self):
        Placement.objects.filter(pk=self.one(Placement.objects.all())).update(asset_id=self.material())

    def delete_placements(self):
        Placement.objects.filter(asset_id=self.material(), pk__gte=self.one(Placement.objects.all())).delete()

    def add_distribution(self):
        asset = self.one(Asset.objects.filter(category__kind="immaterial"))
        Distribution.objects.create(
            asset_id=asset, code=f"d{self.number}.{self.random.randrange(10**6)}", title_it="File"
        )

    def delete_distribution(self):
        Distribution.objects.filter(pk=self.one(Distribution.objects.all())).delete()

    def chart(self) -> int:
        return self.one(ProjectChart.objects.all())

    def change_chart(self):
        ProjectChart.objects.filter(pk=self.chart()).update(summary_it=f"Sintesi {self.number}")

    def show_chart(self):
        ProjectChart.objects.filter(pk=self.chart()).update(visibility=self.visibility())

    def move_chart_on(self):
        drafts = ProjectChart.objects.filter(status__in=("draft", "proposed"))
        pk = self.one(drafts)
        status = "proposed" if drafts.get(pk=pk).status == "draft" else "draft"
        ProjectChart.objects.filter(pk=pk).update(status=status)

    def join_chart(self):
        Participation.objects.create(chart_id=self.chart(), partner_id=self.partner())

    def leave_chart(self):
        Participation.objects.filter(pk=self.one(Participation.objects.exclude(role="lead"))).delete()

    def use_asset(self):
        AssetUse.objects.create(chart_id=self.chart(), asset_id=self.one(Asset.objects.all()))

    def stop_using_asset(self):
        AssetUse.objects.filter(pk=self.one(AssetUse.objects.all())).delete()

    def add_milestone(self):
        title = f"Tappa {self.number}.{self.random.randrange(10**6)}"
        Milestone.objects.create(chart_id=self.chart(), title_it=title, due_on="2018-01-01")

    def meeting(self):
        return Meeting.objects.get(pk=self.one(Meeting.objects.all()))

    def show_meeting(self):
        Meeting.objects.filter(pk=self.meeting().pk).update(visibility=self.visibility())

    def attend(self):
        self.meeting().participants.add(self.one(Referent.objects.all()))

    def not_attend(self):
        self.meeting().participants.remove(self.one(Referent.objects.all()))

    def map_asset(self):
        self.meeting().mapped_assets.add(self.one(Asset.objects.all()))

    def bear_chart(self):
        self.meeting().charts_born.add(self.chart())

    def forget_chart(self):
        self.meeting().charts_born.remove(self.chart())

    def rename_partner(self):
        Partner.objects.filter(pk=self.partner()).update(name_it=f"Agenzia {self.number}")

    def change_referent(self):
        Referent.objects.filter(pk=self.one(Referent.objects.all())).update(phone=f"055 {self.seed}")

    def rename_asset_seldom(self):
        if self.random.random() < 0.05:
            Asset.objects.filter(pk=self.one(Asset.objects.all())).update(code=f"altro-{self.number}")


NOT_ACTS = {"run", "transact", "act", "one", "visibility", "partner", "material", "chart", "meeting"}
ACTS = [act for name, act in vars(Writer).items() if name not in NOT_ACTS and not name.startswith("_")]


class Follower(threading.Thread):
    """A system with a copy of all that it sees: `copy[kind][key]` is a body."""

    def __init__(self, client, over: threading.Event):
        super().__init__()
        self.client, self.over, self.failure = client, over, None
        self.copy = {}

    def run(self):
        try:
            address = self.export()
            while True:
                is_over = self.over.is_set()
                address, more = self.follow(address)
                if is_over and not more:
                    return
                time.sleep(0 if more else 0.05)
        except BaseException as error:
            self.failure = error
        finally:
            connection.close()

    def get(self, address: str):
        told = urlsplit(address)
        return self.client.get(f"{told.path}?{told.query}")

    def export(self) -> str:
        address = self.get("/api/v1/changes?after=latest").json()["next"]
        self.copy = self.listed()
        return address

    def listed(self) -> dict:
        return {kind: dict(self.rows(kind)) for kind in RESOURCES}

    def rows(self, kind: str):
        address = f"/api/v1/{kind}?limit=50"
        while address:
            page = self.get(address).json()
            yield from ((row.get("key") or row["code"], row) for row in page["results"])
            address = page["next"]

    def follow(self, address: str) -> tuple[str, bool]:
        answer = self.get(address)
        if answer.status_code == 410:
            return self.export(), True
        assert answer.status_code == 200, answer.content
        page = answer.json()
        for entry in page["results"]:
            if entry["change"] == "deleted":
                self.copy[entry["kind"]].pop(entry["key"], None)
            else:
                self.copy[entry["kind"]][entry["key"]] = entry["data"]
        return page["next"], page["more"]


@pytest.fixture
def followers(registry, call, browse, city_staff, publiacqua, silfi):
    clients = {
        "anybody": call(),
        "publiacqua": call(factories.credential(publiacqua)),
        "silfi": call(factories.credential(silfi)),
        "staff": browse(city_staff),
    }
    factories.signature(silfi, registry.plan.memorandum)
    over = threading.Event()
    return over, {name: Follower(client, over) for name, client in clients.items()}


@override_settings(API_LIMIT_PER_ADDRESS=10**6, API_LIMIT_PER_CREDENTIAL=10**6)
def test_whoever_follows_the_feed_from_an_export_ends_with_what_the_lists_show(followers):
    over, systems = followers
    writers = [Writer(SEED + number) for number in range(WRITERS)]
    for thread in (*systems.values(), *writers):
        thread.start()
    for writer in writers:
        writer.join()
    over.set()
    for system in systems.values():
        system.join()
    assert [thread.failure for thread in (*writers, *systems.values()) if thread.failure] == []
    assert sum(writer.done for writer in writers) > WRITERS * TRANSACTIONS / 3
    for name, system in systems.items():
        listed = system.listed()
        for kind in RESOURCES:
            assert system.copy[kind].keys() == listed[kind].keys(), (name, kind)
            assert system.copy[kind] == listed[kind], (name, kind)
