"""Fuzzed by its own document, the API never fails, and answers as the document says."""

from contextlib import suppress

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from firenze_digitale.api_urls import RESOURCES

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)
EXAMPLES = 60
#: Rows that the credential may change, so that not every example ends at “not found”.
KEYS = {
    "assets": "publiacqua-restricted",
    "placements": "publiacqua-public:P1",
    "distributions": "publiacqua-dati-public:csv",
    "monographs": "monografia",
    "referents": "publiacqua-rete",
    "project-charts": "scheda-public",
}
REFERENCES = {
    "owner": "publiacqua",
    "partner": "publiacqua",
    "category": "fontanelli",
    "asset": "publiacqua-network",
    "study": "ricerca",
    "contact": "publiacqua-rete",
    "objectives": ["piano-2016-18:1"],
    "actions": ["azione"],
}


class Undo(Exception):
    """Rolls back what an example stored."""


@pytest.fixture
def _one_connection():
    """Keep the test's own connection through the requests, as Django's test client does."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def cases(operation):
    """Valid and invalid calls of an operation, half of them with keys of rows that exist."""
    resource = operation.path.split("/")[1]
    modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    strategies = [operation.as_strategy(generation_mode=mode) for mode in modes]
    if "{key}" in operation.path and resource in KEYS:
        key = {"key": KEYS[resource]}
        strategies += [operation.as_strategy(generation_mode=mode, path_parameters=key) for mode in modes]
    return st.tuples(st.one_of(strategies), st.booleans())


def refer_to_rows(body) -> None:
    """Make the references of a body point at rows that exist."""
    if isinstance(body, dict):
        body |= {name: value for name, value in REFERENCES.items() if name in body}
        for part in body.values():
            for entry in part if isinstance(part, list) else ():
                refer_to_rows(entry)


def fuzz(operation, headers: dict) -> set[int]:
    """Call an operation with generated input, undoing each call; return the statuses that it answered with."""
    seen = set()

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases(operation))
    def call(drawn):
        case, with_rows = drawn
        if with_rows:
            refer_to_rows(case.body)
        with suppress(Undo), transaction.atomic():
            response = case.call(headers=headers)
            raise Undo
        seen.add(response.status_code)
        case.validate_response(response, checks=CHECKS)

    call()
    return seen


@pytest.mark.usefixtures("_one_connection")
def test_the_api_withstands_generated_input(registry, writer, settings, subtests):
    settings.ALLOWED_HOSTS = ["*"]
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())
    answered = {}
    for result in schema.get_all_operations():
        operation = result.ok()
        with subtests.test(operation.label):
            answered[operation.label] = fuzz(operation, {"Authorization": f"Bearer {writer}"})
    assert len(answered) > 2 * len(RESOURCES)
    assert {200, 400, 404} <= set().union(*answered.values())
