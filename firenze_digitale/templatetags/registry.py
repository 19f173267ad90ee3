"""How the pages write values: numbers, attributes, the admin's page of a row."""

from datetime import timedelta
from urllib.parse import urlsplit

from django import template
from django.conf import settings
from django.template.defaultfilters import linebreaks_filter
from django.urls import reverse
from django.utils.formats import date_format, number_format
from django.utils.timezone import localtime
from django.utils.translation import get_language
from django.utils.translation import gettext as _

register = template.Library()


@register.simple_tag
def publisher() -> dict[str, str]:
    """Who publishes the registry, and how they are reached."""
    return settings.PUBLISHER


@register.filter
def grouped(number: int) -> str:
    """220000 as 220.000 or 220,000, as the reader's language writes it."""
    return number_format(number, force_grouping=True)


@register.filter
def day(date) -> str:
    """1 marzo 2016, 1 March 2016: Italian months begin with a small letter."""
    told = date_format(date, "j F Y") if date else ""
    return told.lower() if get_language() == "it" else told


@register.filter
def moment(when) -> str:
    """1 marzo 2016, 9:05: a day as `day` writes it, and the time where the reader is."""
    local = localtime(when)
    return f"{day(local)}, {date_format(local, 'G:i')}"


@register.filter
def paragraphs(text: str) -> str:
    """The text in paragraphs; nothing, and not an empty paragraph, where there is no text."""
    return linebreaks_filter(text) if text else ""


@register.filter
def attribute_value(value: object) -> str:
    """An attribute as a person reads it."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(attribute_value(item) for item in value)
    if isinstance(value, dict):
        return "; ".join(f"{name}: {attribute_value(item)}" for name, item in value.items())
    if value is None:
        return "—"
    return number_format(value) if isinstance(value, int | float) else str(value)


@register.filter
def degrees(number: float) -> str:
    """A coordinate as maps take it: a decimal point in every language, six digits (about 10 cm)."""
    return f"{number:.6f}"


@register.filter
def host(url: str) -> str:
    """The site that an address leads to."""
    return urlsplit(url).hostname or url


@register.filter
def desk(row) -> str:
    """Address of the page where the row is changed."""
    return reverse(f"admin:{row._meta.label_lower.replace('.', '_')}_change", args=[row.pk])


@register.filter
def is_under(path: str, section: str) -> bool:
    """Whether the page at `path` lies in the section of the site at the address `section`."""
    return path.startswith(section)


@register.filter
def minutes(span: timedelta) -> int:
    """A span of time in whole minutes."""
    return round(span.total_seconds() / 60)


@register.filter
def at(mapping: dict, key: object):
    """What a mapping holds under a key; None where it holds nothing."""
    return mapping.get(key)
