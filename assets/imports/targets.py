"""What a column of a referent's file can be put into."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from django.db import models
from django.utils.text import capfirst
from django.utils.translation import get_language, override

from assets.attributes import AttributeField, attribute_fields
from assets.imports.names import ALIASES
from assets.models import Category
from assets.resources import AssetResource, DistributionResource, PlacementResource

RESOURCES = {"assets": AssetResource, "placements": PlacementResource, "distributions": DistributionResource}
ATTRIBUTE = "attributes."
MARKS = re.compile(r"[\W_]+")
IN_BRACKETS = re.compile(r"\([^)]*\)")

KINDS: dict[type[models.Field], str] = {
    models.ForeignKey: "related",
    models.JSONField: "json",
    models.BooleanField: "boolean",
    models.FloatField: "number",
    models.IntegerField: "integer",
    models.DateField: "date",
    models.CharField: "text",
    models.TextField: "text",
}
KINDS_OF_NAMES = {"code": "code", "latitude": "latitude", "longitude": "longitude"}
KINDS_OF_TYPES = {
    "string": "text",
    "number": "number",
    "integer": "integer",
    "boolean": "boolean",
    "date": "date",
    "array": "json",
    "object": "json",
}


@dataclass(frozen=True)
class Target:
    """A field of the registry, or one attribute of a category, that a column can fill.

    Attributes:
        name: unique among the targets of a file: “address”, “attributes.watt”.
        field: the model's field that it fills: “address”, “attributes”.
        aliases: what such a column is called in other people's files, normalised.
        kind: text, code, choice, number, integer, date, boolean, latitude, longitude, json or related.
        required: a new row cannot be made without it.
        choices: stored value, Italian label, English label.
        schema: of an attribute, what the category's JSON Schema says of it.
        model_field: of a field of the model, the field itself with its validators.
    """

    name: str
    field: str
    label_it: str
    label_en: str
    aliases: frozenset[str]
    kind: str
    required: bool
    choices: tuple[tuple[str, str, str], ...] = ()
    schema: dict | None = None
    model_field: models.Field | None = field(default=None, repr=False, compare=False)

    @property
    def label(self) -> str:
        """The label in the reader's language."""
        return self.label_it if (get_language() or "it").startswith("it") else self.label_en

    @property
    def is_attribute(self) -> bool:
        return self.schema is not None


def folded(text: str) -> str:
    """Return `text` as it is compared: case, accents, hyphens, underscores and doubled blanks do not matter."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return " ".join(re.sub(r"[_\-–’']", " ", plain).split())


def normalised(header: str) -> str:
    """Return a header as it is compared: its letters and digits alone."""
    return MARKS.sub("", folded(header))


def model_of(kind: str) -> type[models.Model]:
    """The model that files of `kind` (“assets”, “placements”, “distributions”) hold rows of."""
    return RESOURCES[kind]._meta.model


def targets_of(kind: str, categories: Iterable[Category] = ()) -> list[Target]:
    """Return what the columns of a file of `kind` can be put into.

    Args:
        kind: “assets”, “placements” or “distributions”.
        categories: those whose attributes may have columns of their own; an attribute that several of them
            know is one target.
    """
    model = model_of(kind)
    targets = [_target(model._meta.get_field(name)) for name in RESOURCES[kind]._meta.fields]
    if any(target.name == "attributes" for target in targets):
        targets += _attribute_targets(categories)
    return targets


def _in_both(told) -> list[str]:
    """What `told()` says in Italian and in English."""
    said = []
    for language in ("it", "en"):
        with override(language):
            said.append(str(told()))
    return said


def _target(field: models.Field) -> Target:
    label_it, label_en = _in_both(lambda: capfirst(field.verbose_name))
    kind = KINDS_OF_NAMES.get(field.name) or ("choice" if field.choices else _kind_of(field))
    return Target(
        name=field.name,
        field=field.name,
        label_it=label_it,
        label_en=label_en,
        aliases=frozenset(map(normalised, ALIASES.get(field.name, ()))),
        kind=kind,
        required=not field.blank and not field.has_default(),
        choices=tuple((value, *_in_both(lambda label=label: label)) for value, label in field.flatchoices),
        model_field=field,
    )


def _kind_of(field: models.Field) -> str:
    return next(kind for kind_of_field, kind in KINDS.items() if isinstance(field, kind_of_field))


def _attribute_targets(categories: Iterable[Category]) -> list[Target]:
    targets: dict[str, Target] = {}
    for category in categories:
        schema = category.attribute_schema or {}
        with override("it"):
            italian = attribute_fields(schema)
        with override("en"):
            english = attribute_fields(schema)
        for told_it, told_en in zip(italian, english, strict=True):
            target = _attribute_target(told_it, told_en, schema["properties"][told_it.name])
            known = targets.get(target.name)
            targets[target.name] = _shared(known, target) if known else target
    return list(targets.values())


def _attribute_target(told_it: AttributeField, told_en: AttributeField, rule: dict) -> Target:
    kind = "choice" if told_it.choices else KINDS_OF_TYPES.get(told_it.type, "text")
    names = [told_it.name, *(IN_BRACKETS.sub("", label) for label in (told_it.label, told_en.label))]
    if kind == "integer":
        # “NUMPOSTI” holds the places, “N. prese” the sockets.
        names += [f"{count} {name}" for count in ("num", "n", "nr", "numero") for name in names]
    return Target(
        name=f"{ATTRIBUTE}{told_it.name}",
        field="attributes",
        label_it=told_it.label,
        label_en=told_en.label,
        aliases=frozenset(map(normalised, names)) - {""},
        kind=kind,
        required=False,
        choices=tuple((str(choice),) * 3 for choice in told_it.choices),
        schema=rule,
    )


def _shared(known: Target, other: Target) -> Target:
    """One target for an attribute that two categories name alike."""
    kinds = {known.kind, other.kind}
    if len(kinds) == 1:
        kind, schema = known.kind, known.schema
        if known.choices != other.choices:
            schema = {"enum": list(dict.fromkeys([*known.schema["enum"], *other.schema["enum"]]))}
    elif kinds == {"number", "integer"}:
        kind, schema = "number", {"type": "number"}
    else:
        kind, schema = "text", {}
    return replace(
        known,
        kind=kind,
        schema=schema,
        aliases=known.aliases | other.aliases,
        choices=tuple((str(choice),) * 3 for choice in schema.get("enum", ())) if kind == "choice" else (),
    )
