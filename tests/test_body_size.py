"""Bodies beyond the limit are refused at every door, before anything reads them."""

import pytest
from django.urls import reverse

from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def declared(settings):
    """Headers of a body that is larger than the registry takes."""
    settings.MAX_UPLOAD_SIZE = 1000
    return {"CONTENT_LENGTH": str(2**20 + 1001)}


def test_a_page_says_how_much_is_taken(browse, referent, declared):
    answer = browse(referent).post(reverse("admin:assets_asset_import"), {}, **declared)
    assert answer.status_code == 413
    assert "1000" in answer.content.decode()


def test_the_api_answers_with_a_problem(call, writer, declared):
    answer = call(writer).post("/api/v1/assets", {}, **declared)
    assert answer.status_code == 413
    assert answer["Content-Type"] == "application/problem+json"


def test_what_is_within_the_limit_goes_through(browse):
    answer = browse().post(reverse("login"), {"username": "nobody", "password": factories.PASSWORD})
    assert answer.status_code == 200
