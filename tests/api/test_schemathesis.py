"""Fuzzed by its own document, the API never fails, and answers as the document says.

Every run has time for a few examples, and for one resource of each kind; `SCHEMATHESIS_EXAMPLES=100` tries that many on
every operation.
"""

import os
from collections import defaultdict
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
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    positive_data_acceptance,
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
#: Checks of how strict the document is: on how many operations each fails at 100 examples. They may only become fewer.
STRICT = {
    negative_data_rejection: 15,  # lists, where a malformed If-None-Match is passed over, as RFC 9110 has it
    positive_data_acceptance: 27,  # well-formed, and refers to what is not there or contradicts itself
}
EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "0"))
#: What the usual run tries: the other resources are served by the same code, and PUT takes what POST does.
USUAL = {"assets", "project-charts"}
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


def is_alike(operation) -> bool:
    return operation.path.split("/")[1] in RESOURCES.keys() - USUAL or operation.method == "put"


def cases(operation):
    """Valid and invalid calls of an operation, and whether to make them about rows that exist."""
    modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    return st.tuples(st.one_of([operation.as_strategy(generation_mode=mode) for mode in modes]), st.booleans())


def about_rows(case) -> None:
    """Make a call one about rows that exist, as they are now."""
    refer_to_rows(case.body)
    resource = case.operation.path.split("/")[1]
    if resource in KEYS and "{key}" in case.operation.path:
        case.path_parameters["key"] = KEYS[resource]
    if "If-Match" in case.headers:
        case.headers["If-Match"] = "*"


def refer_to_rows(body) -> None:
    """Make the references of a body point at rows that exist."""
    if isinstance(body, dict):
        body |= {name: value for name, value in REFERENCES.items() if name in body}
        for part in body.values():
            for entry in part if isinstance(part, list) else ():
                refer_to_rows(entry)


def fuzz(operation, headers: dict, loose: dict) -> set[int]:
    """Call an operation with generated input, undoing each call.

    Args:
        loose: gets, by the name of each strict check, the operations on which it failed.

    Returns:
        The statuses that were answered.
    """
    seen = set()

    @settings(
        max_examples=EXAMPLES or 3,
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
            about_rows(case)
        with suppress(Undo), transaction.atomic():
            response = case.call(headers=headers)
            raise Undo
        seen.add(response.status_code)
        case.validate_response(response, checks=CHECKS)
        for check in () if with_rows else STRICT:
            try:
                case.validate_response(response, checks=[check])
            except FailureGroup:
                loose[check].add(operation.label)

    call()
    return seen


@pytest.mark.usefixtures("_one_connection")
def test_the_api_withstands_generated_input(registry, writer, settings, subtests):
    settings.ALLOWED_HOSTS, settings.API_LIMIT_PER_CREDENTIAL, settings.API_LIMIT_PER_ADDRESS = ["*"], 10**7, 10**7
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())
    answered, loose = {}, defaultdict(set)
    for result in schema.get_all_operations():
        operation = result.ok()
        if not EXAMPLES and is_alike(operation):
            continue
        with subtests.test(operation.label):
            answered[operation.label] = fuzz(operation, {"Authorization": f"Bearer {writer}"}, loose)
    assert {"GET /assets", "PATCH /project-charts/{key}", "GET /status"} <= set(answered)
    assert {200, 400, 404} <= set().union(*answered.values())
    for check, most in STRICT.items():
        assert len(loose[check]) <= most, (check.__name__, sorted(loose[check]))
