"""The search box: what it finds, for whom, and what people may type into it."""

import re

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import Http404
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.models import Asset, Placement
from firenze_digitale.asking import asked
from firenze_digitale.error_pages import NotFoundMiddleware
from firenze_digitale.highlighting import fragment, marked
from firenze_digitale.searching import by_index
from partners.models import Partner
from projects.models import Meeting, ProjectChart
from tests import factories

BOX, PAGE = "/search/suggest/", "/search/"
NASTY = [
    "'",
    '"',
    "''",
    "\\",
    "a\\'b",
    "& | ! ( ) : * <-> <2>",
    "roma & | pisa",
    "!!!",
    ":*",
    "a:*b",
    "%",
    "_",
    "%_%",
    "%s %(q)s",
    "\x00",
    "ro\x00ma",
    "\ud800",
    "e\u0301\u0301\u0301",
    "🍕",
    "ﬁ ½ ² Ⅷ ß İ",
    "النص العربي",
    "日本語",
    "di",
    "la il lo the of",
    "-1",
    "1e5",
    "0x41",
    "1.5.6",
    "a@b.it http://x.it/?a=b",
    "<script>alert(1)</script>",
    "{{ 7 }}",
    " \t\n ",
    "a" * 200,
    "a " * 100,
    "via viale piazza",
]


@pytest.fixture
def fountains(world):
    """Things with words of both languages, in every kind of row."""
    owner, category = world.partner, factories.category(name_it="Arredo", name_en="Furniture")
    asset = factories.asset(
        owner,
        "acqua",
        category=category,
        visibility="public",
        name_it="Fontanelli pubblici della città",
        name_en="Public drinking fountains",
        description_it="L'elenco nasce dall'illuminazione delle piazze, e si trova presso l'ufficio.",
    )
    factories.placement(asset, "F-0042", address="Piazza Dalmazia, 7")
    factories.objective(world.plan, 7, title_it="Identità digitale unica", title_en="A single digital identity")
    factories.meeting("giunta", title_it="Incontro delle aziende", minutes_it="Si parla di acquedotti.")
    return asset


def found(browser, text: str, **options) -> dict[str, set[str]]:
    """Addresses of the results of the search page, by the name of their group."""
    answer = browser.get(PAGE, {"q": text, **options})
    assert answer.status_code == 200
    return {group.name: {result.url for result in group.results} for group in answer.context["groups"]}


def suggested(browser, text: str) -> set[str]:
    answer = browser.get(BOX, {"q": text})
    assert answer.status_code == 200
    addresses = re.findall(r'href="(.+?)"', answer.content.decode())
    return {address.replace("&amp;", "&") for address in addresses if not address.startswith(PAGE)}


SEES = {
    None: {"public"},
    "outsider": {"public", "network"},
    "other_referent": {"public", "network"},
    "referent": {"public", "network", "restricted"},
    "city_staff": {"public", "network", "restricted"},
    "administrator": {"public", "network", "restricted"},
}


@pytest.mark.parametrize("role", SEES)
def test_what_one_may_not_see_is_in_no_result_no_suggestion_and_no_count(world, browse, request, subtests, role):
    browser = browse(request.getfixturevalue(role) if role else None)
    for visibility, chart in world.charts.items():
        factories.meeting(f"incontro-{visibility}", [world.contact], visibility=visibility, title_it=visibility)
        with subtests.test(visibility):
            counts = {group.name: group.count for group in browser.get(PAGE, {"q": visibility}).context["groups"]}
            seen = visibility in SEES[role]
            assert counts == (dict.fromkeys(("charts", "assets", "meetings", "placements"), 1) if seen else {})
            assert (chart.get_absolute_url() in suggested(browser, visibility)) == seen
            assert (chart.get_absolute_url() in suggested(browser, f"scheda {visibility[:4]}")) == seen


def test_rows_one_may_not_see_change_nothing_about_what_one_finds(world, browse):
    browser = browse()
    public, hidden = world.assets["public"], world.assets["restricted"]
    place = f"/map/?place={public.code}%3AV1"
    factories.placement(public, "V1", address="Via Quornavalle 1")
    texts = ("quornavalle", "quornavalli", "quorn", "restaurata quornavalli")

    def told():
        return [(found(browser, text, kind="placements"), suggested(browser, text)) for text in texts]

    before = told()
    assert before == [({"placements": {place}}, {place})] * 3 + [({}, set())]
    factories.placement(hidden, "H0", address="Via Quornavalli 1")
    for letter in "abcdefghijklmnopqrstuvwxy":
        factories.placement(hidden, f"H{letter}", address=f"Via Quorna{letter}a 1")
    factories.placement(hidden, "H1", address="Via Quornavalli restaurata")
    assert told() == before


