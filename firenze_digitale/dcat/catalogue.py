"""A page of the catalogue as a graph: DCAT-AP_IT 1.0 (AgID), valid by DCAT-AP 2.1.1 and 3.0 (SEMIC) as well."""

import hashlib
from dataclasses import dataclass
from functools import cached_property

from django.conf import settings
from django.db.models import Count, Max, Min
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from rdflib import DCTERMS, FOAF, SKOS, Graph, Literal, URIRef
from rdflib.namespace import DCAT

from assets.catalogue import MOST_DISTRIBUTIONS
from assets.models import Asset
from firenze_digitale.dcat.datasets import DatasetWriter
from firenze_digitale.dcat.terms import (
    AUTHORITY,
    DCATAPIT,
    HYDRA,
    address_below_site,
    italian,
    moment,
    new_graph,
    told_as,
    typed,
)
from firenze_digitale.paging import paginate
from partners.models import Partner

DATASETS_A_PAGE = 25
#: Changes whenever the same rows are told in another way.
EDITION = 1

NAME = _("Firenze Digitale: data and services of the network")
ABOUT = _("The immaterial assets that the partners of Firenze Digitale have made public: data, services, knowledge.")
THEMES = _("Data theme")


@dataclass(frozen=True)
class Figures:
    """How many datasets there are, and when the first was recorded and the last changed."""

    total: int
    first: object
    last: object

    @classmethod
    def read(cls) -> "Figures":
        found = Asset.objects.in_catalogue().aggregate(
            total=Count("pk"), first=Min("created_at"), last=Max("updated_at")
        )
        now = timezone.now()
        return cls(found["total"], found["first"] or now, found["last"] or now)


class CataloguePage:
    """One page of the catalogue: the catalogue itself, `DATASETS_A_PAGE` datasets by code, and its neighbours.

    Args:
        address: of the catalogue in the format asked for, without a cursor.
        cursor: of the page, as another page gave it out.

    Raises:
        InvalidCursor: no page gave it out.
    """

    def __init__(self, address: URIRef, cursor: str | None):
        self.address, self.cursor = address, cursor
        rows = Asset.objects.in_catalogue().for_catalogue(MOST_DISTRIBUTIONS)
        self.page = paginate(rows, key=("code",), limit=DATASETS_A_PAGE, cursor=cursor)
        self.city = Partner.objects.city().first()
        self.figures = Figures.read()

    @cached_property
    def version(self) -> str:
        """Which state of the registry the page tells of."""
        told = [EDITION, settings.SITE_URL, settings.PUBLISHER, self.page.next, self.page.previous, self.address]
        told += [self.figures.total, self.figures.last if self.page.rows else None, self.city and self.city.version]
        for asset in self.page.rows:
            rows = [asset, asset.owner, asset.owner.successor, asset.rights_holder, asset.category]
            told += [row and row.version for row in (*rows, *asset.told_distributions)] + [asset.code]
        return hashlib.sha256(repr(told).encode()).hexdigest()[:32]

    def graph(self) -> Graph:
        """Return the page as a graph that can be read on its own."""
        graph = new_graph()
        writer = DatasetWriter(graph)
        catalogue = self._catalogue(graph, writer)
        for asset in self.page.rows:
            graph.add((catalogue, DCAT.dataset, writer.write(asset)))
        self._links(graph)
        return graph

    def _catalogue(self, graph: Graph, writer: DatasetWriter) -> URIRef:
        homepage = typed(graph, address_below_site("/assets/"), FOAF.Document)
        catalogue = typed(graph, homepage + "#catalogue", DCAT.Catalog, DCATAPIT.Catalog)
        told_as(graph, catalogue, DCTERMS.title, NAME)
        told_as(graph, catalogue, DCTERMS.description, ABOUT)
        graph.add((catalogue, FOAF.homepage, homepage))
        graph.add((catalogue, DCTERMS.publisher, writer.agent(self.city) if self.city else _publisher(graph)))
        graph.add((catalogue, DCTERMS.language, italian(graph)))
        graph.add((catalogue, DCTERMS.issued, moment(self.figures.first)))
        graph.add((catalogue, DCTERMS.modified, moment(self.figures.last)))
        graph.add((catalogue, DCAT.themeTaxonomy, typed(graph, AUTHORITY["data-theme"], SKOS.ConceptScheme)))
        told_as(graph, AUTHORITY["data-theme"], DCTERMS.title, THEMES)
        return catalogue

    def _links(self, graph: Graph) -> None:
        """The pages around this one, in the words of Hydra that harvesters know, older and newer."""
        page = typed(graph, self._at(self.cursor), HYDRA.PagedCollection, HYDRA.PartialCollectionView)
        graph.add((page, HYDRA.totalItems, Literal(self.figures.total)))
        graph.add((page, HYDRA.itemsPerPage, Literal(DATASETS_A_PAGE)))
        graph.add((page, HYDRA.first, self.address))
        graph.add((page, HYDRA.firstPage, self.address))
        for name, cursor in (("next", self.page.next), ("previous", self.page.previous)):
            if cursor:
                graph.add((page, HYDRA[name], self._at(cursor)))
                graph.add((page, HYDRA[f"{name}Page"], self._at(cursor)))

    def _at(self, cursor: str | None) -> URIRef:
        if not cursor:
            return self.address
        joint = "&" if "?" in self.address else "?"
        return self.address + joint + urlencode({"cursor": cursor})


def _publisher(graph: Graph) -> URIRef:
    """Who publishes the registry, before the City is in it."""
    agent = typed(graph, address_below_site("/#publisher"), FOAF.Agent, DCATAPIT.Agent)
    graph.add((agent, FOAF.name, Literal(settings.PUBLISHER["name"], lang="it")))
    graph.add((agent, DCTERMS.identifier, Literal(settings.PUBLISHER["name"])))
    return agent
