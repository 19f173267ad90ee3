"""The catalogue of data: what it tells, to whom, in which formats, and that other catalogues can read it."""

from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from pyshacl import validate
from rdflib import DCTERMS, FOAF, RDF, RDFS, SKOS, Graph, URIRef
from rdflib.namespace import DCAT

from assets.catalogue import MOST_DISTRIBUTIONS
from assets.choices import Kind, Theme, UpdateFrequency
from assets.models import Asset
from firenze_digitale.dcat import catalogue
from firenze_digitale.dcat.terms import AUTHORITY, DCATAPIT, HYDRA, VCARD
from firenze_digitale.dcat.vocabularies import FREQUENCIES, file_type_of, licence_of
from tests import factories

pytestmark = [
    pytest.mark.django_db,
    # Of rdflib's own reader of JSON-LD.
    pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning"),
]

SHAPES = Path(__file__).parent / "shacl"
PROFILES = {"2.1.1": ("2.1.1-shapes.ttl", "2.1.1-ranges.ttl"), "3.0": ("3.0.0.ttl",)}
SITE = "https://registry.example.org"
PATH = "/api/v1/catalogue"
FORMATS = {
    "ttl": ("text/turtle", "turtle"),
    "rdf": ("application/rdf+xml", "xml"),
    "jsonld": ("application/ld+json", "json-ld"),
}
CODES = ("publiacqua-rete", "publiacqua-utenze", "terse")
FREE, HELD, TERSE = (URIRef(f"{SITE}/assets/{code}/#dataset") for code in CODES)


@pytest.fixture(autouse=True)
def site(settings):
    settings.SITE_URL = f"{SITE}/"
    settings.PUBLISHER = {**settings.PUBLISHER, "email": "registro@example.org"}


@pytest.fixture
def data(city, publiacqua):
    """Three assets of the catalogue, from told in full to hardly told, and four that it must not tell of."""
    category = factories.category("dati", kind=Kind.IMMATERIAL, name_it="Dati", name_en="Data")
    type(publiacqua).objects.filter(pk=publiacqua.pk).update(certified_email="pec@example.org", ipa_code="pbq")
    free = factories.asset(
        publiacqua,
        "publiacqua-rete",
        category=category,
        visibility="public",
        name_it="Rete idrica",
        name_en="Water network",
        description_it="Le condotte.\x0b",
        description_en="The pipes.",
        theme=Theme.ENVIRONMENT,
        update_frequency=UpdateFrequency.MONTHLY,
        rights_holder=city,
        contact=factories.referent(publiacqua, "publiacqua-rete", email="rossi.persona@example.org"),
    )
    told = {"access_url": "https://data.example.org/a{b}|c?d=1", "has_personal_data": False, "licence": "CC BY 4.0"}
    factories.distribution(free, "shp", title_it="Condotte", title_en="Pipes", format="Shapefile", **told)
    factories.distribution(free, "wms", title_it="Mappa", format="WMS", **told)
    held = factories.asset(
        publiacqua,
        "publiacqua-utenze",
        category=category,
        visibility="public",
        exchange_status="on_conditions",
        conditions_it="Solo con accordo.",
    )
    factories.distribution(
        held,
        "csv",
        access_url="https://secret.example.org/utenze",
        has_personal_data=True,
        licence="Riservata",
        format="CSV e PDF",
        update_frequency="daily",
    )
    factories.distribution(
        factories.asset(factories.partner("ignoto"), "terse", category=category, visibility="public")
    )
    for code, values in {
        "di-rete": {"visibility": "network"},
        "riservato": {"visibility": "restricted"},
    }.items():
        factories.distribution(factories.asset(publiacqua, code, category=category, **values))
    factories.asset(publiacqua, "senza-distribuzioni", category=category, visibility="public")
    factories.asset(publiacqua, "materiale", visibility="public")


def read(client, path=f"{PATH}.ttl", **headers) -> Graph:
    response = client.get(path, headers=headers)
    assert response.status_code == 200, response.content
    media_type = response["Content-Type"].partition(";")[0]
    return Graph().parse(response.content, format=next(name for kind, name in FORMATS.values() if kind == media_type))


def datasets(graph: Graph) -> set:
    return set(graph.objects(URIRef(f"{SITE}/assets/#catalogue"), DCAT.dataset))


def texts(graph, subject, predicate) -> dict:
    return {text.language: str(text) for text in graph.objects(subject, predicate)}


def word(table: str, code: str) -> URIRef:
    return AUTHORITY[f"{table}/{code}"]


