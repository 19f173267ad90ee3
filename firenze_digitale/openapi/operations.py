"""What all operations of the API have in common."""

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from firenze_digitale.api.fields import KEY_SCHEMA, KeysField
from firenze_digitale.api.formats import files_of
from firenze_digitale.api.idempotency import keeps_answers
from firenze_digitale.api.parsing import MergePatchParser, StrictJSONParser
from firenze_digitale.openapi.headers import IDEMPOTENCY_KEY, REQUEST_HEADERS, RESPONSE_HEADERS_OF_ROWS, declared

BEARER = "credential"
SUMMARIES = {
    "list": "List, filtered",
    "retrieve": "Read one",
    "create": "Add",
    "update": "Replace",
    "partial_update": "Change in part",
    "destroy": "Delete",
}
NOTES = {
    "list": "Only what the caller may see is listed. Follow `next` until it is null: rows added or deleted meanwhile "
    "neither repeat nor drop others.",
    "update": "Texts, numbers, dates and references that are left out are emptied. Fields that begin with a value "
    "(status, visibility, terms) and lists of parts keep what they hold.",
    "partial_update": "The body is a merge patch (RFC 7396), also when it is called `application/json`: fields that "
    "are left out keep what they hold, null empties a field that may be empty and is refused for the others, "
    "`attributes` are merged member by member, and lists are replaced as a whole.",
    "destroy": "What is in use is not deleted: the answer is 409 and says what uses it.",
}


class CredentialScheme(OpenApiAuthenticationExtension):
    """A partner's credential."""

    target_class = "firenze_digitale.api.authentication.CredentialAuthentication"
    name = BEARER

    def get_security_definition(self, auto_schema):
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "The token of a partner's credential. Reading works without it, and shows what is public.",
        }


class RegistrySchema(AutoSchema):
    """Describes one operation."""

    def get_operation(self, *args):
        """Rows say which state they are in, and new ones where they are; lists come in several formats."""
        operation = super().get_operation(*args)
        if operation is None:
            return None
        if self._action == "list":
            operation["responses"]["200"]["content"] |= files_of(self.view.formats)
        for code, names in self._of_method_or_action(RESPONSE_HEADERS_OF_ROWS, {}).items():
            operation["responses"].setdefault(code, {"description": ""})["headers"] = declared(*names)
        return operation

    def get_request_serializer(self):
        """A row that is replaced may leave out its key, which the address says."""
        serializer = super().get_request_serializer()
        if self._action == "update":
            serializer.instance = serializer.Meta.model()
        return serializer

    def get_serializer_name(self, serializer, direction):
        name = super().get_serializer_name(serializer, direction)
        replaces = direction == "request" and getattr(serializer, "instance", None) is not None
        return f"Replaced{name}" if replaces else name

    def get_tags(self):
        return [self._tokenize_path()[0]]

    def get_summary(self):
        return SUMMARIES.get(self._action)

    def get_description(self):
        return "\n\n".join(filter(None, (super().get_description(), NOTES.get(self._action))))

    def get_auth(self):
        """Reading needs nobody's credential; writing does."""
        scheme = super().get_auth()
        required = [item for item in scheme if item]
        return required if required and self.method != "GET" else [{}, *required]

    def map_parsers(self):
        refused = StrictJSONParser if self.method == "PATCH" else MergePatchParser
        return [media_type for media_type in super().map_parsers() if media_type != refused.media_type]

    @property
    def _action(self) -> str | None:
        return getattr(self.view, "action", None)

    def _of_method_or_action(self, table: dict, nothing):
        return table.get(self.method) or table.get(self._action, nothing)

    def _get_parameters(self):
        once = [IDEMPOTENCY_KEY] if self.method == "POST" and keeps_answers(self.view) else []
        return [*super()._get_parameters(), *self._of_method_or_action(REQUEST_HEADERS, ()), *once]

    def _get_request_body(self, direction="request"):
        body = super()._get_request_body(direction)
        return body and {**body, "required": True}

    def _map_serializer_field(self, field, direction, bypass_extensions=False):
        if field.field_name == "key" and field.read_only:
            return {**KEY_SCHEMA, "readOnly": True}
        schema = super()._map_serializer_field(field, direction, bypass_extensions)
        if direction != "request" or schema.get("type") != "array":
            return schema
        most = getattr(field, "max_length", None)
        bounds = {"maxItems": most} if most else {}
        return {**schema, **bounds, **({"uniqueItems": True} if isinstance(field, KeysField) else {})}

    def _postprocess_serializer_schema(self, schema, serializer, direction):
        """An answer holds all of its fields; a request holds no field that is not named."""
        schema = super()._postprocess_serializer_schema(schema, serializer, direction)
        if schema.get("type") != "object" or not schema.get("properties"):
            return schema
        schema["additionalProperties"] = False
        if direction == "response":
            schema["required"] = sorted(schema["properties"])
            return schema
        partial = getattr(serializer, "partial", False)
        if partial or getattr(serializer, "instance", None) is not None:
            schema["minProperties"] = 1
        if partial:
            for name in getattr(serializer, "fields_that_null_empties", list)():
                schema["properties"][name] = _or_null(schema["properties"][name])
        return schema

    def _resolve_path_parameters(self, variables):
        if variables != ["key"]:
            return super()._resolve_path_parameters(variables)
        return [
            {
                "name": "key",
                "in": "path",
                "required": True,
                "description": "The key of the row: its code, or where it has none of its own the parts of the key "
                "joined by colons, for example `plan-2016-18:3`.",
                "schema": KEY_SCHEMA,
            }
        ]


def _or_null(schema: dict) -> dict:
    values = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    if "oneOf" in schema:
        return {
            **schema,
            "oneOf": [{**each, "nullable": True} if each.get("maxLength") == 0 else each for each in schema["oneOf"]],
        }
    return {**schema, **values, "nullable": True}
