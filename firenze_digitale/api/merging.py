"""Merge patches (RFC 7396): what a body of PATCH leaves out stays, and null empties."""

from rest_framework import serializers


def merged(target: object, patch: object) -> object:
    """Return `target` with `patch` applied: members of objects one by one, everything else as a whole."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def empty_value_of(field: serializers.Field) -> object:
    """Return what null makes of a field; None where null is a value of its own, or refused."""
    if field.read_only or field.allow_null:
        return None
    if isinstance(field, serializers.JSONField) and not field.required:
        return {}
    if isinstance(field, serializers.ListSerializer | serializers.ManyRelatedField):
        return [] if field.allow_empty else None
    return "" if getattr(field, "allow_blank", False) else None