@pytest.mark.parametrize("release", PROFILES)
def test_the_catalogue_is_valid_by_the_shapes_of_the_eu(release, data, client):
    shapes = Graph()
    for name in PROFILES[release]:
        shapes.parse(SHAPES / name)
    graph = read(client)
    conforms, _report, told = validate(graph, shacl_graph=shapes)
    assert conforms, told
    # The shapes do find what is wrong.
    graph.remove((FREE, DCTERMS.title, None))
    assert not validate(graph, shacl_graph=shapes)[0]


def test_the_catalogue_has_what_the_italian_profile_asks_for(data, client):
    graph = read(client)
    home = URIRef(f"{SITE}/assets/#catalogue")
    mandatory = {
        DCATAPIT.Catalog: (DCTERMS.title, DCTERMS.description, DCTERMS.publisher, DCTERMS.modified, DCTERMS.issued,
                           DCTERMS.language, DCAT.dataset, DCAT.themeTaxonomy, FOAF.homepage),
        DCATAPIT.Dataset: (DCTERMS.identifier, DCTERMS.title, DCTERMS.description, DCTERMS.modified, DCTERMS.issued,
                           DCTERMS.rightsHolder, DCTERMS.publisher, DCTERMS.accrualPeriodicity, DCTERMS.subject,
                           DCAT.theme, DCAT.contactPoint, DCAT.distribution),
        DCATAPIT.Distribution: (DCTERMS.title, DCTERMS.description, DCTERMS.format, DCTERMS.license, DCAT.accessURL),
        DCATAPIT.Agent: (FOAF.name, DCTERMS.identifier),
        DCATAPIT.Organization: (VCARD.fn, VCARD.hasEmail),
        DCATAPIT.LicenseDocument: (FOAF.name, DCTERMS.type),
    }  # fmt: skip
    for kind, properties in mandatory.items():
        found = set(graph.subjects(RDF.type, kind))
        assert found
        lacking = {(str(one), str(what)) for one in found for what in properties if (one, what, None) not in graph}
        assert not lacking
    assert set(graph.subjects(RDF.type, DCATAPIT.Catalog)) == {home}
    ranges = {
        DCTERMS.rightsHolder: DCATAPIT.Agent,
        DCTERMS.publisher: DCATAPIT.Agent,
        DCTERMS.license: DCATAPIT.LicenseDocument,
        DCAT.contactPoint: DCATAPIT.Organization,
        DCAT.theme: SKOS.Concept,
        DCTERMS.accrualPeriodicity: DCTERMS.Frequency,
        DCTERMS.format: DCTERMS.MediaTypeOrExtent,
        DCTERMS.language: DCTERMS.LinguisticSystem,
    }
    for what, kind in ranges.items():
        assert all((value, RDF.type, kind) in graph for value in graph.objects(None, what))


def test_only_public_immaterial_assets_that_can_be_got_at_are_told_whoever_asks(data, client, city_staff, browse):
    assert datasets(read(client)) == {FREE, HELD, TERSE}
    told_to_staff = browse(city_staff).get(f"{PATH}.ttl").content
    assert told_to_staff == client.get(f"{PATH}.ttl").content
    for hidden in (b"di-rete", b"riservato", b"senza-distribuzioni", b"materiale"):
        assert hidden not in told_to_staff


def test_facts_are_told_in_the_words_of_the_vocabularies(data, client):
    graph = read(client)
    city, publiacqua = (URIRef(f"{SITE}/partners/{code}/#agent") for code in ("comune-di-firenze", "publiacqua"))
    assert texts(graph, FREE, DCTERMS.title) == {"it": "Rete idrica", "en": "Water network"}
    assert texts(graph, FREE, DCTERMS.description) == {"it": "Le condotte.", "en": "The pipes."}
    assert str(graph.value(FREE, DCTERMS.identifier)) == "publiacqua-rete"
    assert graph.value(FREE, DCTERMS.rightsHolder) == city
    assert graph.value(FREE, DCTERMS.publisher) == publiacqua
    assert [str(graph.value(one, DCTERMS.identifier)) for one in (city, publiacqua)] == ["comune-di-firenze", "pbq"]
    assert graph.value(FREE, DCAT.theme) == word("data-theme", "ENVI")
    assert graph.value(FREE, DCTERMS.accrualPeriodicity) == word("frequency", "MONTHLY")
    assert graph.value(FREE, DCTERMS.accessRights) == word("access-right", "PUBLIC")
    assert graph.value(FREE, DCAT.landingPage) == URIRef(f"{SITE}/assets/publiacqua-rete/")
    pipes = URIRef(f"{SITE}/assets/publiacqua-rete/#distribution-shp")
    assert graph.value(pipes, DCAT.accessURL) == URIRef("https://data.example.org/a%7Bb%7D%7Cc?d=1")
    assert graph.value(pipes, DCTERMS.format) == word("file-type", "SHP")
    licence = graph.value(pipes, DCTERMS.license)
    assert licence == URIRef("https://w3id.org/italia/controlled-vocabulary/licences/A21_CCBY40")
    assert graph.value(licence, DCTERMS.type) == URIRef("http://purl.org/adms/licencetype/Attribution")


