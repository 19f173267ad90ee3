"""Every page that people browse at 1,000,000 placements against 1 % of it: `python -m tests.benchmarks.browse`.

Both databases also hold what the registry starts with: the Plan and its project charts. Then the map's cluster query
by itself, the city against one district.
"""

import statistics
import sys
import time

from tests.benchmarks.asking import growth
from tests.benchmarks.database import LARGE, SMALL, databases, use

ALLOWED, ALLOWED_OF_DISTRICT, RUNS = 1.5, 3, 31
CITY, ZOOM = (11.150, 43.727, 11.333, 43.833), 12
PEOPLE = ("anonymous", "referent", "staff")


def main() -> None:
    with databases():
        add_the_plan()
        figures = [
            growth(name, person, lambda at=address: at) for name, address, people in pages() for person in people
        ]
        sys.stdout.write(f"largest growth: {max(figures):.2f} (allowed: {ALLOWED})\n")
        use(LARGE[0])
        for person in PEOPLE:
            ratio = city_to_district(person)
            sys.stdout.write(
                f"clusters of the city / of a district, {person}: {ratio:.2f} (allowed: {ALLOWED_OF_DISTRICT})\n"
            )


def add_the_plan() -> None:
    """Load what the registry starts with, where that is still to be done."""
    from django.core.management import call_command
    from django.db import connection

    from projects.models import ProjectChart

    for size, *_ in (SMALL, LARGE):
        use(size)
        if not ProjectChart.objects.exists():
            call_command("load_registry", verbosity=0)
            with connection.cursor() as cursor:
                cursor.execute("VACUUM ANALYZE")


def pages():
    """Yield name, address and readers of each page."""
    from assets.models import Asset
    from projects.models import ProjectChart

    chart = ProjectChart.objects.filter(visibility="public").exclude(status="draft").order_by("code").first()
    generated = Asset.objects.filter(source="generate_sample", visibility="public", category__kind="material")
    yield "dashboard", "/", PEOPLE
    yield "plan", "/plan/", ("anonymous", "staff")
    yield "network", "/network/", ("staff",)
    yield "charts", "/charts/", ("anonymous", "staff")
    yield "chart", chart.get_absolute_url(), ("staff",)
    yield "assets", "/assets/", PEOPLE
    yield "assets of a category", "/assets/?category=sample-luminaires", PEOPLE
    yield "assets in a district", "/assets/?district=1", ("staff",)
    yield "asset", generated.earliest("code").get_absolute_url(), ("staff",)
    yield "map", "/map/", PEOPLE
    yield "map of a category", "/map/?category=sample-luminaires", ("staff",)
    yield "map of a district", "/map/?district=1", ("staff",)
    yield "map, idle", "/map/?used=no", ("staff",)
    for zoom, box in ((12, ",".join(map(str, CITY))), (14, "11.21,43.75,11.29,43.79"), (15, "11.23,43.76,11.27,43.78")):
        yield f"clusters at zoom {zoom}", f"/map/clusters/?zoom={zoom}&bbox={box}", PEOPLE
    yield "clusters at zoom 17", "/map/clusters/?zoom=17&bbox=11.250,43.770,11.260,43.775", ("staff",)
    yield "partners", "/partners/", ("staff",)
    yield "partner", "/partners/sample-01/", ("anonymous", "staff")
    yield "meetings", "/meetings/", ("staff",)
    yield "search", "/search/?q=prova", ("anonymous", "staff")
    yield "suggestions", "/search/suggest/?q=via+roma+12", PEOPLE


def city_to_district(person: str) -> float:
    """Median time of the clusters of the whole city, against those of one district."""
    from django.contrib.auth.models import AnonymousUser

    from assets.maps import Selection, view_of
    from assets.tiles import Box
    from partners.models import User

    who = AnonymousUser() if person == "anonymous" else User.objects.get(username=person)
    times = {"": [], "1": []}
    for _ in range(RUNS):
        for district, taken in times.items():
            started = time.perf_counter()
            assert view_of(Selection(who, district=district), Box(*CITY), ZOOM).total
            taken.append(time.perf_counter() - started)
    city, district = (statistics.median(taken) for taken in times.values())
    return city / district


if __name__ == "__main__":
    main()
