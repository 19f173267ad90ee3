"""Rules that only a trigger can state, and readable messages for every rule that the database refuses.

A constraint's message is its `violation_error_message`; a trigger's is the `message` of its `Rule`. Whatever
door a row comes through, `refusal_of` turns the database's refusal into the same `ValidationError`.
"""

import re
from contextlib import contextmanager

import pgtrigger
from django.apps import apps
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import DatabaseError, DataError, IntegrityError
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from psycopg2 import errorcodes

CREATE_OR_CHANGE = pgtrigger.Insert | pgtrigger.Update


class Rule(pgtrigger.Trigger):
    """A trigger that refuses a row.

    Args:
        name: unique in the registry; it is the name of the violated constraint in the database's error.
        refuses: SQL condition over `NEW` (and `OLD`) under which the row is refused.
        message: what a person reads.
        before: SQL statements run first, for example to take a lock.
        field: the model's field that the message belongs to, if it is one.
    """

    when = pgtrigger.Before
    operation = CREATE_OR_CHANGE

    def __init__(self, *, name, refuses, message, before="", field=NON_FIELD_ERRORS, **options):
        self.message, self.field = message, field
        func = (
            f"{before} IF ({refuses}) THEN RAISE EXCEPTION 'refused by the rule {name}' "
            f"USING ERRCODE = 'check_violation', CONSTRAINT = '{name}'; END IF; RETURN NULL;"
        )
        when = options.get("when", self.when)
        if when == pgtrigger.Before:
            func = func.replace("RETURN NULL;", "RETURN NEW;")
        super().__init__(name=name, func=func, **options)


def stays(name: str, column: str, message) -> Rule:
    """Rule: what `column` holds never changes once the row is stored."""
    return Rule(
        name=name,
        operation=pgtrigger.Update,
        condition=pgtrigger.Condition(f"OLD.{column} IS DISTINCT FROM NEW.{column}"),
        refuses="TRUE",
        message=message,
        field=column.removesuffix("_id"),
    )


def touch_trigger() -> pgtrigger.Trigger:
    """Keep `updated_at` true for every door, raw SQL included: it moves when the row does."""
    return pgtrigger.Trigger(
        name="touch",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        func="NEW.updated_at = OLD.updated_at; IF NEW IS DISTINCT FROM OLD THEN"
        " NEW.updated_at = statement_timestamp(); END IF; RETURN NEW;",
    )


def find_rule(name: str) -> tuple[str, object] | None:
    """Return the field and the message of the constraint or rule called `name`."""
    for model in apps.get_models():
        for constraint in model._meta.constraints:
            if constraint.name == name:
                fields = getattr(constraint, "fields", ())
                return (fields[-1] if fields else NON_FIELD_ERRORS), constraint.violation_error_message
        for trigger in getattr(model._meta, "triggers", ()):
            if isinstance(trigger, Rule) and trigger.name == name:
                return trigger.field, trigger.message
    return None


def refusal_of(error: DatabaseError) -> ValidationError:
    """Turn the database's refusal of a row into an error that a person can read.

    Raises:
        DatabaseError: `error` itself, where it is a failure and not a refusal.
    """
    cause = error.__cause__
    code, diag = getattr(cause, "pgcode", None), getattr(cause, "diag", None)
    if isinstance(error, DataError):
        return ValidationError(_("A value cannot be stored: it is too long, too large or not of its kind."))
    if not isinstance(error, IntegrityError) or diag is None:
        raise error
    known = find_rule(diag.constraint_name or "")
    if known:
        field, message = known
        return ValidationError({field: [message]})
    if code == errorcodes.FOREIGN_KEY_VIOLATION:
        return ValidationError(_("It is in use, or refers to something that is no longer there."), code="in_use")
    if code == errorcodes.UNIQUE_VIOLATION:
        return _already_taken(diag)
    raise error


def _already_taken(diag) -> ValidationError:
    columns = re.findall(r"\(([a-z_, ]+)\)=\(", diag.message_detail or "")
    model = next((m for m in apps.get_models() if m._meta.db_table == diag.table_name), None)
    names = columns[0].split(", ") if columns else []
    labels = [
        str(capfirst(f.verbose_name)) for f in (model._meta.concrete_fields if model else ()) if f.column in names
    ]
    return ValidationError(
        _("Another row already has this: %(fields)s. Choose another value."),
        code="unique",
        params={"fields": ", ".join(labels) or diag.constraint_name},
    )


@contextmanager
def readable_refusals():
    """Raise `ValidationError` in place of the database's refusals inside the block.

    Wrap it around the transaction, not inside: a refused transaction is over.
    """
    try:
        yield
    except DatabaseError as error:
        raise refusal_of(error) from error
