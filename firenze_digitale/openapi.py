"""The OpenAPI document: what drf-spectacular cannot read off the views is said here."""

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from firenze_digitale.api.fields import KEY_SCHEMA, KeysField
from firenze_digitale.problems import MEDIA_TYPE

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
    "partial_update": "Fields that are left out keep what they hold.",
    "destroy": "What is in use is not deleted: the answer is 409 and says what uses it.",
}
PROBLEM = {
    "type": "object",
    "description": "What went wrong (RFC 9457).",
    "required": ["type", "title", "status", "detail", "errors"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "maxLength": 200},
        "title": {"type": "string", "maxLength": 200},
        "status": {"type": "integer", "format": "int32", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "maxLength": 20000},
        "errors": {
            "type": "array",
            "maxItems": 10000,
            "description": "One entry for each message.",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {
                    "field": {
                        "type": "string",
                        "maxLength": 2000,
                        "description": "Where it belongs, for example `participations.0.partner`; "
                        "empty for the request as a whole.",
                    },
                    "message": {"type": "string", "maxLength": 20000},
                },
            },
        },
    },
}
PROBLEMS = {
    400: "Something in the request is not right: see `errors`.",
    401: "No credential, or one that is not valid.",
    403: "The caller may see it, but not do this.",
    404: "There is nothing here that the caller may see.",
    406: "No answer in the media type asked for.",
    409: "It is in use.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    503: "The database does not answer, or is busy with another change: try again.",
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
    """What all resources have in common."""

    def get_tags(self):
        return [self._tokenize_path()[0]]

    def get_summary(self):
        return SUMMARIES.get(getattr(self.view, "action", None))

    def get_description(self):
        return "\n\n".join(filter(None, (super().get_description(), NOTES.get(getattr(self.view, "action", None)))))

    def get_auth(self):
        scheme = super().get_auth()
        required = [item for item in scheme if item]
        return [{}, *required] if required and self.method == "GET" else required

    def _map_serializer_field(self, field, direction, bypass_extensions=False):
        schema = super()._map_serializer_field(field, direction, bypass_extensions)
        if direction != "request" or schema.get("type") != "array":
            return schema
        most = getattr(field, "max_length", None)
        bounds = {"maxItems": most} if most else {}
        return {**schema, **bounds, **({"uniqueItems": True} if isinstance(field, KeysField) else {})}

    def _resolve_path_parameters(self, variables):
        return [
            {
                "name": name,
                "in": "path",
                "required": True,
                "description": "The key of the row: its code, or where it has none of its own the parts of the key "
                "joined by colons, for example `plan-2016-18:3`.",
                "schema": KEY_SCHEMA,
            }
            for name in variables
        ]


def state_what_bodies_hold(result, generator, request, public):
    """An answer holds all of its fields; a request holds no field that is not named."""
    for name, schema in result["components"]["schemas"].items():
        if schema.get("type") != "object":
            continue
        if name.endswith("Request"):
            schema["additionalProperties"] = False
        else:
            schema["required"] = sorted(schema["properties"])
    return result


def add_problem_responses(result, generator, request, public):
    """Declare for each operation the problems that it answers with."""
    result["components"]["schemas"]["Problem"] = PROBLEM
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for path, operations in result["paths"].items():
        if path == "/status":
            continue
        for method, operation in operations.items():
            for code in _codes(path, method):
                operation["responses"][str(code)] = {"description": PROBLEMS[code], "content": content}
    return result


def _codes(path: str, method: str) -> list[int]:
    codes = {401, 406, 503}
    if path.endswith("}"):
        codes.add(404)
    if method != "get":
        codes |= {403, 409}
    if method in ("post", "put", "patch"):
        codes |= {413, 415}
    if method != "delete" and not (method == "get" and 404 in codes):
        codes.add(400)
    return sorted(codes)
