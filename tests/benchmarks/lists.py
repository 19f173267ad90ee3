"""Every list at 10,000 assets and 1,000,000 placements against 1 % of it: `python -m tests.benchmarks.lists`.

For each list and each person: the first page, and a page in the middle. Both databases are asked in turn.
"""

import sys

from tests.benchmarks.asking import growth
from tests.benchmarks.database import databases

ALLOWED = 2
PEOPLE = ("anonymous", "referent", "staff")


def main() -> None:
    with databases():
        worst = 0.0
        for name, address, key, rows, people in lists():
            for person in people:
                for deep in (False, True):
                    worst = max(worst, compared(name, address, key, rows, person, deep=deep))
    sys.stdout.write(f"largest growth: {worst:.2f} (allowed: {ALLOWED})\n")


def lists():
    """Yield name, address, key, rows and readers of every list that grows with the sample."""
    from django.contrib import admin
    from django.urls import reverse

    from assets.models import Asset, Distribution, Placement
    from firenze_digitale.api_urls import RESOURCES
    from partners.models import Partner

    in_asset = Placement.objects.filter(asset__code="sample-000000")
    yield "page: assets", reverse("asset-list"), ("name_it", "id"), Asset.objects.all(), PEOPLE
    yield "page: partners", reverse("partner-list"), ("name_it", "id"), Partner.objects.all(), PEOPLE
    address = reverse("placement-list", args=["sample-000000"])
    yield "page: placements of an asset", address, ("code",), in_asset, ("staff",)
    for model in (Partner, Asset, Placement, Distribution):
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        list_key = admin.site.get_model_admin(model).list_key
        yield f"admin: {model.__name__}", address, list_key, model.objects.all(), ("referent", "staff")
    for resource in ("partners", "assets", "placements", "distributions"):
        view = RESOURCES[resource]
        yield f"API: {resource}", f"/api/v1/{resource}", view.list_key, view.model.objects.all(), PEOPLE
    address = "/api/v1/placements?asset=sample-000000"
    yield "API: placements of an asset", address, RESOURCES["placements"].list_key, in_asset, ("staff",)


def compared(name, address, key, rows, person, *, deep) -> float:
    """Print the median times of one page in both databases, and return their ratio."""
    page = "a page in the middle" if deep else "first page"
    return growth(f"{name}, {page}", person, lambda: middle_of(address, key, rows, person) if deep else address)


def middle_of(address, key, rows, person) -> str:
    """The address of the page that begins in the middle of what the person sees of `rows`."""
    from django.contrib.auth.models import AnonymousUser

    from firenze_digitale.paging import cursor_at
    from partners.models import User

    who = AnonymousUser() if person == "anonymous" else User.objects.get(username=person)
    seen = rows.visible_to(who).order_by(*key)
    cursor = cursor_at(seen.select_related(None)[seen.count() // 2], key)
    return f"{address}{'&' if '?' in address else '?'}cursor={cursor}"


if __name__ == "__main__":
    main()
