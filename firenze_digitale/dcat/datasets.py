"""Assets as datasets, and their owners as agents."""

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override
from rdflib import DCTERMS, FOAF, RDFS, SKOS, BNode, Graph, Literal, URIRef
from rdflib.namespace import DCAT

from assets.catalogue import address_of, frequency_of, number_of
from assets.choices import ExchangeStatus, Theme
from firenze_digitale.dcat.terms import (
    DCATAPIT,
    LANGUAGES,
    VCARD,
    address_below_site,
    elsewhere,
    italian,
    literal,
    moment,
    told,
    told_as,
    typed,
    word,
)
from firenze_digitale.dcat.vocabularies import (
    FREQUENCIES,
    LICENCE_TYPES,
    PROVISIONAL,
    UNKNOWN_LICENCE,
    file_type_of,
    licence_of,
)

PROVISIONAL_THEME = _("provisional data")
HOLDS_PERSONAL_DATA = _("It holds personal data: ask the owner on which grounds and terms you may use it.")


class DatasetWriter:
    """Writes assets `for_catalogue` into a graph, each agent, contact and word once."""

    def __init__(self, graph: Graph):
        self.graph = graph

    def write(self, asset) -> URIRef:
        """Say all that the catalogue tells of an asset, and return its name."""
        add, page = self.graph.add, page_of(asset)
        distributions = asset.told_distributions
        dataset = typed(self.graph, page + "#dataset", DCAT.Dataset, DCATAPIT.Dataset)
        add((dataset, DCTERMS.identifier, Literal(asset.code)))
        told(self.graph, dataset, DCTERMS.title, asset, "name")
        told(self.graph, dataset, DCTERMS.description, asset, "description", fallback=asset.name_it)
        add((dataset, DCTERMS.issued, moment(asset.created_at)))
        add((dataset, DCTERMS.modified, moment(max(row.updated_at for row in (asset, *distributions)))))
        add((dataset, DCTERMS.publisher, self.agent(asset.owner)))
        add((dataset, DCTERMS.rightsHolder, self.agent(asset.rights_holder or asset.owner)))
        add((dataset, DCTERMS.language, italian(self.graph)))
        add((dataset, DCAT.theme, self._theme(asset.theme)))
        add((dataset, DCTERMS.subject, self._category(asset.category)))
        told(self.graph, dataset, DCAT.keyword, asset.category, "name")
        frequency = FREQUENCIES[frequency_of(asset, distributions)]
        add((dataset, DCTERMS.accrualPeriodicity, word(self.graph, "frequency", frequency, DCTERMS.Frequency)))
        add((dataset, DCAT.landingPage, typed(self.graph, page, FOAF.Document)))
        if contact := self._contact(asset.owner):
            add((dataset, DCAT.contactPoint, contact))
        if access := access_to(asset, distributions):
            add((dataset, DCTERMS.accessRights, word(self.graph, "access-right", access, DCTERMS.RightsStatement)))
        for distribution in distributions:
            add((dataset, DCAT.distribution, self._distribution(asset, distribution)))
        return dataset

    def agent(self, partner) -> URIRef:
        """The partner as an agent, by its IPA code where it has one."""
        agent = typed(self.graph, _page_of_partner(partner) + "#agent", FOAF.Agent, DCATAPIT.Agent)
        self.graph.add((agent, FOAF.name, literal(partner.legal_name or partner.name_it, "it")))
        self.graph.add((agent, DCTERMS.identifier, Literal(number_of(partner) or partner.code)))
        return agent

    def _contact(self, partner) -> URIRef | None:
        """Where questions go: to the owner's office, else to who publishes the registry; never to a person."""
        if email := address_of(partner):
            return self._office(_page_of_partner(partner) + "#contact", partner.name_it, email)
        publisher = settings.PUBLISHER
        if email := publisher["email"] or publisher["certified_email"]:
            return self._office(address_below_site("/#contact"), publisher["name"], email)
        return None

    def _office(self, office: URIRef, name: str, email: str) -> URIRef:
        typed(self.graph, office, VCARD.Kind, VCARD.Organization, DCATAPIT.Organization)
        self.graph.add((office, VCARD.fn, literal(name)))
        self.graph.add((office, VCARD.hasEmail, elsewhere(f"mailto:{email}")))
        return office

    def _theme(self, theme: str) -> URIRef:
        concept = word(self.graph, "data-theme", theme or PROVISIONAL, SKOS.Concept)
        told_as(self.graph, concept, SKOS.prefLabel, Theme(theme).label if theme else PROVISIONAL_THEME)
        return concept

    def _category(self, category) -> URIRef:
        """The registry's own word for what the asset is about."""
        concept = typed(self.graph, address_below_site(f"/assets/?category={category.code}"), SKOS.Concept)
        told(self.graph, concept, SKOS.prefLabel, category, "name")
        return concept

    def _distribution(self, asset, distribution) -> URIRef:
        add, page = self.graph.add, page_of(asset)
        name = typed(self.graph, page + f"#distribution-{distribution.code}", DCAT.Distribution, DCATAPIT.Distribution)
        told(self.graph, name, DCTERMS.title, distribution, "title")
        told(self.graph, name, DCTERMS.description, asset, "description", fallback=distribution.title_it)
        add((name, DCTERMS.modified, moment(distribution.updated_at)))
        hidden = distribution.has_personal_data or not distribution.access_url
        place = page if hidden else elsewhere(distribution.access_url)
        add((name, DCAT.accessURL, typed(self.graph, place, RDFS.Resource)))
        file_type = file_type_of(distribution.format) or PROVISIONAL
        add((name, DCTERMS.format, word(self.graph, "file-type", file_type, DCTERMS.MediaTypeOrExtent)))
        add((name, DCTERMS.license, self._licence(distribution.licence)))
        self._terms(name, asset, distribution)
        return name

    def _licence(self, text: str) -> URIRef:
        licence = licence_of(text) or UNKNOWN_LICENCE
        document = typed(self.graph, URIRef(licence.uri), DCTERMS.LicenseDocument, DCATAPIT.LicenseDocument)
        kind = typed(self.graph, URIRef(licence.type_uri), SKOS.Concept)
        self.graph.add((kind, SKOS.inScheme, URIRef(f"{LICENCE_TYPES}1.0")))
        self.graph.add((kind, SKOS.prefLabel, Literal(licence.type, lang="en")))
        self.graph.add((document, DCTERMS.type, kind))
        self.graph.add((document, FOAF.name, Literal(licence.name)))
        return document

    def _terms(self, name: URIRef, asset, distribution) -> None:
        """What there is to say on rights that no licence says: the asset's conditions, and that people are in it."""
        if not (lines := list(self._lines_of_terms(asset, distribution))):
            return
        statement = BNode()
        self.graph.add((name, DCTERMS.rights, typed(self.graph, statement, DCTERMS.RightsStatement)))
        for line in lines:
            self.graph.add((statement, RDFS.label, line))

    @staticmethod
    def _lines_of_terms(asset, distribution):
        unknown = [distribution.licence] if distribution.licence and licence_of(distribution.licence) is None else []
        for language in LANGUAGES:
            with override(language):
                lines = [*unknown, *filter(None, [asset.conditions])]
                lines += [str(HOLDS_PERSONAL_DATA)] if distribution.has_personal_data else []
            if lines:
                yield literal("\n".join(lines), language)


def page_of(asset) -> URIRef:
    return address_below_site(asset.get_absolute_url())


def _page_of_partner(partner) -> URIRef:
    return address_below_site(partner.get_absolute_url())


def access_to(asset, distributions) -> str | None:
    """Who gets at the data, by the EU's table access-right; None where the registry does not know."""
    if asset.exchange_status == ExchangeStatus.NOT_EXCHANGEABLE:
        return "NON_PUBLIC"
    if asset.exchange_status == ExchangeStatus.ON_CONDITIONS or any(way.has_personal_data for way in distributions):
        return "RESTRICTED"
    if all(way.has_personal_data is False and way.access_url for way in distributions):
        return "PUBLIC"
    return None
