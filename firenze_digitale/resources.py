"""Import and export of rows as spreadsheets: one way in and out for the admin, the commands and the fixtures.

A file is stored whole or not at all, every wrong row of it is told, and it costs the same number of queries
whether it has ten rows or ten thousand: rows are looked up and stored together.
"""

from collections import Counter
from difflib import get_close_matches

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.html import conditional_escape, format_html
from django.utils.translation import gettext as _
from import_export import exceptions, resources
from import_export.fields import Field
from import_export.results import Error, InvalidRow, Result, RowResult

from firenze_digitale.access import ANONYMOUS
from firenze_digitale.cells import CodeCell, cell_for, is_empty
from firenze_digitale.history import through_door
from firenze_digitale.rules import readable_refusals
from firenze_digitale.set_checks import broken_checks

BATCH = 2_000
EXPORT_CHUNK = 2_000


class RefusedFile(Exception):
    """The file as a whole cannot be imported; the text says why, to the person who made it."""


class PlainError(Error):
    """An error whose traceback is nobody's business."""

    traceback = ""


class Column(Field):
    """A column of a file, and the model's field that it fills."""

    def __init__(self, model_field):
        super().__init__(attribute=model_field.name, column_name=model_field.name, widget=cell_for(model_field))
        self.attname, self.has_default = model_field.attname, model_field.has_default()

    def stored(self, row):
        """The value as it is kept, without fetching related rows."""
        return getattr(row, self.attname)

    def save(self, instance, row, is_m2m=False, **kwargs):
        """Put the cell's value into `instance`; an empty cell of a new row leaves the field's default."""
        value = self.widget.clean(row[self.column_name])
        if value in self.empty_values and instance.pk is None and self.has_default:
            return
        before = self.stored(instance)
        setattr(instance, self.attribute, value)
        if before != self.stored(instance) and self.widget.reads_alike(before, value):
            setattr(instance, self.attname, before)


