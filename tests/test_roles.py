"""Every route × method × person × visibility: what one may not see does not exist, what one may not change stays.

`tests/roles.py` states who may do what; here each kind of route says how its door puts that. The last tests fail
when a route of the registry is in none of them.
"""

import inspect
from functools import wraps

import pytest
from django.core.cache import cache
from django.db import transaction
from django.forms.models import model_to_dict
from django.urls import get_resolver, reverse
from django.urls.resolvers import URLResolver

from firenze_digitale.states import event_model_of
from tests.admin.world import filled_in
from tests.roles import CHANGES, CREDENTIALS, PEOPLE, SESSIONS, STEER, SUBJECTS, VISIBILITIES, World

API = {
    "partners": "partner",
    "referents": "referent",
    "memoranda": "memorandum",
    "studies": "study",
    "monographs": "monograph",
    "categories": "category",
    "assets": "asset",
    "placements": "placement",
    "distributions": "distribution",
    "plans": "plan",
    "objectives": "objective",
    "action-plans": "actionplan",
    "actions": "action",
    "project-charts": "projectchart",
    "meetings": "meeting",
}
WRITTEN = {"asset", "placement", "distribution", "monograph", "projectchart"}
PAGES = {
    "asset-list": "asset",
    "chart-list": "projectchart",
    "partner-list": "partner",
    "meeting-list": "meeting",
    "asset-detail": "asset",
    "placement-list": "placement",
    "chart-detail": "projectchart",
    "partner-detail": "partner",
    "meeting-detail": "meeting",
}
#: Routes that are the same for whoever comes, and what they answer to GET.
SAME_FOR_ALL = {
    "home": 200,
    "milestone-list": 200,
    "network": 200,
    "plan": 200,
    "login": {"anonymous": 200, "session": 302},
    "logout": 405,
    "password_change": {"anonymous": 302, "session": 200},
    "account-notices": {"anonymous": 302, "session": 200},
    "set_language": 302,
    "search": 200,
    "search-suggest": 200,
    "accessibility": 200,
    "privacy": 200,
    "robots": 200,
    "developers": 200,
    "developers-reference": 200,
    "map-outlines": 200,
    "favicon": {200, 301, 302},
    "api-catalogue": 200,
    "api-catalogue-ttl": 200,
    "api-catalogue-rdf": 200,
    "api-catalogue-jsonld": 200,
    "api-openapi": 200,
    "api-status": 200,
    "api-changes": 200,
    "api-nowhere": 404,
}
ADMIN_MODELS = {
    "partners": ["partner", "referent", "memorandum", "study", "monograph", "apicredential", "user"],
    "assets": ["category", "asset", "placement", "distribution"],
    "projects": ["projectchart", "plan", "objective", "actionplan", "action", "meeting"],
}
EXCHANGED = ("asset", "placement", "distribution")
#: Admin routes with tests of their own: who sees them is told there.
TESTED_ELSEWHERE = {
    "map": "tests/pages/test_map.py",
    "map-list": "tests/pages/test_map.py",
    "map-clusters": "tests/pages/test_map.py, tests/assets/test_maps.py",
    "admin:login": "tests/admin: leads to the registry's own log-in",
    "admin:logout": "tests/admin",
    "admin:password_change": "tests/admin",
    "admin:jsi18n": "tests/admin: holds words only",
    "admin:app_list": "tests/admin: as the index",
    "admin:autocomplete": "test_autocomplete_offers_only_what_one_may_see, below",
    "admin:auth_user_password_change": "tests/admin: administrators only",
    "admin:projects_participation_*": "tests/admin: a partner's own part, reached from its chart",
    "admin:axes_accessattempt_*": "tests/admin: administrators only",
    "admin:*_undelete": "tests/admin/test_restore.py",
    "admin:*_restore_part": "tests/admin/test_restore.py",
    "admin:assets_asset_confirm": "tests/assets/test_freshness.py: one's own alone",
    "admin:assets_handover_*": "tests/assets/test_handover.py: both sides and city staff",
    "admin:assets_import_*": "tests/admin/test_import_rights.py",
    "admin:assets_importmapping_*": "tests/admin/test_import_pages.py",
    "admin:projects_chartnotice_*": "tests/projects/test_notices.py: administrators only",
    "api-assets-bulk": "tests/api/test_bulk.py: as adding and changing one",
    "api-placements-bulk": "tests/api/test_bulk.py: as adding and changing one",
    "api-imports-list": "tests/api/test_imports_api.py: credentials that write",
    "api-imports-detail": "tests/api/test_imports_api.py: the partner's own",
    "api-imports-rows": "tests/api/test_imports_api.py: the partner's own",
    "api-imports-store": "tests/api/test_imports_api.py: the partner's own, with a credential that writes",
    "api-imports-undo": "tests/api/test_imports_api.py: the partner's own, with a credential that writes",
    "admin:partners_apicredential_revoke": "tests/admin/test_credentials.py: as changing it",
    "admin:partners_webhook_*": "tests/webhooks/test_desk.py: who answers for the partner, and administrators",
    "api-webhooks*": "tests/webhooks/test_api.py: who answers for the partner",
    "chart-document": "tests/projects/test_documents.py: as its chart",
    "chart-document-add": "tests/projects/test_documents.py: who may change the chart",
    "chart-document-remove": "tests/projects/test_documents.py: who may change the chart",
    "asset-export": "tests/pages/test_catalogue.py: as the list of assets",
    "meeting-document": "tests/projects/test_documents.py: as its meeting",
    "chart-export": "tests/pages/test_charts.py: the charts that its reader sees",
    "plan-booklet": "tests/pages/test_charts.py: a plan with the charts that its reader sees",
    "chart-new": "tests/pages/test_work.py: referents and city staff",
    "chart-step": "tests/pages/test_work.py: city staff, and the lead as far as it may",
    "chart-comment": "tests/pages/test_work.py: those who take part and city staff",
    "chart-part": "tests/pages/test_work.py: the partner itself, the lead and city staff",
    "chart-partner-add": "tests/pages/test_work.py: the lead and city staff",
    "milestone-done": "tests/pages/test_work.py: the lead and city staff",
    "developers-reference-group": "tests/pages/test_developers.py: the same for whoever comes",
    "api-ogc*": "tests/api/test_ogc.py: the units that its reader sees",
}


pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    """The same world for every test: each one's changes are undone before the next."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield World()
        transaction.set_rollback(True)


def visibilities_of(subject) -> tuple[str, ...]:
    return VISIBILITIES if subject and SUBJECTS[subject].has_visibility else ("public",)


def by_everybody(test):
    """Try a case as each person in turn, and undo it; whose case fails is told by name.

    Set up for each of them anew, the thousands of cases would take a fifth longer.
    """
    taken = inspect.signature(test)

    @wraps(test)
    def by_each(world, subtests, **case):
        for person in PEOPLE:
            cache.clear()
            with subtests.test(person), transaction.atomic():
                test(world=world, person=person, **case)
                transaction.set_rollback(True)

    subtests = inspect.Parameter("subtests", inspect.Parameter.KEYWORD_ONLY)
    others = [taken.parameters[name] for name in taken.parameters if name != "person"]
    by_each.__signature__ = taken.replace(parameters=[*others, subtests])
    return by_each


def cases(table) -> list:
    """Every (key, method, visibility) of a table of key → (subject, methods)."""
    return [
        pytest.param(*case.values, visibility, id=f"{case.id}-{visibility}")
        for case in whole_cases(table)
        for visibility in visibilities_of(table[case.values[0]][0])
    ]


def whole_cases(table) -> list:
    """Every (key, method) of such a table, for doors that are not of one row."""
    return [
        pytest.param(key, method, id=f"{key}-{method}")
        for key, (_subject, methods) in table.items()
        for method in methods
    ]


def seen_visibilities(subject: str, person: str) -> set[str]:
    """Of which visibilities a person sees the rows of the world, where a list shows all that they see."""
    return {visibility for visibility in visibilities_of(subject) if SUBJECTS[subject].seen_by(person, visibility)}


def state_of(row):
    """What is stored of a row now; None once it is gone."""
    found = type(row)._base_manager.filter(pk=row.pk).first()
    return found and {**model_to_dict(found), "updated_at": getattr(found, "updated_at", None)}


# The API


@pytest.mark.parametrize(
    ("resource", "method", "visibility"),
    cases({name: (subject, ["get", "head"]) for name, subject in API.items()}),
)
@by_everybody
def test_reading_the_api(world, resource, method, person, visibility):
    subject, row = SUBJECTS[API[resource]], world.row(API[resource], visibility)
    detail = getattr(world.clients[person], method)(f"/api/v1/{resource}/{row.key}")
    assert detail.status_code == (200 if subject.seen_by(person, visibility) else 404)


@pytest.mark.parametrize(
    ("resource", "method"), whole_cases({name: (subject, ["get", "head"]) for name, subject in API.items()})
)
@by_everybody
def test_lists_of_the_api(world, resource, method, person):
    name = API[resource]
    listed = getattr(world.clients[person], method)(f"/api/v1/{resource}?limit=200")
    assert listed.status_code == 200
    if method == "get":
        rows = {visibility: world.row(name, visibility) for visibility in visibilities_of(name)}
        keys = {key_in(body, rows["public"]) for body in listed.json()["results"]}
        assert {visibility for visibility, row in rows.items() if row.key in keys} == seen_visibilities(name, person)


def key_in(body: dict, row) -> str:
    """The key of a row, as its body in the API tells it."""
    return ":".join(str(body[lookup.partition("__")[0]]).split(":")[-1] for lookup in row.NATURAL_KEY)


@pytest.mark.parametrize(
    ("resource", "method", "visibility"),
    cases({name: (subject, ["put", "patch", "delete"]) for name, subject in API.items()}),
)
@by_everybody
def test_changing_through_the_api(world, resource, method, person, visibility):
    name = API[resource]
    subject, row = SUBJECTS[name], world.row(name, visibility)
    before = state_of(row)
    body = None if method == "delete" else {**CHANGES.get(name, {}), **(whole(row) if method == "put" else {})}
    answer = (
        getattr(world.clients[person], method)(f"/api/v1/{resource}/{row.key}", body, content_type="application/json")
        if person in SESSIONS
        else getattr(world.clients[person], method)(f"/api/v1/{resource}/{row.key}", body)
    )
    allowed = person in (subject.deletes if method == "delete" else subject.changes)
    if person in SESSIONS:
        assert answer.status_code == 401
    elif not takes(name, method):
        assert answer.status_code == 405
    elif not subject.seen_by(person, visibility):
        assert answer.status_code == 404
    elif not allowed:
        assert answer.status_code == 403
    else:
        assert answer.status_code == (204 if method == "delete" else 200), answer.content
        assert state_of(row) != before
        return
    assert state_of(row) == before


def takes(name: str, method: str) -> bool:
    return name in WRITTEN or (name == "referent" and method == "patch")


def whole(row) -> dict:
    """What PUT needs beside the change: the required fields as they are."""
    names = {
        "asset": ["code", "owner", "category"],
        "placement": ["asset", "code"],
        "distribution": ["asset", "code", "title_it"],
        "monograph": ["code", "study", "partner", "year"],
        "projectchart": ["code"],
    }.get(row._meta.model_name, [])
    values = {name: getattr(row, name) for name in names}
    return {name: getattr(value, "key", value) for name, value in values.items()}


@pytest.mark.parametrize("partner", ["publiacqua", "silfi"])
@pytest.mark.parametrize(
    ("resource", "method"),
    whole_cases({name: (subject, ["post"]) for name, subject in API.items() if subject != "meeting"}),
)
@by_everybody
def test_adding_through_the_api(world, resource, method, person, partner):
    name = API[resource]
    model = type(world.row(name, "public"))
    before = model.objects.count()
    client, body = world.clients[person], world.body(name, partner)
    options = {"content_type": "application/json"} if person in SESSIONS else {}
    answer = client.post(f"/api/v1/{resource}", body, **options)
    own = {"publiacqua": "writer", "silfi": "other_writer"}[
        "publiacqua" if name in ("placement", "distribution") else partner
    ]
    if person in SESSIONS:
        assert answer.status_code == 401
    elif name not in WRITTEN:
        assert answer.status_code == 405
    elif person == own:
        assert answer.status_code == 201, answer.content
        assert model.objects.count() == before + 1
        return
    else:
        assert answer.status_code in ((403,) if person == "reader" else (400, 403))
    assert model.objects.count() == before


# Pages


LISTS = {route for route in PAGES if route.endswith("-list") and route != "placement-list"}


def page_reader(person: str) -> str:
    """A credential is for the API: a page knows nobody by it."""
    return person if person in SESSIONS else "anonymous"


@pytest.mark.parametrize(
    ("route", "method", "visibility"),
    cases({route: (subject, ["get", "post"]) for route, subject in PAGES.items() if route not in LISTS}),
)
@by_everybody
def test_pages(world, route, method, person, visibility):
    name = PAGES[route]
    row = world.row(name, visibility)
    whole_row = row.asset if name == "placement" else row
    answer = getattr(world.clients[person], method)(reverse(route, args=[whole_row.code]))
    seen = SUBJECTS[name].seen_by(page_reader(person), visibility)
    assert answer.status_code == (405 if method == "post" else 200 if seen else 404)


@pytest.mark.parametrize(
    ("route", "method"),
    whole_cases({route: (subject, ["get", "post"]) for route, subject in PAGES.items() if route in LISTS}),
)
@by_everybody
def test_pages_of_lists(world, route, method, person):
    name = PAGES[route]
    answer = getattr(world.clients[person], method)(reverse(route))
    assert answer.status_code == (200 if method == "get" else 405)
    if method == "get":
        links = {v: f'href="{world.row(name, v).get_absolute_url()}"' for v in visibilities_of(name)}
        shown = {visibility for visibility, link in links.items() if link in answer.content.decode()}
        assert shown == seen_visibilities(name, page_reader(person))


@pytest.mark.parametrize("route", SAME_FOR_ALL)
@by_everybody
def test_routes_that_are_the_same_for_all(world, route, person):
    path = "/api/v1/nowhere" if route == "api-nowhere" else reverse(route)
    expected = SAME_FOR_ALL[route]
    if isinstance(expected, dict):
        expected = expected["session" if person in SESSIONS and person != "anonymous" else "anonymous"]
    allowed = expected if isinstance(expected, set) else {expected}
    assert world.clients[person].get(path).status_code in allowed


# The admin


def admin_cases(make, *pages_and_methods) -> list:
    """Every case of the admin's pages of every model, as `cases` or `whole_cases` make them of a table."""
    table = {
        (app, name, page): (name, methods)
        for app, names in ADMIN_MODELS.items()
        for name in names
        for page, methods in pages_and_methods
    }
    return [
        pytest.param(*case.values[0], *case.values[1:], id="-".join([*case.values[0][1:], *case.values[1:]]))
        for case in make(table)
    ]


