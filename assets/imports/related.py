"""Columns that name other rows of the registry: owners, categories, contacts, the asset that units belong to."""

from collections.abc import Iterable, Sequence

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Q, QuerySet
from django.db.models.functions import Upper
from django.utils.translation import gettext as _

from assets.imports.columns import Column, Refusal
from assets.imports.mapping import Assignment
from assets.imports.targets import Target
from assets.imports.words import text_of_cell, tidy
from firenze_digitale.cells import SHOWN, UNPRINTABLE

NAMES = ("name_it", "name_en", "name")
REMEMBERED = 20_000
LONGEST = 300


class RelatedColumn(Column):
    """Rows by their code, or by their name where one row alone has it. What `who` may not see does not exist."""

    def __init__(self, target: Target, assignment: Assignment, who):
        super().__init__(target, assignment)
        self.who, self.model = who, target.model_field.related_model
        self.known: dict[str, object] = {}

    def read(self, cells: Sequence) -> list:
        texts = [cell if isinstance(cell, str) else text_of_cell(cell) for cell in cells]
        if len(self.known) > REMEMBERED:
            self.known.clear()
        if new := set(texts) - self.known.keys():
            self._look_up(new)
        return [self.known[text] for text in texts]

    def _look_up(self, texts: set[str]) -> None:
        said = {text: self.translation.of(tidy(text)).strip() for text in texts}
        wanted = {name for name in said.values() if name and len(name) <= LONGEST and not UNPRINTABLE.search(name)}
        found = self.find(wanted)
        for text, name in said.items():
            self.known[text] = self._told(found.get(name, self._unknown(name)) if name else self.empty)

    def find(self, wanted: set[str]) -> dict[str, object]:
        """Return the ids of the rows that the texts name; a refusal for those that name several."""
        return self.found_in(self.model._default_manager.visible_to(self.who), wanted)

    def found_in(self, rows: QuerySet, wanted: set[str]) -> dict[str, object]:
        """Return what `wanted` names among `rows`, by code and then by name."""
        by_code = dict(rows.filter(code__in={name.lower() for name in wanted}).values_list("code", "pk"))
        found = {name: by_code[name.lower()] for name in wanted if name.lower() in by_code}
        return found | self._by_name(rows, wanted - found.keys()) if wanted - found.keys() else found

    def _by_name(self, rows: QuerySet, wanted: Iterable[str]) -> dict[str, object]:
        fields = [name for name in NAMES if self._has(name)]
        upper = {name.upper() for name in wanted}
        called: dict[str, set[int]] = {}
        condition = Q()
        for field in fields:
            condition |= Q(**{f"upper_{field}__in": upper})
        rows = rows.annotate(**{f"upper_{field}": Upper(field) for field in fields}).filter(condition)
        for pk, *names in rows.values_list("pk", *fields):
            for name in names:
                called.setdefault(name.upper(), set()).add(pk)
        found = {name: called[name.upper()] for name in wanted if name.upper() in called}
        return {name: pks.pop() if len(pks) == 1 else self._several(name) for name, pks in found.items()}

    def _has(self, name: str) -> bool:
        try:
            self.model._meta.get_field(name)
        except FieldDoesNotExist:
            return False
        return True

    def _several(self, name: str) -> Refusal:
        return Refusal(name, _("Several have the name “%(name)s”: give the code.") % {"name": name[:SHOWN]})

    def _unknown(self, name: str) -> Refusal:
        return Refusal(
            name,
            _("There is no %(what)s with the code or the name “%(name)s”.")
            % {"what": self.model._meta.verbose_name, "name": name[:SHOWN]},
        )


class AssetColumn(RelatedColumn):
    """The asset that a unit belongs to: one that `who` may change."""

    def find(self, wanted):
        assets = self.model._default_manager
        found = self.found_in(assets.changeable_by(self.who), wanted)
        if left := wanted - found.keys():
            said = _("The asset belongs to a partner that you do not answer for.")
            found |= {name: Refusal(name, said) for name in self.found_in(assets.visible_to(self.who), left)}
        return found
