"""What the tests of tables share."""

import pytest
from django.utils import translation


@pytest.fixture(autouse=True)
def _in_english():
    """Refusals are told apart by their words, whoever translates them."""
    with translation.override("en"):
        yield
