"""Headers of requests and answers, as operations declare them."""

MOST_REQUESTS = 10**9
DAY = 86_400
ETAG = {"type": "string", "minLength": 2, "maxLength": 200, "pattern": r'^(W/)?"[!#-~]*"$'}
CONDITION = {"type": "string", "minLength": 1, "maxLength": 2000, "pattern": r"^[ !-~]+$"}


def whole(least: int, most: int) -> dict:
    return {"type": "integer", "format": "int32", "minimum": least, "maximum": most}


def request_header(name: str, schema: dict, description: str, *, required: bool = False) -> dict:
    """Return a header of a request as a parameter of an operation."""
    return {"name": name, "in": "header", "required": required, "description": description, "schema": schema}


IF_NONE_MATCH = request_header(
    "If-None-Match",
    CONDITION,
    "The `ETag` of the answer that you have, quotes included: where it still holds, the answer is 304 and has no body.",
)
IF_MATCH = request_header(
    "If-Match",
    CONDITION,
    "The `ETag` of the row as you read it, quotes included: where somebody changed it since, nothing is stored and the "
    "answer is 412. Without the header it is 428.",
    required=True,
)
IDEMPOTENCY_KEY = request_header(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[!-~]+$"},
    "A name of your own for this request, for example a UUID: sent again within a day, the request is not carried out "
    "a second time and has the first answer.",
)
#: By the method, or by the action of a resource.
REQUEST_HEADERS = {
    "GET": [IF_NONE_MATCH],
    "update": [IF_MATCH],
    "partial_update": [IF_MATCH],
    "destroy": [IF_MATCH],
}
RESPONSE_HEADERS_OF_ROWS = {
    "GET": {"200": ["ETag"], "304": ["ETag"]},
    "create": {"201": ["ETag", "Location"]},
    "update": {"200": ["ETag"]},
    "partial_update": {"200": ["ETag"]},
}

#: Components of the document.
RESPONSE_HEADERS = {
    "RateLimit-Limit": {
        "description": "Requests that the caller may send in a window.",
        "schema": whole(0, MOST_REQUESTS),
    },
    "RateLimit-Remaining": {
        "description": "Requests that are left in this window.",
        "schema": whole(0, MOST_REQUESTS),
    },
    "RateLimit-Reset": {"description": "Seconds until the window ends.", "schema": whole(0, DAY)},
    "Retry-After": {"description": "Seconds to wait before trying again.", "schema": whole(0, DAY)},
    "Cache-Control": {
        "description": "`private, no-cache` for what is read: keep it, and ask with `If-None-Match` before you use it "
        "again. `no-store` for what answers to writing.",
        "schema": {"type": "string", "maxLength": 200, "pattern": r"^[ -~]+$"},
    },
    "ETag": {"description": "Which state this is, for `If-None-Match` and `If-Match`.", "schema": ETAG},
    "Location": {
        "description": "The address of what was added.",
        "schema": {"type": "string", "format": "uri", "maxLength": 2000},
    },
    "Idempotency-Replayed": {
        "description": "`true` where this is the first answer to the same request, which is not carried out again.",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "WWW-Authenticate": {
        "description": "How to say who you are (RFC 6750).",
        "schema": {"type": "string", "maxLength": 200, "pattern": r"^Bearer( .*)?$"},
    },
}
RATE_LIMIT = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")


#: Not sent with every answer that declares them: a list as a file has no ETag, and most answers are first ones.
OPTIONAL = frozenset({"ETag", "Idempotency-Replayed"})


def declared(*names: str) -> dict:
    """Return references to headers of answers."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def components() -> dict:
    """Return the headers of answers, for the components of the document."""
    return {name: {**header, "required": name not in OPTIONAL} for name, header in RESPONSE_HEADERS.items()}
