"""Three ways of one form: as somebody saw it, as it is stored now, and as they typed it."""

from dataclasses import dataclass, field

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _

from firenze_digitale.differences import NOTHING

CHOICE = "choose-"
STORED, MINE = "stored", "mine"


@dataclass
class Choice:
    """A field that two people changed in two ways: what is stored, what was typed, and which of them is wanted."""

    name: str
    label: str
    stored: str
    mine: str
    where: str = ""
    by: object = None
    path: tuple[str, ...] = field(default=())


def as_typed(bound: forms.BoundField, value=None) -> dict[str, list[str]]:
    """What a browser sends of a field that shows `value`, by the names of its inputs (None: what it shows now)."""
    widget, name = plain_widget(bound.field), bound.html_name
    value = bound.value() if value is None else value
    if isinstance(widget, forms.MultiWidget):
        parts = widget.decompress(value)
        names = [f"{name}{suffix}" for suffix in widget.widgets_names]
        pairs = zip(names, widget.widgets, parts, strict=True)
        return {inner: _texts(part.format_value(shown)) for inner, part, shown in pairs}
    if isinstance(widget, forms.CheckboxInput):
        return {name: ["on"]} if value else {}
    return {name: _texts(widget.format_value(value))}


def plain_widget(form_field: forms.Field) -> forms.Widget:
    """A field's widget without what the admin wraps around it."""
    return getattr(form_field.widget, "widget", form_field.widget)


def _texts(shown) -> list[str]:
    if isinstance(shown, list | tuple):
        return [str(text) for text in shown]
    return ["" if shown is None else str(shown)]


def data_of(inputs: dict[str, list[str]]) -> QueryDict:
    data = QueryDict(mutable=True)
    for name, texts in inputs.items():
        data.setlist(name, texts)
    return data


def sent_of(bound: forms.BoundField, data: QueryDict):
    """The raw value of a field in what a browser sent."""
    return bound.field.widget.value_from_datadict(data, {}, bound.html_name)


def meaning(form_field: forms.Field, raw):
    """What a raw value stands for, to compare it: 35, 35.0 and 35,0 are one number, line ends are line ends."""
    if isinstance(form_field, forms.ModelChoiceField | forms.MultipleChoiceField):
        return sorted({str(value) for value in raw or ()}) if isinstance(raw, list | tuple) else str(raw or "")
    try:
        value = form_field.clean(raw)
    except ValidationError:
        value = raw
    if isinstance(value, str):
        value = value.replace("\r\n", "\n").strip()
    return None if value in ("", [], {}) else (type(value) is bool, value)


def told(form_field: forms.Field, raw, who) -> str:
    """A raw value in words; related rows that `who` may not see are not named."""
    if isinstance(form_field, forms.ModelChoiceField):
        keys = [value for value in (raw if isinstance(raw, list | tuple) else [raw]) if str(value or "").isdecimal()]
        rows = form_field.queryset.model._default_manager.visible_to(who).for_list().filter(pk__in=keys)
        return ", ".join(str(row) for row in rows) or NOTHING
    if isinstance(form_field, forms.ChoiceField):
        values = raw if isinstance(raw, list | tuple) else [raw]
        labels = {str(value): str(label) for value, label in forms.Select(choices=form_field.choices).choices}
        return ", ".join(labels.get(str(value), str(value)) for value in values if value not in (None, "")) or NOTHING
    if isinstance(form_field, forms.NullBooleanField | forms.BooleanField):
        value = form_field.to_python(raw)
        return NOTHING if value is None else (_("yes") if value else _("no"))
    text = " ".join(str(part) for part in raw if part) if isinstance(raw, list | tuple) else str(raw or "")
    return text or NOTHING


class ThreeWays:
    """One form of three states; `data` is what was sent, and becomes what is to be shown and stored."""

    def __init__(self, seen: forms.ModelForm, now: forms.ModelForm, data: QueryDict, *, who, asked: list[str]):
        """Compare field by field.

        Args:
            seen: a form of the row as the sender saw it.
            now: a form of the row as it is stored.
            data: what was sent; values that only somebody else changed are put into it.
            asked: names of the inputs between whose values the sender was asked to choose.
        """
        self.seen, self.now, self.data, self.who, self.asked = seen, now, data, who, asked
        #: Whether what was sent is what is stored, in every field.
        self.is_same = True
        self.choices = [choice for name in now.fields if (choice := self._meet(name))]

    def _meet(self, name: str) -> Choice | None:
        """Settle one field, or return the choice that it needs."""
        bound = self.now[name]
        if bound.field.disabled or name not in self.seen.fields:
            return None
        seen_inputs, now_inputs = as_typed(self.seen[name]), as_typed(bound)
        seen, stored, typed = (
            meaning(bound.field, sent_of(bound, data))
            for data in (data_of(seen_inputs), data_of(now_inputs), self.data)
        )
        self.is_same = self.is_same and typed == stored
        answer = self.data.get(CHOICE + bound.html_name) if bound.html_name in self.asked else None
        if answer == STORED:
            typed = seen
        if typed == seen != stored or answer == STORED:
            put(self.data, bound, now_inputs)
            return None
        open_question = bound.html_name in self.asked and answer != MINE
        if typed == stored or (seen == stored and not open_question):
            return None
        shown = [sent_of(bound, data) for data in (data_of(now_inputs), self.data)]
        stored_told, mine_told = (told(bound.field, raw, self.who) for raw in shown)
        return Choice(bound.html_name, str(bound.label), stored_told, mine_told)

    @property
    def is_touched(self) -> bool:
        """Whether the sender changed anything of what they saw."""
        for name in self.now.fields:
            bound = self.now[name]
            if bound.field.disabled or name not in self.seen.fields:
                continue
            shown, sent = data_of(as_typed(self.seen[name])), self.data
            if len({repr(meaning(bound.field, sent_of(bound, data))) for data in (shown, sent)}) > 1:
                return True
        return False


def put(data: QueryDict, bound: forms.BoundField, inputs: dict[str, list[str]]) -> None:
    """Put into `data` what a field is to show, in place of what was sent of it."""
    for name in [name for name in data if name == bound.html_name or name.startswith(f"{bound.html_name}_")]:
        if name == bound.html_name or isinstance(plain_widget(bound.field), forms.MultiWidget):
            del data[name]
    for name, texts in inputs.items():
        data.setlist(name, texts)
