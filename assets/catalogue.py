"""What the catalogue of data says of an asset, and what its referent has not told it yet."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from assets.choices import UpdateFrequency
from firenze_digitale.base_models import Visibility
from firenze_digitale.dcat.vocabularies import file_type_of, licence_of

#: Of each asset the catalogue tells so many distributions, so that no page of it grows without end.
MOST_DISTRIBUTIONS = 50
#: Of so many distributions the gaps are told at once.
MOST_TOLD = 10


@dataclass(frozen=True)
class CatalogueEntry:
    """Whether the catalogue tells of an asset, and what it lacks, in sentences for its referent."""

    is_published: bool
    gaps: tuple[str, ...]


def entry_of(asset) -> CatalogueEntry | None:
    """Return what the catalogue makes of an asset as it is stored; None of one that it never tells of.

    Args:
        asset: with its owner, the owner's successor and the rights holder at hand.
    """
    if not _is_told(asset):
        return None
    distributions = list(asset.distributions.order_by("code")[: MOST_DISTRIBUTIONS + 1])
    if not distributions:
        return CatalogueEntry(False, (_("It has no distribution: say where the data is."), *_gaps(asset, [])))
    return CatalogueEntry(True, tuple(_gaps(asset, distributions)))


def entry_of_distribution(distribution) -> CatalogueEntry | None:
    """The same of one distribution alone."""
    if not _is_told(distribution.asset):
        return None
    return CatalogueEntry(True, tuple(f"{capfirst(gap)}." for gap in _gaps_of_distribution(distribution)))


def _is_told(asset) -> bool:
    return not asset.is_material and asset.visibility == Visibility.PUBLIC


def address_of(partner) -> str:
    """The address at which a partner, or who carries it on, answers for its data: never one of a person."""
    return next((found for one in _line(partner) for found in (one.email, one.certified_email) if found), "")


def number_of(partner) -> str:
    """The IPA code of a partner, else its VAT number; nothing where the registry knows neither."""
    return partner.ipa_code or partner.vat_number


def frequency_of(asset, distributions) -> str:
    """How often an asset is brought up to date: as it says itself, else as its distributions say alike."""
    if asset.update_frequency != UpdateFrequency.UNKNOWN:
        return asset.update_frequency
    told = {distribution.update_frequency for distribution in distributions}
    return told.pop() if len(told) == 1 else UpdateFrequency.UNKNOWN


def _line(partner) -> list:
    return [one for one in (partner, partner.successor) if one]


def _gaps(asset, distributions) -> Iterator[str]:
    holder = asset.rights_holder or asset.owner
    if not asset.description_it:
        yield _("No description in Italian: the name stands in for it.")
    if not asset.theme:
        yield _("No theme: nobody finds it by subject.")
    if frequency_of(asset, distributions) == UpdateFrequency.UNKNOWN:
        yield _("How often it is brought up to date is not known.")
    if not address_of(asset.owner):
        yield _("“%(partner)s” has no e-mail or PEC: questions go to who publishes the registry.") % {
            "partner": asset.owner.name
        }
    if not number_of(holder):
        yield _("“%(partner)s”, which holds the rights, has no IPA code or VAT number: its code stands in.") % {
            "partner": holder.name
        }
    for distribution in distributions[:MOST_TOLD]:
        if gaps := list(_gaps_of_distribution(distribution)):
            yield f"{distribution.title}: {'; '.join(gaps)}."
    if len(distributions) > MOST_DISTRIBUTIONS:
        yield _("Only its first %(most)s distributions are told.") % {"most": MOST_DISTRIBUTIONS}


def _gaps_of_distribution(distribution) -> Iterator[str]:
    """What a distribution lacks, each as a part of a sentence."""
    if distribution.has_personal_data:
        yield _("it holds personal data, so the catalogue leads to the asset's page")
    elif not distribution.access_url:
        yield _("no access address, so the catalogue leads to the asset's page")
    if not distribution.format:
        yield _("no format")
    elif file_type_of(distribution.format) is None:
        yield _("no catalogue knows the format “%(format)s”: write one alone, for example CSV or WMS") % {
            "format": distribution.format
        }
    if not distribution.licence:
        yield _("no licence, so nobody knows on which terms to use it")
    elif licence_of(distribution.licence) is None:
        yield _("no catalogue knows the licence “%(licence)s”: write name and version, as in CC BY 4.0") % {
            "licence": distribution.licence
        }
