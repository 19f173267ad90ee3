"""Bodies too large, or not in UTF-8, are refused at every door, before anything reads them."""

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


def test_a_body_of_no_declared_length_is_refused_and_not_taken_for_an_empty_one(call, writer, browse):
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": ""}
    answer = call(writer).post("/api/v1/assets", {}, **chunked)
    assert (answer.status_code, answer["Content-Type"]) == (411, "application/problem+json")
    assert "RateLimit-Limit" in answer
    assert browse().post(reverse("login"), {}, **chunked).status_code == 400


def test_what_is_within_the_limit_goes_through(browse):
    answer = browse().post(reverse("login"), {"username": "nobody", "password": factories.PASSWORD})
    assert answer.status_code == 200


@pytest.mark.parametrize("charset", ["utf-7", "latin-1", "no-such-thing"])
def test_a_form_in_another_encoding_is_refused(browse, charset):
    body = b'--x\r\nContent-Disposition: form-data; name="username"\r\n\r\n+2AA-\r\n--x--\r\n'
    kind = f"multipart/form-data; boundary=x; charset={charset}"
    assert browse().generic("POST", reverse("login"), body, content_type=kind).status_code == 400


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8"])
def test_a_form_that_says_it_is_in_utf_8_goes_through(browse, charset):
    kind = f"application/x-www-form-urlencoded; charset={charset}"
    body = b"username=nobody&password=wrong"
    assert browse().generic("POST", reverse("login"), body, content_type=kind).status_code == 200
