"""Fields that take values of their own type only, and related rows by their key."""

from datetime import UTC, datetime

from django.db import models
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.relations import MANY_RELATION_KWARGS

MAX_KEYS = 500
#: Codes of letters, digits, points, hyphens and underscores; colons join the parts of a key.
KEY_SCHEMA = {
    "type": "string",
    "minLength": 1,
    "maxLength": 250,
    "pattern": r"^[A-Za-z0-9._-]+(:[A-Za-z0-9._-]+)*$",
}
#: More members than an object of 20,000 characters, the longest that is stored, can have.
MAX_MEMBERS = 4_000


class Strict:
    """Refuses what JSON does not write as `json_types`: no text for a number, no number for a text."""

    json_types: tuple[type, ...] = (str,)
    wrong_type = _("This must be a text, between quotes.")

    def to_internal_value(self, data):
        if not isinstance(data, self.json_types) or (isinstance(data, bool) and bool not in self.json_types):
            raise serializers.ValidationError(self.wrong_type, code="type")
        return super().to_internal_value(data)


class TextField(Strict, serializers.CharField):
    """A text."""


class EmailField(TextField, serializers.EmailField):
    """An e-mail address."""


class AddressField(TextField, serializers.URLField):
    """An address of the web."""


class CodeField(TextField):
    """A code; its form is the model's own rule."""

    def __init__(self, allow_unicode=False, **kwargs):
        super().__init__(**kwargs)


class IntegerField(Strict, serializers.IntegerField):
    """A whole number."""

    json_types = (int,)
    wrong_type = _("This must be a whole number, without quotes.")


class NumberField(Strict, serializers.FloatField):
    """A number."""

    json_types = (int, float)
    wrong_type = _("This must be a number, without quotes.")


class BooleanField(Strict, serializers.BooleanField):
    """True or false."""

    json_types = (bool,)
    wrong_type = _("This must be true or false, without quotes.")


class MomentField(serializers.DateTimeField):
    """A moment, in UTC as RFC 3339 writes it."""

    def to_representation(self, value: datetime) -> str:
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


class DateField(Strict, serializers.DateField):
    """A day, as ISO 8601 writes it."""


class ChoiceField(Strict, serializers.ChoiceField):
    """One of the values that a field takes."""

    default_error_messages = {"invalid_choice": _("“{input}” is none of its values. Write one of: {known}.")}

    def fail(self, key, **told):
        super().fail(key, **told, known=", ".join(map(str, self.choices)))


@extend_schema_field({"type": "object", "additionalProperties": {}, "maxProperties": MAX_MEMBERS})
class ObjectField(serializers.JSONField):
    """A JSON object; what it holds is the model's own rule."""

    def to_internal_value(self, data):
        if not isinstance(data, dict):
            raise serializers.ValidationError(_("This must be an object: {…}."), code="type")
        if len(data) > MAX_MEMBERS:
            message = _("This object has too many members: at most %(most)s.") % {"most": MAX_MEMBERS}
            raise serializers.ValidationError(message, code="max_length")
        return super().to_internal_value(data)


@extend_schema_field(KEY_SCHEMA)
class KeyField(serializers.RelatedField):
    """A related row by its key. One that the caller may not see is refused like one that does not exist."""

    default_error_messages = {
        "missing": _("There is no “%(key)s”: check the code."),
        "type": _("This must be a code, between quotes."),
    }

    @classmethod
    def many_init(cls, *args, **options):
        of_list = {name: value for name, value in options.items() if name in MANY_RELATION_KWARGS}
        return KeysField(child_relation=cls(*args, **options), **of_list)

    def get_queryset(self):
        return super().get_queryset().visible_to(self.context["request"].user)

    def run_validation(self, data=serializers.empty):
        if data == "":
            # The framework would take it for null.
            raise self.missing(data)
        return super().run_validation(data)

    def to_internal_value(self, data) -> models.Model:
        if not isinstance(data, str):
            self.fail("type")
        try:
            return self.get_queryset().by_key(data)
        except self.queryset.model.DoesNotExist as error:
            raise self.missing(data) from error

    def missing(self, key: str) -> serializers.ValidationError:
        return serializers.ValidationError(self.error_messages["missing"] % {"key": key[:100]}, code="missing")

    def to_representation(self, value: models.Model) -> str:
        return value.key


class KeysField(serializers.ManyRelatedField):
    """Related rows by their keys: so many at most, none twice, all found by one query."""

    max_length = MAX_KEYS
    default_error_messages = {
        "max_length": serializers.ListSerializer.default_error_messages["max_length"],
        "twice": _("A code is given twice: give each once."),
    }

    def to_representation(self, rows) -> list[str]:
        """In the order of the keys, which is the same whatever the rows are called today."""
        return [row.key for row in sorted(rows, key=lambda row: row.natural_key())]

    def to_internal_value(self, data) -> list[models.Model]:
        if not isinstance(data, list):
            self.fail("not_a_list", input_type=type(data).__name__)
        if len(data) > self.max_length:
            self.fail("max_length", max_length=self.max_length)
        if not all(isinstance(key, str) for key in data):
            self.child_relation.fail("type")
        if len(set(data)) < len(data):
            self.fail("twice")
        found = self._rows_by_key(data)
        for key in data:
            if key not in found:
                raise self.child_relation.missing(key)
        return [found[key] for key in data]

    def _rows_by_key(self, keys: list[str]) -> dict[str, models.Model]:
        """Rows found by the first part of their keys, which for keys of one part is the whole."""
        rows = self.child_relation.get_queryset()
        first, *_rest = lookups = rows.model.NATURAL_KEY
        joins = [lookup.rpartition("__")[0] for lookup in lookups if "__" in lookup]
        if joins:
            rows = rows.select_related(*joins)
        return {row.key: row for row in rows.filter(**{f"{first}__in": {key.partition(":")[0] for key in keys}})}


FIELDS_OF_MODELS = {
    models.CharField: TextField,
    models.TextField: TextField,
    models.SlugField: CodeField,
    models.EmailField: EmailField,
    models.URLField: AddressField,
    models.IntegerField: IntegerField,
    models.PositiveIntegerField: IntegerField,
    models.PositiveSmallIntegerField: IntegerField,
    models.FloatField: NumberField,
    models.BooleanField: BooleanField,
    models.DateField: DateField,
    models.DateTimeField: MomentField,
    models.JSONField: ObjectField,
}