def test_a_draft_is_found_by_its_participants_and_city_staff_alone(world, browse, referent, other_referent, city_staff):
    draft = "/charts/bozza-silfi/"
    for user, sees in ((None, False), (referent, False), (other_referent, True), (city_staff, True)):
        assert (draft in suggested(browse(user), "bozza silfi")) == sees
        assert (draft in found(browse(user), "bozza silfi").get("charts", ())) == sees


ASSET = "/assets/acqua/"
PLACE = "/map/?place=acqua%3AF-0042"


FOUND = [
    ("fontanelli", "assets", ASSET),
    ("FONTANELLO", "assets", ASSET),
    ("fontanel", "assets", ASSET),
    ("fontanele", "assets", ASSET),
    ("fontaneli publici", "assets", ASSET),
    ("fountain", "assets", ASSET),
    ("drinking fountains", "assets", ASSET),
    ("citta", "assets", ASSET),
    ("città pubblica", "assets", ASSET),
    ("i fontanelli della città", "assets", ASSET),
    ("illuminazioni", "assets", ASSET),
    ("fontanelli illuminazione", "assets", ASSET),
    ("acqua", "assets", ASSET),
    ("piazza dalmazia", "placements", PLACE),
    ("piazza dalmatia", "placements", PLACE),
    ("dalm", "placements", PLACE),
    ("Piazza Dalmazia 7", "placements", PLACE),
    ("f-0042", "placements", PLACE),
    ("publiaqua", "partners", "/partners/publiacqua/"),
    ("identita", "plan", "/plan/?plan=piano-2016-18#roadmap"),
    ("digital identities", "plan", "/plan/?plan=piano-2016-18#roadmap"),
    ("acquedotto", "meetings", "/meetings/giunta/"),
]


def test_stems_accents_and_typing_errors_are_no_matter(fountains, browse, city_staff, subtests):
    browser = browse(city_staff)
    for text, group, address in FOUND:
        with subtests.test(text):
            assert address in found(browser, text)[group]
            assert address in suggested(browser, text)


def test_every_word_must_occur(fountains, browse, city_staff):
    for text in ("fontanelli xyzzyqw", "dalmazia 99", "acqua notturna", "zz"):
        assert found(browse(city_staff), text) == {}
        assert suggested(browse(city_staff), text) == set()


@pytest.mark.parametrize("role", [None, "referent", "city_staff"])
def test_the_box_and_the_list_it_leads_to_agree(fountains, browse, request, role):
    browser, agreed = browse(request.getfixturevalue(role) if role else None), 0
    for text in ("scheda", "restricted", "schede publiche", "bene", "publiacqua"):
        for group in browser.get(PAGE, {"q": text}).context["groups"]:
            if group.name in ("charts", "assets", "partners"):
                assert browser.get(group.url).context["total"] == group.count
                agreed += 1
    assert agreed >= 3


def test_the_api_searches_as_the_pages_do(fountains, call):
    for text in ("fontanele", "fountain", "citta"):
        assert [row["code"] for row in call().get("/api/v1/assets", {"q": text}).json()["results"]] == ["acqua"]
    answer = call().get("/api/v1/placements", {"q": "piazza dalmatia"})
    assert [row["code"] for row in answer.json()["results"]] == ["F-0042"]


def test_whatever_is_typed_is_an_answer_and_no_accident(world, browse, city_staff, subtests):
    browser = browse(city_staff)
    for text in NASTY:
        with subtests.test(ascii(text)):
            for address in (PAGE, BOX, "/api/v1/placements"):
                answer = browser.get(address, {"q": text.encode("utf-8", "surrogatepass")})
                assert answer.status_code in (200, 400)
                assert "<script>alert" not in answer.content.decode()


@given(text=st.text(max_size=60))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_at_all_can_be_asked_for(db, text):
    wanted = asked(text)
    for model in (ProjectChart, Asset, Partner, Meeting):
        assert list(model.SEARCHED.found(model.objects.all(), wanted, nearly=True)) == []
    assert list(Placement.objects.matching(text)) == []
    marked(text, wanted)


def test_what_is_found_is_marked_and_all_else_is_escaped(world, browse):
    factories.asset(world.partner, "male", visibility="public", name_it='<script>alert("x")</script> & fontana')
    for address in (PAGE, BOX):
        html = browse().get(address, {"q": "fontana"}).content.decode()
        assert "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; <mark>fontana</mark>" in html
    html = browse().get(PAGE, {"q": '"><script>alert(1)</script>'}).content.decode()
    assert "<script>alert" not in html


@pytest.mark.parametrize(
    ("text", "words", "shown"),
    [
        ("I Fontanelli", "fontanello", "I <mark>Fontanelli</mark>"),
        ("Città e cittadini", "citta x", "<mark>Città</mark> e cittadini"),
        ("Città e cittadini", "citta", "<mark>Città</mark> e <mark>cittadini</mark>"),
        ("Piazza Dalmazia", "piazza dalmatia", "<mark>Piazza</mark> <mark>Dalmazia</mark>"),
        ("Fontana", "", "Fontana"),
    ],
)
def test_words_are_marked_by_their_stem_or_their_likeness(db, text, words, shown):
    assert marked(text, asked(words)) == shown


