"""Which answers an operation has beside the one that was asked for: problems (RFC 9457), and the headers of all."""

from firenze_digitale.openapi.headers import RATE_LIMIT, components, declared
from firenze_digitale.problems import LONGEST_FIELD, LONGEST_TEXT, MEDIA_TYPE, MOST_ERRORS

PROBLEM = {
    "type": "object",
    "description": "What went wrong (RFC 9457).",
    "required": ["type", "title", "status", "detail", "errors"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "maxLength": 200},
        "title": {"type": "string", "maxLength": 200},
        "status": {"type": "integer", "format": "int32", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "maxLength": LONGEST_TEXT},
        "errors": {
            "type": "array",
            "maxItems": MOST_ERRORS,
            "description": "One entry for each message.",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {
                    "field": {
                        "type": "string",
                        "maxLength": LONGEST_FIELD,
                        "description": "Where it belongs, for example `participations.0.partner`; "
                        "empty for the request as a whole.",
                    },
                    "message": {"type": "string", "maxLength": LONGEST_TEXT},
                },
            },
        },
    },
}
PROBLEMS = {
    400: "Something in the request is not right: see `errors`.",
    401: "The credential is missing where one is needed, or it is not valid.",
    403: "The caller may see it, but not do this; or the credential is limited to other resources.",
    404: "There is nothing here that the caller may see.",
    406: "No answer in the media type asked for.",
    409: "The state of the registry is in the way: what is to be deleted is in use, or the same request is at work.",
    410: "What was asked for is kept no more: start again.",
    411: "The body says not how long it is: send `Content-Length`.",
    412: "The row was changed since you read it: read it again.",
    413: "The body is too large.",
    415: "The body is of a kind that is not read here.",
    422: "The `Idempotency-Key` was used for another request: choose a new one.",
    428: "The header `If-Match` is missing: say which state of the row you mean.",
    429: "Too many requests: wait as long as `Retry-After` says.",
    503: "The database does not answer, or is busy with another change: try again.",
}
#: Asked as often as one likes.
NEVER_LIMITED = "/status"
#: Headers of an answer beside the limits.
OWN_HEADERS = {401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}
DONE = {
    "200": "What was asked for, or the row as it is now stored.",
    "201": "The row as it was added.",
    "204": "The row is gone.",
    "304": "Nothing changed since the state that `If-None-Match` names.",
}


def declare_answers(result, generator, request, public):
    """Declare for each operation what else it answers, and the headers of every answer."""
    parts = result["components"]
    parts["headers"] = components()
    parts.setdefault("schemas", {})["Problem"] = PROBLEM
    used = set()
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            answers = operation["responses"]
            for code in _codes(path, method, operation) | {int(code) for code in answers} & PROBLEMS.keys():
                used.add(code)
                answers[str(code)] = {"$ref": f"#/components/responses/{_name(code)}"}
            for code, answer in answers.items():
                if "$ref" not in answer:
                    _tell_of_files(answer.get("content", {}))
                    answer["description"] = answer.get("description") or DONE.get(code, "What was asked for.")
                    answer["headers"] = {**declared(*_headers(operation)), **answer.get("headers", {})}
            operation["responses"] = dict(sorted(answers.items()))
    parts["responses"] = {_name(code): _problem(code) for code in sorted(used)}
    return result


def _name(code: int) -> str:
    return f"Problem{code}"


def _problem(code: int) -> dict:
    return {
        "description": PROBLEMS[code],
        "headers": declared(*RATE_LIMIT, *OWN_HEADERS.get(code, ())),
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _parameters(operation: dict, place: str) -> set[str]:
    return {each["name"] for each in operation.get("parameters", ()) if each["in"] == place}


def _codes(path: str, method: str, operation: dict) -> set[int]:
    """Problems that the operation may answer with, by what is asked of the caller."""
    codes = {406, 503} if path == NEVER_LIMITED else {406, 429, 503}
    headers, body = _parameters(operation, "header"), "requestBody" in operation
    if any(operation.get("security", ())):
        codes |= {401, 403}
    if _parameters(operation, "path"):
        codes.add(404)
    if _parameters(operation, "query") or body:
        codes.add(400)
    if method != "get":
        codes |= {403, 409}
    if "Idempotency-Key" in headers:
        codes |= {400, 422}
    if body:
        codes |= {411, 413, 415}
    if "If-Match" in headers:
        codes |= {412, 428}
    return codes


def _headers(operation: dict) -> tuple[str, ...]:
    """Headers of an answer that is no problem."""
    replayed = ("Idempotency-Replayed",) if "Idempotency-Key" in _parameters(operation, "header") else ()
    return (*RATE_LIMIT, "Cache-Control", *replayed)


def _tell_of_files(content: dict) -> None:
    """A file of no stated form is bytes, or an object where it is JSON."""
    for media_type, told in content.items():
        if told.get("schema", {}).get("type") == "string":
            told["schema"] = (
                {"type": "object"} if media_type.endswith("json") else {"type": "string", "format": "binary"}
            )
