"""Check constraints asked of many rows at once, before they are stored: one query instead of one for each row."""

import json
import re
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models

from firenze_digitale.rules import find_rule

# PostgreSQL itself says what it will check, so nothing is stated twice.
CHECKS = """SELECT conname, pg_get_expr(conbin, conrelid) FROM pg_constraint
    WHERE conrelid = %s::regclass AND contype = 'c' ORDER BY conname"""
COLUMNS = """SELECT attname FROM pg_attribute
    WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"""
BROKEN = """SELECT number - 1, {broken} FROM ROWS FROM (jsonb_populate_recordset(NULL::{table}, %s::jsonb))
    WITH ORDINALITY AS told({columns}, number) WHERE NOT ({together})"""


@dataclass(frozen=True)
class Check:
    """A check constraint: its condition in SQL, the fields it reads, the field it is said of, and the words."""

    name: str
    sql: str
    fields: list[models.Field]
    field: str
    message: object


def checks_of(model: type[models.Model]) -> list[Check]:
    """Return the check constraints of `model` that the registry itself has stated."""
    with connection.cursor() as cursor:
        cursor.execute(CHECKS, [model._meta.db_table])
        found = cursor.fetchall()
    # What Django itself adds, such as “not negative”, validators have said before.
    return [Check(name, sql, _fields_in(sql, model), *rule) for name, sql in found if (rule := find_rule(name))]


def broken_checks(model: type[models.Model], rows: list[models.Model], wrong: list[set[str]]) -> dict[int, dict]:
    """Return the errors that the check constraints of `model` find, by the position of the row.

    Args:
        rows: rows as they would be stored.
        wrong: for each row, names of the fields that are known to be wrong; what depends on them is not asked.
    """
    if not rows:
        return {}
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(CHECKS, [table])
        # What Django itself adds, such as “not negative”, validators have said before.
        checks = [(name, sql) for name, sql in cursor.fetchall() if find_rule(name)]
        fields = {name: _fields_in(sql, model) for name, sql in checks}
        asked = {field for names in fields.values() for field in names}
        told = [
            {field.column: getattr(row, field.attname) for field in asked if field.name not in bad}
            for row, bad in zip(rows, wrong, strict=True)
        ]
        cursor.execute(_query(cursor, table, checks), [json.dumps(told, cls=DjangoJSONEncoder)])
        found = cursor.fetchall()
    return {number: errors for number, names in found if (errors := _errors(names, fields, wrong[number]))}


def _fields_in(sql: str, model) -> list[models.Field]:
    words = set(re.findall(r"\w+", re.sub(r"'(?:[^']|'')*'", "", sql)))
    return [field for field in model._meta.concrete_fields if field.column in words]


def _query(cursor, table: str, checks) -> str:
    """SQL that names the broken checks of each row; a check that comes out as unknown holds, as in the table."""
    cursor.execute(COLUMNS, [table])
    quoted = connection.ops.quote_name
    columns = ", ".join(quoted(name) for (name,) in cursor.fetchall())
    cases = [f"CASE WHEN NOT ({sql}) THEN '{name}' END".replace("%", "%%") for name, sql in checks]
    together = " AND ".join(f"({sql})".replace("%", "%%") for _name, sql in checks)
    return BROKEN.format(
        broken=f"array_remove(ARRAY[{', '.join(cases)}], NULL)", table=quoted(table), columns=columns, together=together
    )


def _errors(names, fields, wrong: set[str]) -> dict:
    errors = {}
    for name in names:
        if wrong.isdisjoint(field.name for field in fields[name]):
            field, message = find_rule(name)
            errors = ValidationError({field: [message]}).update_error_dict(errors)
    return errors
