"""Bodies of the API: explicit fields, and the models' own rules before anything is stored."""

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions, serializers
from rest_framework.validators import UniqueValidator

from firenze_digitale.api.fields import FIELDS_OF_MODELS, ChoiceField, KeyField
from firenze_digitale.api.merging import empty_value_of, merged

DATES_OF_ROW = ("created_at", "updated_at")
UNKNOWN_FIELD = _("There is no such field.")
PART_OF_ADDRESS = _("It is part of the address and does not change here.")
NOT_YOURS = _("You may not change this field.")
NO_CHANGE = _("The body names no field: name at least one to change.")


class RegistrySerializer(serializers.ModelSerializer):
    """Reads and writes rows of one model through `full_clean` and `may_be_stored_by`.

    What the model refuses leaves as Django's `ValidationError`; the exception handler puts it in words.
    """

    serializer_field_mapping = FIELDS_OF_MODELS
    serializer_choice_field = ChoiceField
    serializer_related_field = KeyField

    def build_standard_field(self, field_name, model_field):
        field_class, options = super().build_standard_field(field_name, model_field)
        if "validators" in options:
            options["validators"] = [v for v in options["validators"] if not isinstance(v, UniqueValidator)]
        return field_class, options

    def build_relational_field(self, field_name, relation_info):
        field_class, options = super().build_relational_field(field_name, relation_info)
        options.pop("validators", None)
        return field_class, options

    def get_validators(self):
        """None: `full_clean` asks the model's constraints, in the model's words."""
        return []

    def get_uniqueness_extra_kwargs(self, field_names, declared_fields, extra_kwargs):
        return extra_kwargs, {}

    def get_fields(self):
        fields = super().get_fields()
        if self._is_change():
            for name in self._key_fields():
                fields[name].required = False
        return fields

    def _is_change(self) -> bool:
        return isinstance(self.instance, self.Meta.model)

    def _key_fields(self) -> list[str]:
        names = (lookup.partition("__")[0] for lookup in self.Meta.model.NATURAL_KEY)
        return [name for name in names if name in self.Meta.fields]

    @property
    def who(self):
        return self.context["request"].user

    def to_internal_value(self, data):
        """Take a body, or say of all of its fields at once what is wrong with them."""
        if not isinstance(data, dict):
            return super().to_internal_value(data)
        if not data and self._is_change():
            raise serializers.ValidationError({"": [NO_CHANGE]})
        known = {name: value for name, value in data.items() if name in self.fields}
        unknown = {name: [UNKNOWN_FIELD] for name in data if name not in known}
        try:
            values = super().to_internal_value(self._merged(known) if self.partial and self._is_change() else known)
        except serializers.ValidationError as error:
            raise serializers.ValidationError({**error.detail, **unknown}) from error
        if unknown:
            raise serializers.ValidationError(unknown)
        return values

    def _merged(self, patch: dict) -> dict:
        """The patch with what null empties written as the fields write it, and objects merged with the stored ones."""
        values = {}
        for name, value in patch.items():
            field = self.fields[name]
            if value is None:
                value = empty_value_of(field)
            elif isinstance(field, serializers.JSONField):
                value = merged(field.get_attribute(self.instance), value)
            values[name] = value
        return values

    def fields_that_null_empties(self) -> list[str]:
        """Names of the fields that take no null themselves, and that null in a body of PATCH empties."""
        return [name for name, field in self.fields.items() if empty_value_of(field) is not None]

    def create(self, validated_data):
        return self.store(self.Meta.model(), validated_data)

    def update(self, instance, validated_data):
        self.check_changes(instance, validated_data)
        if not self.partial:
            self.empty_what_is_left_out(instance, validated_data)
        return self.store(instance, validated_data)

    def check_changes(self, row, data: dict) -> None:
        """Refuse a change of the key, and of fields that are not the caller's to change.

        Raises:
            ValidationError, PermissionDenied: with the fields named.
        """
        changed = {name for name, value in data.items() if self._differs(row, name, value)}
        if moved := changed & set(self._key_fields()):
            raise serializers.ValidationError({name: [PART_OF_ADDRESS] for name in moved})
        allowed = self.Meta.model.fields_changeable_by(self.who)
        if allowed is not None and (forbidden := changed - allowed):
            raise exceptions.PermissionDenied({name: [NOT_YOURS] for name in forbidden})

    def _differs(self, row, name: str, value) -> bool:
        field = row._meta.get_field(name)
        if not field.concrete or field.many_to_many:
            return True
        return getattr(row, field.attname) != (value.pk if field.is_relation and value else value)

    def empty_what_is_left_out(self, row, data: dict) -> None:
        """A body of PUT is the whole row: what it does not say is emptied.

        Fields that begin with a value (status, visibility, terms) stay: leaving one out must not open what was closed.
        """
        stay = {*data, *self._key_fields()}
        for name, field in self.fields.items():
            if field.read_only or name in stay:
                continue
            column = row._meta.get_field(name)
            if column.concrete and not column.many_to_many and not column.get_default():
                setattr(row, column.attname, column.get_default())

    def store(self, row, data: dict):
        """Put `data` into `row`, check it and save it. Called inside a transaction."""
        links = {}
        for name, value in data.items():
            if row._meta.get_field(name).many_to_many:
                links[name] = value
            else:
                setattr(row, name, value)
        row.full_clean()
        if not row.may_be_stored_by(self.who):
            raise PermissionDenied
        row.save()
        for name, rows in links.items():
            getattr(row, name).set(rows)
        return row