ADMIN_ARGUMENTS = ("app", "name", "page", "method")


def admin_call(world, app, name, page, method, person, row=None):
    address = reverse(f"admin:{app}_{name}_{page}", args=[row.pk] if row else [])
    data = {"post": "yes"} if page == "delete" else {}
    return getattr(world.clients[person], method)(address, data if method == "post" else None)


def sent_to_log_in(person, answer) -> bool:
    if person == "anonymous" or person in CREDENTIALS:
        assert answer.status_code == 302
        assert "/login/?next=/admin/" in answer.url
        return True
    return False


RESTORED = {
    app: [name for name in names if name not in ("apicredential", "user")] for app, names in ADMIN_MODELS.items()
}


@pytest.mark.parametrize("name", [name for names in RESTORED.values() for name in names])
@by_everybody
def test_deleted_rows_and_earlier_states_of_the_admin(world, name, person):
    """Whose row it is brings it back; nobody else is told of what is gone, or of what was before."""
    subject, row = SUBJECTS[name], world.row(name, "restricted")
    app = next(app for app, names in RESTORED.items() if name in names)
    listed = world.clients[person].get(reverse(f"admin:{app}_{name}_deleted"))
    if sent_to_log_in(person, listed):
        return
    assert listed.status_code == (200 if person in subject.adds else 403)
    first = event_model_of(type(row)).objects.filter(pgh_obj_id=row.pk).order_by("pgh_id").first()
    answer = world.clients[person].get(reverse(f"admin:{app}_{name}_restore", args=[row.pk, first.pgh_id]))
    changes = person in subject.changes
    assert answer.status_code == (200 if changes else 403 if subject.seen_by(person, "restricted") else 404)