class RegistryResource(resources.ModelResource):
    """Base of every resource.

    Args:
        user: who imports or exports; without it nobody, who sees public rows and changes none.
    """

    #: Fields that decide whether a row may be stored, and the field under which a refusal is told.
    RIGHTS_FOLLOW: tuple[str, ...] = ()
    #: Relations that checking a stored row reads.
    CHECKED_WITH: tuple[str, ...] = ()
    #: Relations of the rows that a column names, which checking a row reads.
    NAMED_WITH: dict[str, tuple[str, ...]] = {}

    class Meta:
        clean_model_instances = True
        skip_unchanged = True
        # Its comparison copies whole rows; `Column.stored` compares values.
        skip_diff = True
        store_instance = True
        use_bulk = True
        # Rows are kept until all of them have been read, then stored in batches of our own.
        batch_size = None
        use_transactions = True

    def __init__(self, user=None, **kwargs):
        super().__init__(**kwargs)
        self.user = user if user is not None else ANONYMOUS
        for column in self.fields.values():
            if isinstance(column.widget, CodeCell):
                column.widget.who = self.user

    @classmethod
    def field_from_django_field(cls, field_name, django_field, readonly):
        return Column(django_field)

    @classmethod
    def get_error_result_class(cls):
        return PlainError

    def get_queryset(self):
        """Rows that the file may change."""
        return self._meta.model.objects.changeable_by(self.user)

    # Import: the file as a whole

    def import_data(self, dataset, dry_run=False, raise_errors=False, **kwargs):
        """Store all rows of `dataset`, or none of them where one is wrong.

        Returns:
            The result, with every wrong row in `invalid_rows` and what is wrong with the file in `base_errors`.
        """
        kwargs.update(use_transactions=True, rollback_on_validation_errors=True)
        try:
            self._check_headers(dataset.headers)
            with through_door("import", **self._importer()), transaction.atomic():
                self._look_up(dataset)
                return super().import_data(dataset, dry_run, raise_errors, **kwargs)
        except RefusedFile as error:
            if raise_errors:
                raise exceptions.ImportError(error) from error
            result = Result()
            result.diff_headers = self.get_diff_headers()
            result.append_base_error(PlainError(error))
            return result

    def _importer(self) -> dict:
        user_id = getattr(self.user, "pk", None)
        return {"user": user_id} if user_id else {}

    def _check_headers(self, headers) -> None:
        known = self.get_diff_headers()
        headers = list(headers or [])
        unknown = [header for header in headers if header not in known]
        twice = [header for header, count in Counter(headers).items() if count > 1 and header in known]
        missing = [name for name in self.get_import_id_fields() if name not in headers]
        problems = []
        if unknown:
            problems.append(_("Unknown columns: %(names)s.") % {"names": ", ".join(map(self._suggest, unknown))})
        if twice:
            problems.append(_("Columns that appear twice: %(names)s.") % {"names": ", ".join(twice)})
        if missing:
            problems.append(_("Missing columns: %(names)s.") % {"names": ", ".join(missing)})
        if problems:
            problems.append(_("Known columns: %(names)s.") % {"names": ", ".join(known)})
            raise RefusedFile(" ".join(problems))

    def _suggest(self, header) -> str:
        shown = f"“{str(header if header is not None else '')[:100]}”"
        near = get_close_matches(str(header).strip().lower(), self.get_diff_headers(), n=1, cutoff=0.75)
        return _("%(name)s (did you mean “%(near)s”?)") % {"name": shown, "near": near[0]} if near else shown

    def _look_up(self, dataset) -> None:
        """Fetch what the file names: related rows, then the rows that it changes."""
        self.in_file = [column for column in self.get_import_fields() if column.column_name in dataset.headers]
        self.first_seen, self.answers, self.read_rows, self.waiting = {}, {}, {}, {}
        for column in self.in_file:
            if isinstance(column.widget, CodeCell):
                column.widget.prepare(dataset[column.column_name], self.NAMED_WITH.get(column.column_name, ()))
        rows = [dict(zip(dataset.headers, values, strict=True)) for values in dataset]
        keys = {self._key_of(row) for row in rows} - {None}
        found = self._named_by(keys, self.get_queryset())
        # Whoever else changes one of these rows meanwhile waits, and so does its owner.
        found = found.select_related(*self.CHECKED_WITH).select_for_update(of=("self",)).order_by("pk")
        self.stored = {self._key_in(row): row for row in found}
        self.taken = self.taken_keys(keys - self.stored.keys())
        if any(self._key_of(row) not in self.stored for row in rows if not self._is_blank(row)):
            self._check_columns_of_new_rows()

    def _check_columns_of_new_rows(self) -> None:
        missing = sorted(set(self._required_columns()) - {column.column_name for column in self.in_file})
        if missing:
            raise RefusedFile(
                _("The file has new rows, and these need more columns: %(names)s.") % {"names": ", ".join(missing)}
            )

    def _required_columns(self):
        for column in self.get_import_fields():
            field = self._meta.model._meta.get_field(column.attribute)
            if not field.blank and not field.has_default():
                yield column.column_name

    def _named_by(self, keys, queryset):
        """Rows of `queryset` that have one of `keys`, and perhaps some more: a semi-join by each part of the key."""
        for position, name in enumerate(self.get_import_id_fields()):
            queryset = queryset.filter(**{f"{self.fields[name].attname}__in": {key[position] for key in keys}})
        return queryset

    def _key_of(self, row) -> tuple | None:
        """The key that a row of the file names; None where it names none."""
        key = []
        for name in self.get_import_id_fields():
            try:
                value = self.fields[name].widget.clean(row[name])
            except ValueError:
                return None
            if value in (None, ""):
                return None
            key.append(getattr(value, "pk", value))
        return tuple(key)

    def _key_in(self, instance) -> tuple:
        return tuple(self.fields[name].stored(instance) for name in self.get_import_id_fields())

    def taken_keys(self, keys: set[tuple]) -> set[tuple]:
        """Those of `keys` that belong to rows which are not the importer's."""
        return set()

    # Import: one row

    @staticmethod
    def _is_blank(row) -> bool:
        return all(is_empty(value) for value in row.values())

    def get_instance(self, instance_loader, row):
        return self.stored.get(self._key_of(row))

    def after_init_instance(self, instance, new, row, **kwargs):
        self.number, self.key = kwargs["row_number"], self._key_of(row)
        self.first = self.first_seen.setdefault(self.key, self.number) if self.key else self.number
        self.before = {column.column_name: column.stored(instance) for column in self.get_import_fields()}
        self.shown_before = {} if new else self._shown(instance)

    def _is_changed(self, column, instance) -> bool:
        return self.before[column.column_name] != column.stored(instance)

    def skip_row(self, instance, original, row, import_validation_errors=None):
        if self._is_blank(row):
            return True
        if instance.pk is None or import_validation_errors or self.first != self.number:
            return False
        return not any(self._is_changed(column, instance) for column in self.in_file)

    def validate_instance(self, instance, import_validation_errors=None, validate_unique=True):
        """Check the row without asking the database, which is asked about all rows together."""
        errors = dict(import_validation_errors or {})
        relations = {field.name for field in instance._meta.concrete_fields if field.is_relation}
        try:
            instance.full_clean(exclude=relations | errors.keys(), validate_unique=False, validate_constraints=False)
        except ValidationError as error:
            errors = error.update_error_dict(errors)
        for problem in (self._repeated(), self._taken(), self._forbidden(instance, errors)):
            errors = problem.update_error_dict(errors) if problem else errors
        self.read_rows[self.number] = instance, errors
        if errors:
            raise ValidationError(errors)

    def _repeated(self) -> ValidationError | None:
        if self.first == self.number:
            return None
        # As spreadsheets count, where the header is the first row.
        said = _("Row %(number)s of the file has it already.") % {"number": self.first + 1}
        return ValidationError({self.get_import_id_fields()[-1]: said})

    def _taken(self) -> ValidationError | None:
        if self.key not in self.taken:
            return None
        return ValidationError({self.get_import_id_fields()[-1]: _("This code is already taken: choose another one.")})

    def _forbidden(self, instance, errors: dict) -> ValidationError | None:
        """Ask the model once for all rows alike: the answer depends on these fields alone."""
        if any(name in errors for name in self.RIGHTS_FOLLOW):
            return None
        columns = [self.fields[name] for name in self.RIGHTS_FOLLOW]
        case = (instance.pk is None, *((self.before[c.column_name], c.stored(instance)) for c in columns))
        if case not in self.answers:
            self.answers[case] = instance.may_be_stored_by(self.user)
        return None if self.answers[case] else ValidationError({self.RIGHTS_FOLLOW[0]: self.forbidden_message()})

    def forbidden_message(self) -> str:
        """What the importer reads of a row that is not theirs to store."""
        raise NotImplementedError

    def after_import_row(self, row, row_result, **kwargs):
        """Tell every column in HTML, for the preview, and remember the row until it is stored."""
        before, cells = self.shown_before, []
        for name, after in self._shown(row_result.instance).items():
            if not before or before[name] == after:
                cells.append(conditional_escape(after))
            else:
                cells.append(format_html("<del>{}</del> <ins>{}</ins>", before[name], after))
        row_result.diff = cells
        self.waiting[id(row_result.instance)] = (self.number, row, row_result)

    def _shown(self, instance) -> dict[str, object]:
        return {column.column_name: column.export(instance) for column in self.get_import_fields()}

    # Import: storing

    def bulk_create(self, using_transactions, dry_run, raise_errors, batch_size=None, result=None):
        """Store the new rows; called once, when all rows have been read."""
        self._check_constraints(raise_errors, result)
        self._store(self.create_instances, self._meta.model.objects.bulk_create, raise_errors, result)

    def _check_constraints(self, raise_errors, result) -> None:
        numbers = list(self.read_rows)
        rows, errors = zip(*self.read_rows.values(), strict=True) if numbers else ((), ())
        found = broken_checks(self._meta.model, rows, [set(known) for known in errors])
        invalid = {row.number: position for position, row in enumerate(result.invalid_rows)}
        for index, broken in found.items():
            number, error = numbers[index], ValidationError(broken)
            if number in invalid:
                known = result.invalid_rows[invalid[number]]
                error = ValidationError(error.update_error_dict(errors[index]))
                result.invalid_rows[invalid[number]] = InvalidRow(number, error, known.values)
            else:
                self._refuse(rows[index], error, raise_errors, result)
        refused = {id(rows[index]) for index in found}
        for waiting in (self.create_instances, self.update_instances):
            waiting[:] = [row for row in waiting if id(row) not in refused]

    def bulk_update(self, using_transactions, dry_run, raise_errors, batch_size=None, result=None):
        names = [column.attribute for column in self.in_file if column.attribute not in self.get_import_id_fields()]

        def write(rows):
            # One statement for a batch, many times quicker than an UPDATE with a CASE for every value.
            self._meta.model.objects.bulk_create(rows, update_conflicts=True, unique_fields=["id"], update_fields=names)

        self._store(self.update_instances, write, raise_errors, result)

    def _store(self, rows, write, raise_errors, result) -> None:
        for start in range(0, len(rows), BATCH):
            for row, error in self._refusals(rows[start : start + BATCH], write):
                self._refuse(row, error, raise_errors, result)
        rows.clear()
        result.invalid_rows.sort(key=lambda row: row.number)

    def _refusals(self, rows, write):
        """Store `rows`; yield those that only the database could refuse, found by halving the batch."""
        try:
            with readable_refusals(), transaction.atomic():
                write(rows)
        except ValidationError as error:
            if len(rows) == 1:
                yield rows[0], error
                return
            middle = len(rows) // 2
            yield from self._refusals(rows[:middle], write)
            yield from self._refusals(rows[middle:], write)

    def _refuse(self, instance, error, raise_errors, result) -> None:
        number, row, row_result = self.waiting[id(instance)]
        row_result.validation_error = error
        result.totals[row_result.import_type] -= 1
        row_result.import_type = RowResult.IMPORT_TYPE_INVALID
        result.increment_row_result_total(row_result)
        result.append_invalid_row(number, row, error)
        if raise_errors:
            raise exceptions.ImportError(error, number=number, row=row)

    def after_import(self, dataset, result, **kwargs):
        """Leave the sequence of ids alone: no file holds ids, and others may be adding rows."""

    # Export

    def filter_export(self, queryset, **kwargs):
        """Rows that `user` may see, whatever a door hands over."""
        joins = [column.attribute for column in self.fields.values() if isinstance(column.widget, CodeCell)]
        return queryset.visible_to(self.user).select_related(*joins)

    def export(self, queryset=None, **kwargs):
        if queryset is None:
            keys = [self.fields[name].attname for name in self.get_import_id_fields()]
            queryset = self._meta.model.objects.order_by(*keys)
        return super().export(queryset, **kwargs)

    def get_chunk_size(self):
        return EXPORT_CHUNK
