"""Names of the graph: prefixes, addresses below SITE_URL, texts in both languages."""

import re

from django.conf import settings
from django.utils.encoding import iri_to_uri
from django.utils.translation import override
from rdflib import DCTERMS, FOAF, RDF, RDFS, SKOS, XSD, Graph, Literal, Namespace, URIRef
from rdflib.namespace import DCAT
from rdflib.term import Node

from firenze_digitale.dcat.vocabularies import EU

DCATAPIT = Namespace("http://dati.gov.it/onto/dcatapit#")
HYDRA = Namespace("http://www.w3.org/ns/hydra/core#")
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
AUTHORITY = Namespace(EU)
LANGUAGES = ("it", "en")
PREFIXES = {
    "dcat": DCAT,
    "dcatapit": DCATAPIT,
    "dct": DCTERMS,
    "foaf": FOAF,
    "hydra": HYDRA,
    "rdfs": RDFS,
    "skos": SKOS,
    "vcard": VCARD,
    "xsd": XSD,
}
# What no XML document holds, not even escaped (XML 1.0, 2.2).
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def new_graph() -> Graph:
    """An empty graph that knows the prefixes."""
    graph = Graph(bind_namespaces="none")
    for prefix, namespace in PREFIXES.items():
        graph.bind(prefix, namespace)
    return graph


def address_below_site(path: str) -> URIRef:
    """The registry's own name of a thing: `path` begins with a slash."""
    return URIRef(settings.SITE_URL.rstrip("/") + path)


def elsewhere(address: str) -> URIRef:
    """An address that somebody typed, with what no IRI may hold percent-encoded."""
    return URIRef(iri_to_uri(address))


def literal(text, language: str | None = None) -> Literal:
    """A text that every format can hold."""
    return Literal(NOT_IN_XML.sub("", str(text)), lang=language)


def told(graph: Graph, subject: Node, predicate: URIRef, row, name: str, fallback: str = "") -> None:
    """Say a text of `row` in the languages that it has; in Italian `fallback` where it has none."""
    for language in LANGUAGES:
        text = getattr(row, f"{name}_{language}") or (fallback if language == "it" else "")
        if text:
            graph.add((subject, predicate, literal(text, language)))


def told_as(graph: Graph, subject: Node, predicate: URIRef, text) -> None:
    """Say a lazily translated text in both languages."""
    for language in LANGUAGES:
        with override(language):
            graph.add((subject, predicate, literal(text, language)))


def typed(graph: Graph, thing: URIRef, *types: URIRef) -> URIRef:
    """Say what a thing is, and return it."""
    for one in types:
        graph.add((thing, RDF.type, one))
    return thing


def word(graph: Graph, table: str, code: str, kind: URIRef) -> URIRef:
    """A word of an authority table of the EU, with what it is said where no other page says it."""
    name = typed(graph, AUTHORITY[f"{table}/{code}"], kind)
    graph.add((name, SKOS.inScheme, AUTHORITY[table]))
    return name


def italian(graph: Graph) -> URIRef:
    """The language in which everything is told; English may be missing."""
    return word(graph, "language", "ITA", DCTERMS.LinguisticSystem)


def moment(when) -> Literal:
    """A moment as RDF writes it, in UTC."""
    return Literal(when.isoformat(timespec="seconds"), datatype=XSD.dateTime)