@pytest.mark.parametrize(ADMIN_ARGUMENTS, admin_cases(whole_cases, ("changelist", ["get"]), ("add", ["get", "post"])))
@by_everybody
def test_lists_and_new_rows_of_the_admin(world, app, name, page, method, person):
    subject = SUBJECTS[name]
    answer = admin_call(world, app, name, page, method, person)
    if sent_to_log_in(person, answer):
        return
    if page == "add":
        assert answer.status_code == (200 if person in subject.adds else 403)
    elif subject.has_visibility or person in subject.sees | subject.lists:
        assert answer.status_code == 200
        rows = {visibility: world.row(name, visibility) for visibility in visibilities_of(name)}
        links = {v: f'"{reverse(f"admin:{app}_{name}_change", args=[row.pk])}' for v, row in rows.items()}
        shown = {visibility for visibility, link in links.items() if link in answer.content.decode()}
        assert shown == seen_visibilities(name, person)
    else:
        assert answer.status_code == 403


@pytest.mark.parametrize(
    (*ADMIN_ARGUMENTS, "visibility"),
    admin_cases(cases, ("change", ["get", "post"]), ("history", ["get"]), ("delete", ["get", "post"])),
)
@by_everybody
def test_rows_of_the_admin(world, app, name, page, method, person, visibility):
    subject, row = SUBJECTS[name], world.row(name, visibility)
    before = state_of(row)
    answer = admin_call(world, app, name, page, method, person, row)
    if sent_to_log_in(person, answer):
        return
    if not subject.seen_by(person, visibility):
        assert answer.status_code in (403, 404) if subject.sees else answer.status_code == 404
    elif page == "delete":
        deleted = person in subject.deletes
        assert answer.status_code == ((302 if method == "post" else 200) if deleted else 403)
        if deleted and method == "post":
            assert state_of(row) is None
            return
    elif page == "change" and method == "post":
        # An empty form is shown again to who may change the row.
        assert answer.status_code == (200 if person in subject.changes else 403) or (
            person in subject.changes and answer.status_code == 302
        )
    else:
        assert answer.status_code == 200
    if person not in subject.changes or method == "get":
        assert state_of(row) == before