def test_a_text_is_quoted_where_the_words_occur(db):
    text = "Prima di tutto. " * 30 + "Qui si parla di fontanelli. " + "E poi basta. " * 30
    quoted = fragment(["", text], asked("fontanello"))
    assert "Qui si parla di <mark>fontanelli</mark>" in quoted
    assert quoted.startswith("… ")
    assert quoted.endswith(" …")
    assert len(quoted) < 230
    assert fragment([text], asked("acquedotto")) == ""


def test_nothing_typed_nothing_found_and_too_much_typed_are_told_in_words(world, browse):
    browser = browse()
    empty = browser.get(PAGE)
    assert (empty.status_code, empty.context["groups"]) == (200, [])
    assert 'href="/charts/"' in empty.content.decode()
    nothing = browser.get(PAGE, {"q": "xyzzyqw"})
    assert 'class="empty"' in nothing.content.decode()
    assert "/account/login/?next=/search/" in nothing.content.decode()
    for address in (PAGE, BOX):
        long = browser.get(address, {"q": "x" * 201})
        assert long.status_code == 400
        assert "200" in long.context["problem"]
    assert browser.get(PAGE, {"q": "scheda", "kind": "nonsense"}).status_code == 400
    assert browser.get(BOX, {"q": "s"}).content.strip() == b""


def test_more_than_a_hundred_are_not_counted(world, browse):
    asset = world.assets["public"]
    Placement.objects.bulk_create(
        Placement(asset=asset, code=f"L{number}", address=f"Lungarno {number}") for number in range(130)
    )
    group = next(g for g in browse().get(PAGE, {"q": "lungarno"}).context["groups"] if g.name == "placements")
    assert (len(group.results), group.has_more_than_counted) == (8, True)
    whole = browse().get(group.url).context["groups"]
    assert [(each.name, len(each.results)) for each in whole] == [("placements", 100)]


def test_the_number_of_queries_does_not_grow_with_what_is_found(world, browse, django_assert_max_num_queries):
    browser = browse()
    for text, more in (("scheda", factories.chart), ("bene", factories.asset)):
        counts = []
        for _ in range(2):
            with django_assert_max_num_queries(40) as asked_for:
                assert browser.get(PAGE, {"q": text}).status_code == 200
            counts.append(len(asked_for))
            for number in range(6):
                more(**({"visibility": "public", "name_it": f"Bene altro {number}"} if text == "bene" else {}))
        assert counts[0] == counts[1]


@pytest.mark.parametrize(("model", "name"), [(ProjectChart, "chart"), (Asset, "asset"), (Partner, "partner")])
def test_what_is_searched_is_what_the_indexes_hold(db, model, name):
    """A look-up finds an index only by the very same expression."""
    for nearly in (False, True):
        rows = model.SEARCHED.found(model.objects.all(), asked("fontanelli"), nearly=nearly)
        with by_index("enable_indexscan = off"):
            plan = rows.explain()
        assert f"{name}_words" in plan
        assert (f"{name}_likeness" in plan) == nearly


def test_placements_are_searched_by_their_index(db):
    with CaptureQueriesContext(connection) as queries:
        Placement.objects.matching("piazza dalmazia 7")
    asked = next(query["sql"] for query in queries if "registry_place_words" in query["sql"])
    with by_index("enable_indexscan = off"), connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {asked}")
        assert "placement_words" in str(cursor.fetchall())


def test_the_statement_and_the_privacy_page_say_what_is_still_missing(browse, db, settings):
    for address in ("/accessibility/", "/privacy/"):
        assert browse().get(address).content.decode().count('class="still-missing"') > 1
        assert f'href="{address}"' in browse().get("/").content.decode()
    settings.PUBLISHER = dict.fromkeys(settings.PUBLISHER, "https://example.org/dichiarazione")
    for address in ("/accessibility/", "/privacy/"):
        html = browse().get(address).content.decode()
        assert 'class="still-missing"' not in html
        assert "https://example.org/dichiarazione" in html


def test_what_does_not_exist_has_the_registrys_own_page_also_while_developing(db):
    def opened(request):
        raise AssertionError(f"{request.path} must not be asked for")

    middleware = NotFoundMiddleware(opened)
    for path, media in (("/nowhere/", "text/html"), ("/api/v1x/", "application/problem+json")):
        answer = middleware(RequestFactory().get(path))
        assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (404, media)
    request = RequestFactory().get("/charts/nowhere/")
    assert middleware.process_exception(request, Http404()).status_code == 404
    assert middleware.process_exception(request, PermissionDenied()) is None