def test_questions_go_to_an_office_and_never_to_a_person(data, client):
    graph = read(client)
    assert graph.value(graph.value(FREE, DCAT.contactPoint), VCARD.hasEmail) == URIRef("mailto:pec@example.org")
    publisher = graph.value(TERSE, DCAT.contactPoint)
    assert graph.value(publisher, VCARD.hasEmail) == URIRef("mailto:registro@example.org")
    assert "rossi.persona" not in graph.serialize()


def test_an_office_without_an_address_is_left_out(data, client, settings):
    settings.PUBLISHER = {**settings.PUBLISHER, "email": "", "certified_email": ""}
    graph = read(client)
    assert graph.value(TERSE, DCAT.contactPoint) is None
    assert graph.value(FREE, DCAT.contactPoint) is not None


def test_personal_data_are_not_led_to(data, client):
    graph = read(client)
    way = graph.value(HELD, DCAT.distribution)
    assert graph.value(way, DCAT.accessURL) == URIRef(f"{SITE}/assets/publiacqua-utenze/")
    assert graph.value(HELD, DCTERMS.accessRights) == word("access-right", "RESTRICTED")
    terms = texts(graph, graph.value(way, DCTERMS.rights), RDFS.label)
    assert terms["it"].startswith("Riservata\nSolo con accordo.\n")
    assert len(terms["it"].splitlines()) == 3
    assert "secret.example.org" not in graph.serialize()


def test_what_nobody_told_is_said_to_be_unknown(data, client):
    graph = read(client)
    assert graph.value(TERSE, DCAT.theme) == word("data-theme", "OP_DATPRO")
    assert graph.value(TERSE, DCTERMS.accrualPeriodicity) == word("frequency", "UNKNOWN")
    assert graph.value(TERSE, DCTERMS.accessRights) is None
    assert texts(graph, TERSE, DCTERMS.description) == texts(graph, TERSE, DCTERMS.title)
    way = graph.value(HELD, DCAT.distribution)
    assert graph.value(way, DCTERMS.format) == word("file-type", "OP_DATPRO")
    assert str(graph.value(way, DCTERMS.license)).endswith("/C1_Unknown")
    # The asset says nothing, and its one distribution does.
    assert graph.value(HELD, DCTERMS.accrualPeriodicity) == word("frequency", "DAILY")


def test_an_asset_that_is_not_exchanged_is_not_public(data, client):
    Asset.objects.filter(code="publiacqua-rete").update(exchange_status="not_exchangeable")
    assert read(client).value(FREE, DCTERMS.accessRights) == word("access-right", "NON_PUBLIC")


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_tells_the_same_by_extension_parameter_and_negotiation(name, data, client):
    media_type, _parser = FORMATS[name]
    for path, headers in ((f"{PATH}.{name}", {}), (f"{PATH}?format={name}", {}), (PATH, {"accept": media_type})):
        response = client.get(path, headers=headers)
        assert response["Content-Type"].partition(";")[0] == media_type
        graph = read(client, path, **headers)
        assert datasets(graph) == {FREE, HELD, TERSE}
        assert set(graph.subjects(RDF.type, HYDRA.PagedCollection)) == {URIRef(SITE + path)}


def test_turtle_is_sent_where_the_format_is_all_the_same(client):
    for headers in ({}, {"accept": "text/html,*/*;q=0.8"}):
        assert client.get(PATH, headers=headers)["Content-Type"] == "text/turtle; charset=utf-8"


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        (PATH, {"accept": "image/png"}, 406),
        (f"{PATH}?format=csv", {}, 400),
        (f"{PATH}?page=2", {}, 400),
        (f"{PATH}?cursor=abc", {}, 400),
        (f"{PATH}.ttl?format=rdf", {}, 400),
        (f"{PATH}.n3", {}, 404),
    ],
)
def test_what_is_not_understood_is_a_problem(path, headers, status, client):
    response = client.get(path, headers=headers)
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json")
    assert response.json()["status"] == status


