"""Two people at the parts of one row: added, changed and deleted ones are met like the fields of the row itself."""

import re
from copy import copy

from django.http import QueryDict
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from firenze_digitale.differences import NOTHING
from firenze_digitale.encounters import Encounter, Meanwhile, Told
from firenze_digitale.history import last_entry, state_shown_at
from firenze_digitale.states import row_from, state_at
from firenze_digitale.three_ways import CHOICE, MINE, STORED, Choice, ThreeWays, as_typed, sent_of, told

MOST_FORMS = 1_000
DELETE = "DELETE"


class MetParts:
    """The rows of one inline as its sender saw them, as they are stored, and as they were typed.

    The forms are numbered anew in `data`: stored parts first, whoever added them, then those that the sender adds.
    """

    def __init__(
        self, formset_class, rows: list, whole, data: QueryDict, *, who, seen: dict[str, str], asked: list[str]
    ):
        """Look at what was sent.

        Args:
            rows: the parts as they are stored, locked.
            whole: the row that they belong to.
            seen: versions of the parts that the sender saw, by id.
            asked: names of the inputs between whose values the sender was asked to choose.
        """
        self.form, self.model, self.fk = formset_class.form, formset_class.model, formset_class.fk
        self.prefix, self.whole, self.data, self.who = formset_class.get_default_prefix(), whole, data, who
        self.now, self.seen, self.asked = {str(part.pk): part for part in rows}, seen, asked
        self.stored: list[tuple[dict, list[Choice]]] = []
        self.added: list[tuple[dict, list[Choice]]] = []
        self.kept: list[Told] = []

    def meet(self, encounter: Encounter) -> None:
        """Compare the parts, put them into `data` as they are to be shown, and tell `encounter` of them."""
        total, initial = (self._number(name) for name in ("TOTAL_FORMS", "INITIAL_FORMS"))
        is_asked = any(name.startswith(f"{self.prefix}-") for name in self.asked)
        if total is None or initial is None or initial > total:
            return
        if not is_asked and self.seen == {key: part.version for key, part in self.now.items()}:
            return
        for index in range(initial):
            self._meet_stored(index, self.data.get(f"{self.prefix}-{index}-{self.model._meta.pk.name}", ""))
        for key in self.now.keys() - self.seen.keys() - self._sent_keys(initial):
            self._show_added(self.now[key])
        for index in range(initial, total):
            self._meet_extra(index)
        self._number_anew(encounter)

    def _number(self, name: str) -> int | None:
        text = self.data.get(f"{self.prefix}-{name}", "")
        return int(text) if re.fullmatch(r"[0-9]{1,4}", text) and int(text) <= MOST_FORMS else None

    def _sent_keys(self, initial: int) -> set[str]:
        return {self.data.get(f"{self.prefix}-{index}-{self.model._meta.pk.name}", "") for index in range(initial)}

    def _bound_to(self, part, index: int):
        return self.form(instance=copy(part), prefix=f"{self.prefix}-{index}")

    def _inputs(self, index: int) -> dict[str, list[str]]:
        start = f"{self.prefix}-{index}-"
        return {name.removeprefix(start): self.data.getlist(name) for name in self.data if name.startswith(start)}

    def _named(self, part) -> str:
        setattr(part, self.fk.name, self.whole)
        return f"{capfirst(str(self.model._meta.verbose_name))}: {part}"

    # Parts that the sender saw

    def _meet_stored(self, index: int, key: str) -> None:
        part, version = self.now.get(key), self.seen.get(key)
        if part is not None:
            self._meet_changed(index, part, version)
        elif version is not None:
            self._meet_gone(index, int(key), version)
        else:
            self.stored.append((self._inputs(index), []))

    def _meet_changed(self, index: int, part, version: str | None) -> None:
        is_changed = version != part.version
        event = state_shown_at(part, version or "", self.who) if is_changed else None
        seen = self._bound_to(row_from(event) if event else part, index)
        now, where = self._bound_to(part, index), self._named(part)
        deletes = f"{self.prefix}-{index}-{DELETE}" in self.data
        asked = [field.html_name for field in now] if is_changed and event is None else self.asked
        choices = ThreeWays(seen, now, self.data, who=self.who, asked=asked).choices
        meanwhile = Meanwhile(event, part, self.who)
        if deletes:
            choices = self._meet_deletion(index, now, is_changed)
        for choice in choices:
            choice.where, choice.path = where, choice.path or (choice.name.removeprefix(f"{self.prefix}-{index}-"),)
        self.kept += meanwhile.told([] if deletes else choices, where)
        self.stored.append((self._inputs(index), meanwhile.signed(choices)))

    def _meet_deletion(self, index: int, now, is_changed: bool) -> list[Choice]:
        """The sender deletes what somebody else has just changed: is that still wanted?"""
        name = f"{self.prefix}-{index}-{DELETE}"
        answer = self.data.get(CHOICE + name) if name in self.asked else None
        if answer == STORED:
            del self.data[name]
            for bound in now:
                for inner, texts in as_typed(bound).items():
                    self.data.setlist(inner, texts)
            return []
        if answer == MINE and not is_changed:
            return []
        if is_changed or name in self.asked:
            return [Choice(name, _("Delete it?"), _("keep it, as it was changed"), _("delete it"))]
        return []

    def _meet_gone(self, index: int, key: int, version: str) -> None:
        gone = state_at(self.model, key, version)
        event = gone and state_shown_at(row_from(gone), version, self.who)
        part, by = row_from(event) if event else None, last_entry(self.model, key, self.who)
        where = self._named(part) if part else capfirst(str(self.model._meta.verbose_name))
        form = self._bound_to(part or self.model(), index)
        deletes = f"{self.prefix}-{index}-{DELETE}" in self.data
        if deletes or (part and not ThreeWays(form, form, self.data, who=self.who, asked=[]).is_touched):
            self.kept.append(Told(where, by=by, what=_("deleted")))
            return
        inputs = {name: texts for name, texts in self._inputs(index).items() if name != self.model._meta.pk.name}
        self.added.append((inputs, [self._choice_of_deleted(form, where, by)]))

    def _choice_of_deleted(self, form, where: str, by=None) -> Choice:
        typed = ((bound.label, told(bound.field, sent_of(bound, self.data), self.who)) for bound in form)
        mine = "; ".join(f"{label}: {text}" for label, text in typed if text != NOTHING)
        return Choice("", _("Add it again?"), _("deleted"), mine, where=where, by=by)

    # Parts that somebody else has added, and those that the sender adds

    def _show_added(self, part) -> None:
        form = self._bound_to(part, 0)
        inputs = {self.model._meta.pk.name: [str(part.pk)], self.fk.name: [str(self.whole.pk)]}
        for bound in form:
            for name, texts in as_typed(bound).items():
                inputs[name.removeprefix(f"{self.prefix}-0-")] = texts
        self.stored.append((inputs, []))
        by = last_entry(self.model, part.pk, self.who)
        self.kept.append(Told(self._named(part), by=by, what=_("added")))

    def _meet_extra(self, index: int) -> None:
        name = f"{self.prefix}-{index}"
        answer = self.data.get(CHOICE + name) if name in self.asked else MINE
        if answer == STORED:
            return
        form, choices = self._bound_to(self.model(), index), []
        if answer != MINE:
            choices = [self._choice_of_deleted(form, capfirst(str(self.model._meta.verbose_name)))]
        self.added.append((self._inputs(index), choices))

    def _number_anew(self, encounter: Encounter) -> None:
        for name in [name for name in self.data if re.match(rf"{re.escape(self.prefix)}-[0-9]+-", name)]:
            del self.data[name]
        for index, (inputs, choices) in enumerate([*self.stored, *self.added]):
            for name, texts in inputs.items():
                self.data.setlist(f"{self.prefix}-{index}-{name}", texts)
            for choice in choices:
                inner = choice.name.split("-", 2)[2] if choice.name else ""
                choice.name = f"{self.prefix}-{index}-{inner}".rstrip("-")
                encounter.choices.append(choice)
        self.data[f"{self.prefix}-INITIAL_FORMS"] = str(len(self.stored))
        self.data[f"{self.prefix}-TOTAL_FORMS"] = str(len(self.stored) + len(self.added))
        encounter.kept += self.kept
