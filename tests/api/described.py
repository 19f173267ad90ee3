"""Reading the OpenAPI document in tests: its operations, its references, and bodies against its schemas."""

import json
from collections.abc import Iterator

from openapi_schema_validator import OAS30Validator, oas30_format_checker

PROBLEM = "application/problem+json"


def operations(document: dict) -> Iterator[tuple[str, str, dict]]:
    """Yield path, method and operation."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def resolved(document: dict, node: dict) -> dict:
    """Return what a reference points at; anything else as it is."""
    while "$ref" in node:
        found = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def answers(document: dict, operation: dict) -> dict[str, dict]:
    """The answers of an operation by their status, references followed."""
    return {code: resolved(document, answer) for code, answer in operation["responses"].items()}


def parameters(operation: dict, place: str) -> dict[str, dict]:
    return {each["name"]: each for each in operation.get("parameters", ()) if each["in"] == place}


def schemas(node: object, path: str = "") -> Iterator[tuple[str, dict]]:
    """Yield every schema that says its type, and where it is."""
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from schemas(item, f"{path}/{index}")
    elif isinstance(node, dict):
        if isinstance(node.get("type"), str):
            yield path, node
        for name, below in node.items():
            if name not in ("example", "examples", "default", "enum", "securitySchemes"):
                yield from schemas(below, f"{path}/{name}")


def violations(document: dict, schema: dict, value: object) -> list[str]:
    """What is wrong with a value by a schema of the document."""
    whole = {**schema, "components": document["components"]}
    checker = OAS30Validator(whole, format_checker=oas30_format_checker)
    return [f"{'/'.join(map(str, error.path))}: {error.message[:200]}" for error in checker.iter_errors(value)]


def disagreements(document: dict, path: str, method: str, response) -> list[str]:
    """How an answer of the server differs from what the document says of it."""
    declared = answers(document, document["paths"][path][method])
    answer = declared.get(str(response.status_code))
    if answer is None:
        return [f"{method} {path} answered {response.status_code}, which is not declared"]
    headers = {name: resolved(document, header) for name, header in answer.get("headers", {}).items()}
    wrong = [
        f"{name} is missing" for name, each in headers.items() if each.get("required") and not response.has_header(name)
    ]
    for name, header in headers.items():
        if response.has_header(name):
            text = response[name]
            number = header["schema"]["type"] == "integer" and text.isdecimal()
            wrong += [
                f"{name}: {text} {line}"
                for line in violations(document, header["schema"], int(text) if number else text)
            ]
    content = answer.get("content", {})
    body = b"".join(response) if response.streaming else response.content
    if not content:
        return wrong + ([f"a body of {len(body)} bytes, and none is declared"] if body else [])
    media_type = response["Content-Type"].partition(";")[0]
    if media_type not in content:
        return [*wrong, f"{media_type} is not declared"]
    if media_type.endswith("json"):
        wrong += violations(document, content[media_type]["schema"], json.loads(body))
    return [f"{method} {path} {response.status_code}: {line}" for line in wrong]