@pytest.mark.parametrize("path", [f"{PATH}.ttl", f"{PATH}?format=jsonld"])
def test_a_harvester_that_follows_the_pages_reads_each_dataset_once(path, data, client, monkeypatch):
    monkeypatch.setattr(catalogue, "DATASETS_A_PAGE", 1)
    found, links = [], {HYDRA.next: [], HYDRA.nextPage: []}
    while path:
        graph = read(client, path)
        found += datasets(graph)
        page = graph.value(predicate=RDF.type, object=HYDRA.PagedCollection)
        assert page == URIRef(SITE + path)
        assert int(graph.value(page, HYDRA.totalItems)) == 3
        for name, seen in links.items():
            seen.append(graph.value(page, name))
        if len(found) == 1:
            # What is added before the page that was read, or goes, moves nothing.
            Asset.objects.filter(code="senza-distribuzioni").update(code="aaa")
        path = str(links[HYDRA.next][-1] or "").removeprefix(SITE)
    assert sorted(found) == sorted([FREE, HELD, TERSE])
    assert links[HYDRA.next] == links[HYDRA.nextPage]


def test_pages_cost_the_same_however_many_datasets_they_hold(data, client):
    def cost():
        cache.clear()
        with CaptureQueriesContext(
            connection,
        ) as queries:
            read(client)
        return len(queries)

    few = cost()
    for _number in range(12):
        owner = factories.partner(successor=factories.partner())
        category = factories.category(kind=Kind.IMMATERIAL)
        values = {"category": category, "visibility": "public", "rights_holder": factories.partner()}
        asset = factories.asset(owner, **values)
        factories.distribution(asset)
        factories.distribution(asset)
    assert cost() == few <= 8


def test_an_asset_of_very_many_distributions_does_not_fill_the_page(data, client):
    asset = Asset.objects.get(code="terse")
    for number in range(MOST_DISTRIBUTIONS + 3):
        factories.distribution(asset, f"parte-{number:03}")
    assert len(list(read(client).objects(TERSE, DCAT.distribution))) == MOST_DISTRIBUTIONS


def test_what_has_not_changed_is_not_sent_again(data, client):
    etag = client.get(f"{PATH}.ttl")["ETag"]
    again = client.get(f"{PATH}.ttl", headers={"if-none-match": etag})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)
    assert client.get(f"{PATH}.rdf")["ETag"] != etag
    changes = [
        lambda: Asset.objects.filter(code="terse").update(theme="TRAN"),
        lambda: Asset.objects.get(code="terse").distributions.update(format="PDF"),
        lambda: type(Asset.objects.get(code="terse").owner).objects.filter(code="ignoto").update(ipa_code="ign"),
        lambda: Asset.objects.filter(code="publiacqua-utenze").update(visibility="network"),
        lambda: Asset.objects.get(code="terse").distributions.all().delete(),
    ]
    for change in changes:
        change()
        response = client.get(f"{PATH}.ttl", headers={"if-none-match": etag})
        assert response.status_code == 200
        assert response["ETag"] != etag
        etag = response["ETag"]


def test_an_empty_registry_has_an_empty_catalogue(client):
    graph = read(client)
    assert datasets(graph) == set()
    assert graph.value(URIRef(f"{SITE}/assets/#catalogue"), DCTERMS.publisher) == URIRef(f"{SITE}/#publisher")


def test_the_language_of_the_reader_changes_nothing(data, client):
    italian = client.get(f"{PATH}.ttl", headers={"accept-language": "it"})
    english = client.get(f"{PATH}.ttl", headers={"accept-language": "en"})
    assert italian.content == english.content


def test_every_value_has_its_word():
    assert set(FREQUENCIES) == set(UpdateFrequency.values)
    assert len(Theme.values) == 13
    with translation.override("en"):
        assert all(label for label in Theme.labels)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("CSV", "CSV"),
        (".csv", "CSV"),
        ("geojson", "GEOJSON"),
        ("Shape file", "SHP"),
        ("WFS", "WFS_SRVC"),
        ("JSON-LD", "JSON_LD"),
        ("http://publications.europa.eu/resource/authority/file-type/XLSX", "XLSX"),
        ("CSV/JSON", None),
        ("Excel", None),
        ("", None),
    ],
)
def test_formats_are_known_as_people_write_them(written, code):
    assert file_type_of(written) == code


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("CC BY 4.0", "A21_CCBY40"),
        ("cc-by-4.0", "A21_CCBY40"),
        ("CC-BY-SA 4.0", "A31_CCBYSA40"),
        ("CC0", "A11_CCO10"),
        ("IODL 2.0", "A29_IODL20"),
        ("ODbL", "A310_ODBL"),
        ("https://w3id.org/italia/controlled-vocabulary/licences/A21_CCBY40", "A21_CCBY40"),
        ("CC BY", None),
        ("tutti i diritti riservati", None),
        ("", None),
    ],
)
def test_licences_are_known_as_people_write_them(written, code):
    assert getattr(licence_of(written), "code", None) == code
