"""Two people at one row: whoever saves second is shown what the first changed, and nothing is overwritten in silence.

A page carries what its reader saw (`Seen`). When it comes back, the row is locked and compared with it: values that
only somebody else changed are kept and told, values that both changed are asked about, and nothing is stored until
the sender has read that and saved again.
"""

from copy import copy

from django.contrib.admin.utils import flatten_fieldsets, unquote
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils.translation import gettext as _

from firenze_digitale.desk.parts import MetParts
from firenze_digitale.desk.seen import SEEN, Seen
from firenze_digitale.differences import NOTHING, Difference
from firenze_digitale.encounters import Encounter, Meanwhile, Told
from firenze_digitale.history import latest_link, state_shown_at
from firenze_digitale.states import row_from
from firenze_digitale.three_ways import ThreeWays, as_typed, put, sent_of, told


def move_files(files, data) -> None:
    """Let files go along with the forms that were numbered anew: `data` tells under each new name the old one."""
    by_new_name = {name: files.getlist(data[name]) for name in data if data[name] in files}
    files.clear()
    for name, found in by_new_name.items():
        files.setlist(name, found)


class Conflicts:
    """Forms of rows that somebody else may have changed since they were opened."""

    def _changeform_view(self, request, object_id, form_url, extra_context):
        if request.method == "POST" and object_id is not None and SEEN in request.POST:
            row = self.get_object(request, unquote(object_id))
            if not self.has_change_permission(request, row):
                return self.closed_page(request, row)
            self.meet(request, row)
        return super()._changeform_view(request, object_id, form_url, extra_context)

    def meet(self, request, row) -> None:
        """Compare what was seen with what is stored; where they differ, keep the form from being stored as it is."""
        seen, data, encounter = Seen.read(request.POST[SEEN]), request.POST.copy(), Encounter()
        data.update({name: name for name in request.FILES})
        self.meet_row(request, row, seen, data, encounter)
        for formset_class, inline in self.get_formsets_with_inlines(request, row):
            versions = seen.parts.get(formset_class.get_default_prefix())
            if versions is not None and inline.has_change_permission(request, row):
                rows = inline.get_queryset(request).filter(**{formset_class.fk.name: row})
                if connection.in_atomic_block:
                    rows = rows.select_for_update(of=("self",))
                parts = MetParts(
                    formset_class, list(rows), row, data, who=request.user, seen=versions, asked=seen.asked
                )
                parts.meet(encounter)
        self.type_anew(request, data)
        move_files(request.FILES, data)
        if encounter:
            encounter.files = [file.name for file in request.FILES.values()]
            request.encounter = encounter
            request.refusal = ValidationError(
                _("Nothing is stored yet: somebody changed this while you were writing. Read above what changed.")
            )

    def meet_row(self, request, row, seen: Seen, data, encounter: Encounter) -> None:
        """Compare the row itself and its links."""
        links = {
            field.name: sorted(linked.pk for linked in getattr(row, field.name).all())
            for field in row._meta.many_to_many
            if field.name in seen.links
        }
        is_changed = seen.version != row.version
        if not (is_changed or links != seen.links or seen.asked):
            return
        form_class = self.form_of(request, row)
        event = state_shown_at(row, seen.version, request.user) if is_changed else None
        seen_form = form_class(instance=row_from(event) if event else copy(row))
        seen_form.initial |= {name: seen.links[name] for name in links}
        now = form_class(instance=copy(row))
        asked = [field.html_name for field in now] if is_changed and event is None else seen.asked
        three = ThreeWays(seen_form, now, data, who=request.user, asked=asked)
        for choice in three.choices:
            choice.path = self.path_of_field(choice.name)
        if not three.is_same:
            meanwhile = Meanwhile(event, row, request.user)
            encounter.choices += meanwhile.signed(three.choices)
            encounter.kept += meanwhile.told(three.choices)
            encounter.kept += self.links_told(row, seen_form, now, three, links, seen, request.user)
        self.fit_anew(request, row, three, data, encounter)

    def links_told(self, row, seen_form, now, three, links, seen, who) -> list[Told]:
        """What somebody else did to the links of a row: they are no fields of its own."""
        kept = []
        for name in (name for name in links if links[name] != seen.links[name] and name in now.fields):
            by = latest_link(row, row._meta.get_field(name), who)
            choice = next((choice for choice in three.choices if choice.name == name), None)
            if choice:
                choice.by = by
                continue
            before, after = (told(now.fields[name], keys, who) for keys in (seen.links[name], links[name]))
            kept.append(Told("", [Difference((name,), str(now[name].label), before, after)], by))
        return kept

    def form_of(self, request, row):
        """The class of the form that a person gets of a row."""
        return self.get_form(request, row, change=True, fields=flatten_fieldsets(self.get_fieldsets(request, row)))

    def fit_anew(self, request, row, three: ThreeWays, data, encounter: Encounter) -> None:
        """Where the form is another one by now, fill its new fields, and tell what was typed into those it lost."""
        self.type_anew(request, data)
        now = self.form_of(request, row)(instance=copy(row))
        for name in now.fields.keys() - three.now.fields.keys():
            put(data, now[name], as_typed(now[name]))
        for name in three.now.fields.keys() - now.fields.keys():
            text = told(three.now.fields[name], sent_of(three.now[name], data), request.user)
            if text != NOTHING:
                encounter.lost.append((str(three.now[name].label), text))

    def type_anew(self, request, data) -> None:
        """Go on as if `data` had been sent."""
        request.POST = data

    def path_of_field(self, name: str) -> tuple[str, ...]:
        """Where a difference lies that the form shows in its field `name`."""
        return (name,)

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        """Send along what is seen; what was typed for another page keeps what was seen there."""
        encounter, typed = getattr(request, "encounter", None), getattr(request, "typed", None)
        if obj is not None and self.has_change_permission(request, obj):
            formsets = [inline.formset for inline in context["inline_admin_formsets"]]
            asked = [choice.name for choice in encounter.choices] if encounter else ()
            here = Seen.of_page(obj, context["adminform"].form, formsets, asked)
            context |= {"seen": typed[SEEN] if typed and SEEN in typed else str(here), "encounter": encounter}
        response = super().render_change_form(request, context, add, change, form_url, obj)
        if encounter:
            response.status_code = 409
        return response
