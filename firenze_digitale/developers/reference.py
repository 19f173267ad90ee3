"""The OpenAPI document as pages show it: its operations by what they are about."""

import json
import shlex
from dataclasses import dataclass
from functools import cache

from firenze_digitale.api.views import openapi_document
from firenze_digitale.developers.prose import prose
from firenze_digitale.developers.schemas import Field, field_of, fields_of, resolved, sample

JSON_TYPES = ("application/json", "application/merge-patch+json")
FIRST_FAILURE = 400


@dataclass(frozen=True)
class Answer:
    """What an operation answers with: the status, what it means, headers, media types and the members of the body."""

    code: str
    told: str
    headers: tuple[str, ...]
    media_types: tuple[str, ...]
    fields: tuple[Field, ...]

    @property
    def is_problem(self) -> bool:
        return int(self.code) >= FIRST_FAILURE


@dataclass(frozen=True)
class Parameter:
    """A parameter of an operation: where it goes (`path`, `query` or `header`), and what it takes."""

    place: str
    field: Field

    @property
    def name(self) -> str:
        return self.field.name.removesuffix("[]")


@dataclass(frozen=True)
class Operation:
    """One method of one address."""

    id: str
    method: str
    path: str
    summary: str
    told: str
    needs_credential: bool
    takes_credential: bool
    parameters: tuple[Parameter, ...]
    media_types: tuple[str, ...]
    body: tuple[Field, ...]
    address: str
    options: str
    answers: tuple[Answer, ...]

    @property
    def anchor(self) -> str:
        return self.id.replace("_", "-")

    @property
    def may_be_tried(self) -> bool:
        return self.method == "GET"

    @property
    def done(self) -> list[Answer]:
        return [answer for answer in self.answers if not answer.is_problem]

    @property
    def problems(self) -> list[Answer]:
        return [answer for answer in self.answers if answer.is_problem]


@dataclass(frozen=True)
class Group:
    """Operations of one kind, such as those of assets."""

    name: str
    told: str
    operations: tuple[Operation, ...]


@cache
def reference() -> tuple[Group, ...]:
    """Return all operations of the API, in the order of the document."""
    document = openapi_document()
    found: dict[str, list[Operation]] = {tag["name"]: [] for tag in document["tags"]}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            found[operation["tags"][0]].append(_operation(path, method.upper(), operation, document))
    return tuple(Group(tag["name"], tag["description"], tuple(found[tag["name"]])) for tag in document["tags"])


def _operation(path: str, method: str, operation: dict, document: dict) -> Operation:
    content = operation.get("requestBody", {}).get("content", {})
    first = next(iter(content.values()), {}).get("schema", {})
    security = operation.get("security", [])
    return Operation(
        id=operation["operationId"],
        method=method,
        path=path,
        summary=operation.get("summary") or operation["operationId"],
        told=prose(operation.get("description", "")),
        needs_credential=bool(security) and {} not in security,
        takes_credential=any(security),
        parameters=tuple(_parameter(each, document) for each in operation.get("parameters", ())),
        media_types=tuple(content),
        body=tuple(fields_of(first, document)),
        address=_address(path, operation, document),
        options="" if method == "GET" else _options(operation, content, document),
        answers=tuple(_answer(code, answer, document) for code, answer in operation["responses"].items()),
    )


def _parameter(parameter: dict, document: dict) -> Parameter:
    schema = {**parameter["schema"], "description": parameter.get("description", "")}
    field = field_of(parameter["name"], schema, document, parameter.get("required", False))
    return Parameter(parameter["in"], field)


def _answer(code: str, answer: dict, document: dict) -> Answer:
    answer = resolved(answer, document)
    content = answer.get("content", {})
    body = next(iter(content.values()), {}).get("schema", {})
    fields = () if int(code) >= FIRST_FAILURE else tuple(fields_of(body, document))
    return Answer(code, answer["description"], tuple(answer.get("headers", ())), tuple(content), fields)


def _address(path: str, operation: dict, document: dict) -> str:
    """What a command asks below the API's address: parameters of the path in capitals, for the reader to replace."""
    named = "/".join(part[1:-1].upper() if part.startswith("{") else part for part in path.split("/"))
    asked = [each for each in operation.get("parameters", ()) if each["in"] == "query" and each.get("required")]
    query = "&".join(f"{each['name']}={sample(each['schema'], document, each['name'])}" for each in asked)
    return f"{named}?{query}" if query else named


def _options(operation: dict, content: dict, document: dict) -> str:
    """The options of a curl command that writes, with a body that keeps to its schema."""
    headers = [each for each in operation.get("parameters", ()) if each["in"] == "header" and each.get("required")]
    options = ['-H "Authorization: Bearer $REGISTRY_TOKEN"', *(f"-H '{each['name']}: \"…\"'" for each in headers)]
    for media_type in list(content)[:1]:
        options.append(f"-H 'Content-Type: {media_type}'")
        options.append(_data(content[media_type]["schema"], media_type, document))
    return "".join(f" \\\n  {option}" for option in options)


def _data(schema: dict, media_type: str, document: dict) -> str:
    if media_type not in JSON_TYPES:
        return "--data-binary @file"
    body = json.dumps(sample(schema, document), ensure_ascii=False, indent=2)
    return "-d " + shlex.quote(body)
