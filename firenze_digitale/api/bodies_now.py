"""Bodies of rows as the API shows them at this moment, many of a kind at once: found by their ids, or by their keys."""

from collections import defaultdict
from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import NamedTuple

from django.db.models import Q, QuerySet

from firenze_digitale.api.lists import bodies_of, columns_of, lookups_of, read_columns
from firenze_digitale.api.resources import RESOURCES


class Shown(NamedTuple):
    """A row that the reader sees: its id, its key, and its body, to be written by orjson."""

    pk: int
    key: str
    body: dict


def hidden_fields(kind: str, who) -> frozenset[str]:
    """Fields of bodies of a kind that tell `who` nothing."""
    return RESOURCES[kind].model.objects.links_hidden_from(who)


def shown_by_id(kind: str, ids: Iterable[int], who) -> dict[int, Shown]:
    """Return those of the rows with the given ids that `who` sees, by id."""
    rows = RESOURCES[kind].model.objects.filter(pk__in=list(ids))
    return {shown.pk: shown for shown in _shown(kind, rows, who)}


def shown_by_key(kind: str, keys: Iterable[str], who) -> dict[str, Shown]:
    """Return those of the rows with the given keys that `who` sees, by key."""
    model = RESOURCES[kind].model
    first, *rest = model.NATURAL_KEY
    if not rest:
        rows = model.objects.filter(**{f"{first}__in": list(keys)})
    else:
        rows = model.objects.filter(_of_keys(model, first.partition("__")[0], rest[0], keys))
    return {shown.key: shown for shown in _shown(kind, rows, who)}


def _of_keys(model, above: str, name: str, keys: Iterable[str]) -> Q:
    """Condition on rows whose key is that of the row above and their own `name`: each found by an index."""
    names = defaultdict(list)
    for key in keys:
        upper, _colon, own = key.partition(":")
        names[upper].append(own)
    rows_above = model._meta.get_field(above).related_model.objects.filter(code__in=names)
    conditions = (
        Q(**{f"{above}_id": pk, f"{name}__in": names[code]}) for code, pk in rows_above.values_list("code", "pk")
    )
    return reduce(or_, conditions, Q(pk__in=[]))


def _shown(kind: str, rows: QuerySet, who) -> list[Shown]:
    """What `who` sees of the given rows."""
    serializer_class, rows = RESOURCES[kind].serializer_class, rows.visible_to(who).order_by()
    columns = columns_of(serializer_class)
    if columns is None:
        found = list(rows.for_api(who))
        bodies = serializer_class(found, many=True).data
        return [Shown(row.pk, row.key, body) for row, body in zip(found, bodies, strict=True)]
    hidden, parts = rows.links_hidden_from(who), rows.model.NATURAL_KEY
    found = read_columns(rows, lookups_of(columns, hidden, (*parts, "pk")))
    keys = (":".join(str(row[part]) for part in parts) for row in found)
    return [
        Shown(row["pk"], key, body)
        for row, key, body in zip(found, keys, bodies_of(found, columns, hidden), strict=True)
    ]
