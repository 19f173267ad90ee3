"""What the sender of a form had seen of a row: it goes out with the page in a hidden input, and comes back with it."""

import json
from dataclasses import dataclass, field

from django.core.exceptions import BadRequest
from django.db import models

SEEN = "_seen"
LONGEST = 18


def is_number(text: object) -> bool:
    """Whether this is a version or an id as pages send it."""
    return isinstance(text, str) and text.isascii() and text.isdecimal() and len(text) <= LONGEST


@dataclass
class Seen:
    """The versions that a page was made from.

    `links` are the ids of the rows that each many-to-many field showed; `parts` are the versions of the rows of each
    inline, by their ids; `asked` are the inputs between whose values the page asked to choose.
    """

    version: str
    links: dict[str, list[int]] = field(default_factory=dict)
    parts: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __str__(self):
        return json.dumps(vars(self), separators=(",", ":"))

    @classmethod
    def read(cls, text: str) -> "Seen":
        """Read what came back.

        Raises:
            BadRequest: no page of the desk has sent it.
        """
        try:
            seen = cls(**json.loads(text))
            lists = [*seen.links.values(), seen.asked]
            versions = [seen.version, *(version for part in seen.parts.values() for version in part.values())]
            keys = [key for part in seen.parts.values() for key in part]
        except (TypeError, ValueError, AttributeError, RecursionError) as error:
            raise BadRequest("the hidden input of what was seen is not one of the desk's") from error
        if not all(isinstance(found, list) for found in lists) or not all(map(is_number, [*versions, *keys])):
            raise BadRequest("the hidden input of what was seen is not one of the desk's")
        return seen

    @classmethod
    def with_what_goes(cls, row, who) -> "Seen":
        """A row that is about to be deleted, with the parts that would go with it, as far as `who` sees them."""
        parts = {}
        for relation in row._meta.related_objects:
            rows = relation.related_model._default_manager
            if relation.on_delete is models.CASCADE and hasattr(relation.related_model, "version"):
                found = rows.visible_to(who).filter(**{relation.field.name: row})
                parts[relation.get_accessor_name()] = {str(part.pk): part.version for part in found}
        return cls(row.version, parts=parts)

    @classmethod
    def of_page(cls, row, form, formsets, asked=()) -> "Seen":
        """What a page shows: `form` of `row`, and the forms of its parts."""
        names = [f.name for f in row._meta.many_to_many if f.name in form.fields]
        links = {name: sorted(linked.pk for linked in form.initial.get(name) or ()) for name in names}
        parts = {
            formset.prefix: {
                str(part.instance.pk): part.instance.version for part in formset.initial_forms if part.instance.pk
            }
            for formset in formsets
        }
        return cls(row.version, links, parts, list(asked))