@pytest.mark.parametrize("page", ["import", "export", "template"])
@pytest.mark.parametrize("name", EXCHANGED)
@by_everybody
def test_import_and_export_of_the_admin(world, name, page, person):
    answer = world.clients[person].get(reverse(f"admin:assets_{name}_{page}"))
    if sent_to_log_in(person, answer):
        return
    allowed = page != "import" or person in SUBJECTS[name].adds
    assert answer.status_code == (200 if allowed else 403)


@pytest.mark.parametrize("visibility", VISIBILITIES)
@by_everybody
def test_an_export_holds_what_one_may_see(world, visibility, person):
    row = world.row("asset", visibility)
    answer = world.clients[person].get(reverse("admin:assets_asset_export"), {"as": "csv"})
    if sent_to_log_in(person, answer):
        return
    assert answer.status_code == 200
    content = answer.getvalue()
    assert (row.code.encode() in content) == SUBJECTS["asset"].seen_by(person, visibility)


@pytest.mark.parametrize("visibility", VISIBILITIES)
@by_everybody
def test_autocomplete_offers_only_what_one_may_see(world, visibility, person):
    row = world.row("asset", visibility)
    asked = {"app_label": "projects", "model_name": "assetuse", "field_name": "asset", "term": row.code}
    answer = world.clients[person].get(reverse("admin:autocomplete"), asked)
    if sent_to_log_in(person, answer):
        return
    assert answer.status_code == 200
    offered = {int(result["id"]) for result in answer.json()["results"]}
    assert (row.pk in offered) == SUBJECTS["asset"].seen_by(person, visibility)


