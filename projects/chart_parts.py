"""Changes of a chart together with its parts. Called inside a transaction."""

from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from projects.choices import ParticipationRole
from projects.models import Participation

GIVEN_TWICE = _("It is given twice.")


def replace_parts(chart, name: str, entries: list[dict], who) -> tuple[list[Model], list[Model]]:
    """Make the parts of `chart` that `who` sees those of `entries`, and return those that are new and those rewritten.

    What stays as it was is not touched.

    Args:
        name: the relation: participations, asset_uses, milestones or documents.
        entries: values of each part by field; the natural key tells which stored part is meant, and fields that
            an entry leaves out keep their value.

    Raises:
        ValidationError: an entry is wrong; its fields are named like “milestones.0.due_on”.
        PermissionDenied: a part is not for `who` to store.
    """
    relation = getattr(chart, name)
    key = _key_field(relation.model)
    stored = {getattr(part, key.attname): part for part in relation.visible_to(who).select_for_update(of=("self",))}
    changed, kept = [], set()
    for index, entry in enumerate(entries):
        value = _plain(entry[key.name])
        if value in kept:
            raise ValidationError({f"{name}.{index}.{key.name}": [GIVEN_TWICE]})
        kept.add(value)
        part = stored.get(value) or relation.model(chart=chart)
        if _filled(part, entry):
            if not part.may_be_stored_by(who):
                raise PermissionDenied
            changed.append((f"{name}.{index}", part))
    added = [part for _path, part in changed if part.pk is None]
    rewritten = [part for _path, part in changed if part.pk is not None]
    left_out = [part.pk for value, part in stored.items() if value not in kept]
    relation.filter(pk__in=left_out).replaced_by_a_list().delete()
    # A chart has one lead at any moment: the old one steps back before the new one steps up.
    for path, part in sorted(changed, key=lambda row: getattr(row[1], "role", "") == ParticipationRole.LEAD):
        _save(part, path)
    return added, rewritten


def write_own_parts(chart, entries: list[dict], who) -> list[Participation]:
    """Store what `who` writes of its own part in a chart that another leads, and return the parts that changed.

    Raises:
        ValidationError: an entry is wrong.
        PermissionDenied: a part, or a field of it, is not for `who` to write.
    """
    own = {part.partner_id: part for part in Participation.objects.changeable_by(who).filter(chart=chart)}
    changed = []
    for index, entry in enumerate(entries):
        part = own.get(entry["partner"].pk)
        if part is None:
            raise PermissionDenied
        if _filled(part, entry):
            if not part.may_be_stored_by(who):
                raise PermissionDenied
            _save(part, f"participations.{index}")
            changed.append(part)
    return changed


def _key_field(model):
    """The field that tells the parts of one chart apart."""
    return model._meta.get_field(model.NATURAL_KEY[1].partition("__")[0])


def _plain(value):
    return value.pk if isinstance(value, Model) else value


def _filled(part, entry: dict) -> bool:
    """Put the values of `entry` into `part`, and tell whether that changes anything."""
    before = None if part.pk is None else [getattr(part, field.attname) for field in part._meta.concrete_fields]
    for field, value in entry.items():
        setattr(part, field, value)
    return before != [getattr(part, field.attname) for field in part._meta.concrete_fields]


def _save(part, path: str) -> None:
    try:
        part.full_clean()
    except ValidationError as error:
        raise ValidationError(
            {path if name == NON_FIELD_ERRORS else f"{path}.{name}": told for name, told in error.message_dict.items()}
        ) from error
    part.save()