@pytest.mark.parametrize("visibility", VISIBILITIES)
@by_everybody
def test_moving_a_chart(world, visibility, person):
    chart = world.row("projectchart", visibility)
    address = reverse("admin:projects_projectchart_change", args=[chart.pk])
    page = world.clients[person].get(address, {"_move": "approved"})
    typed = filled_in(page) if page.status_code == 200 else {}
    chart.refresh_from_db()
    before = ("proposed", chart.title_it)
    answer = world.clients[person].post(address, {**typed, "title_it": "Mossa", "_move": "approved"})
    if not sent_to_log_in(person, answer):
        seen = SUBJECTS["projectchart"].seen_by(person, visibility)
        assert answer.status_code == (302 if person in STEER else 403 if seen else 404)
    chart.refresh_from_db()
    assert (chart.status, chart.title_it) == (("approved", "Mossa") if person in STEER else before)


# Nothing is left out


def routes(resolver, namespace=""):
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from routes(pattern, inner)
        elif pattern.name:
            yield f"{namespace}{pattern.name}"


def covered() -> set[str]:
    names = {*PAGES, *SAME_FOR_ALL, "admin:index"}
    names |= {
        f"admin:{a}_{m}_{page}" for a, models in RESTORED.items() for m in models for page in ("deleted", "restore")
    }
    names |= {f"api-{resource}-{page}" for resource in API for page in ("list", "detail")}
    for app, models in ADMIN_MODELS.items():
        names |= {f"admin:{app}_{m}_{p}" for m in models for p in ("changelist", "add", "change", "delete", "history")}
    return names | {f"admin:assets_{name}_{page}" for name in EXCHANGED for page in ("import", "export", "template")}


def told_elsewhere(route: str) -> bool:
    for name in TESTED_ELSEWHERE:
        start, star, end = name.partition("*")
        if route == name or (star and route.startswith(start or "admin:") and route.endswith(end)):
            return True
    return False


def test_every_route_is_in_the_table():
    missing = {route for route in routes(get_resolver()) if route not in covered() and not told_elsewhere(route)}
    assert not missing


def test_the_table_names_no_route_that_is_gone():
    assert not covered() - set(routes(get_resolver()))


@by_everybody
def test_the_index_of_the_admin(world, person):
    answer = world.clients[person].get(reverse("admin:index"))
    if not sent_to_log_in(person, answer):
        assert answer.status_code == 200
        shown = {model["object_name"].lower() for app in answer.context["app_list"] for model in app["models"]}
        everyones = {
            name for name, subject in SUBJECTS.items() if person in ((subject.sees or {person}) | subject.lists)
        }
        assert shown & set(SUBJECTS) == everyones
