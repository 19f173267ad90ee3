"""The guide for developers and the reference of the API: true, public, in both languages."""

import gzip
import json
import re
import shlex
from http import HTTPStatus

import jsonschema
import pytest
from django.conf import settings
from django.urls import reverse
from django.utils.translation import override

from firenze_digitale.api.views import openapi_document
from firenze_digitale.developers.changelog import RELEASES
from firenze_digitale.developers.prose import prose
from firenze_digitale.developers.reference import reference
from firenze_digitale.developers.schemas import field_of, fields_of, sample
from firenze_digitale.openapi.answers import PROBLEMS
from tests import factories

MOST_BYTES = 100_000
LANGUAGES = pytest.mark.parametrize("language", ["it", "en"])
OPERATIONS = [(group, operation) for group in reference() for operation in group.operations]


def html_of(response) -> str:
    assert response.status_code == 200
    return response.content.decode()


@LANGUAGES
@pytest.mark.parametrize(
    "address", ["/api/", "/api/reference/", *(f"/api/reference/{group.name}/" for group in reference())]
)
@pytest.mark.django_db
def test_a_page_is_light_has_no_inline_code_and_names_each_thing_once(browse, address, language):
    response = browse().get(address, headers={"accept-language": language})
    html = html_of(response)
    assert f'<html lang="{language}">' in html
    assert len(gzip.compress(response.content)) < MOST_BYTES
    assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=", html)
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert sorted(ids) == sorted(set(ids))


@pytest.mark.django_db
def test_all_chapters_are_there_with_each_example_once(browse):
    html = html_of(browse().get("/api/"))
    chapters = re.findall(r'<h2 id="([a-z-]+)">', html)
    assert [f"#{chapter}" for chapter in chapters if chapter != "contents"] == re.findall(
        r'<li><a href="(#[a-z-]+)">', html
    )
    shown = re.findall(r'<code id="(example-[\w-]+)"', html)
    files = [
        path for name in ("examples", "answers") for path in (settings.ROOT / "templates/developers" / name).iterdir()
    ]
    assert sorted(shown) == sorted(["example-verify-py", *(f"example-{path.name.replace('.', '-')}" for path in files)])
    assert "http://testserver/api/v1/assets?limit=3" in html


@pytest.mark.django_db
def test_figures_are_those_of_the_settings(browse, settings):
    settings.API_LIMIT_PER_CREDENTIAL, settings.API_LIMIT_PER_ADDRESS, settings.CHANGES_KEPT_DAYS = 777, 333, 45
    html = html_of(browse().get("/api/", headers={"accept-language": "en"}))
    assert "777 requests a minute" in html
    assert "333 requests a minute from one address" in html
    assert "Changes are kept for 45 days" in html


@pytest.mark.django_db
def test_each_status_of_a_problem_is_told_with_what_to_do(browse):
    table = html_of(browse().get("/api/")).partition('id="errors"')[2].partition("</table>")[0]
    told = [int(code) for codes in re.findall(r'<th scope="row">([\d, ]+)</th>', table) for code in codes.split(", ")]
    assert sorted(told) == sorted({*PROBLEMS, HTTPStatus.METHOD_NOT_ALLOWED})


def test_examples_write_in_the_name_of_the_readers_own_partner(browse, silfi, other_referent):
    assert '"partner": "publiacqua"' in html_of(browse().get("/api/")).replace("&quot;", '"')
    own = html_of(browse(other_referent).get("/api/")).replace("&quot;", '"')
    assert '"partner": "silfi"' in own
    assert '"partner": "publiacqua"' not in own


def test_a_merged_partner_is_not_written_for(browse, silfi, other_referent):
    successor = factories.partner("firenze-smart")
    silfi.successor = successor
    silfi.save()
    factories.referent(successor, "smart-ict", user=other_referent)
    html = html_of(browse(other_referent).get("/api/")).replace("&quot;", '"')
    assert '"partner": "firenze-smart"' in html


def test_the_changelog_tells_of_the_version_that_the_document_has():
    assert RELEASES[0].version == openapi_document()["info"]["version"]
    assert [release.day for release in RELEASES] == sorted((release.day for release in RELEASES), reverse=True)


@pytest.mark.django_db
def test_the_reference_tells_of_every_operation_of_the_document(browse):
    document = openapi_document()
    told = {(operation.method, operation.path) for _group, operation in OPERATIONS}
    assert told == {(method.upper(), path) for path, operations in document["paths"].items() for method in operations}
    index = html_of(browse().get("/api/reference/"))
    for group, operation in OPERATIONS:
        address = reverse("developers-reference-group", args=[group.name])
        assert f'href="{address}#{operation.anchor}"' in index


@pytest.mark.django_db
def test_a_group_tells_parameters_bounds_bodies_answers_and_how_to_try(browse):
    html = html_of(browse().get("/api/reference/assets/", headers={"accept-language": "en"}))
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))
    for told in (
        "limit integer (int32) · query Rows a page. ≥ 1 ≤ 200 default 50",
        "code required string Lower-case letters, digits and hyphens.",
        "exchangeable on_conditions not_exchangeable",
        "results[] required",
        "The row was changed since you read it: read it again.",
        "Headers: RateLimit-Limit",
    ):
        assert told in text
    assert html.count('<form class="try"') == 2
    assert 'type="password"' in html
    assert 'autocomplete="off"' in html


@pytest.mark.django_db
def test_a_group_that_does_not_exist_is_not_found(browse):
    response = browse().get("/api/reference/nothing/")
    assert response.status_code == 404
    assert "<h1" in response.content.decode()


WRITING = [operation for _group, operation in OPERATIONS if operation.method != "GET"]


@pytest.mark.parametrize("operation", WRITING, ids=lambda operation: operation.id)
def test_the_command_of_an_operation_that_writes_keeps_to_its_schema(operation):
    document = openapi_document()
    described = document["paths"][operation.path][operation.method.lower()]
    words = shlex.split(
        f"curl -X {operation.method} 'https://registry.example.org{operation.address}'{operation.options}"
    )
    headers = dict(words[place + 1].split(": ", 1) for place, word in enumerate(words) if word == "-H")
    assert headers["Authorization"] == "Bearer $REGISTRY_TOKEN"
    asked = {
        each["name"] for each in described.get("parameters", ()) if each["in"] == "header" and each.get("required")
    }
    assert headers.keys() >= asked
    content = described.get("requestBody", {}).get("content", {})
    if "-d" in words:
        schema = content[headers["Content-Type"]]["schema"]
        body = json.loads(words[words.index("-d") + 1])
        jsonschema.validate(body, {**schema, "components": document["components"]})
    else:
        assert not content or "--data-binary" in words


def test_schemas_are_told_with_what_they_refer_to():
    document = {"components": {"schemas": {"Kind": {"type": "string", "enum": ["a", "b"]}}}}
    kind = {"$ref": "#/components/schemas/Kind"}
    schema = {
        "type": "object",
        "required": ["kind"],
        "properties": {
            "kind": {"allOf": [kind], "default": "a"},
            "either": {"oneOf": [kind, {"type": "string", "enum": [""]}]},
            "rows": {
                "type": "array",
                "maxItems": 3,
                "items": {"type": "object", "properties": {"n": {"type": "integer"}}},
            },
        },
    }
    told = {field.name: field for field in fields_of(schema, document)}
    assert [(field.name, field.depth) for field in told.values()] == [
        ("kind", 0),
        ("either", 0),
        ("rows[]", 0),
        ("n", 1),
    ]
    assert told["kind"].is_required
    assert told["kind"].bounds == ("default a",)
    assert told["either"].values == ("a", "b", '""')
    assert told["rows[]"].bounds == ("maxItems 3",)
    assert sample(schema, document) == {"kind": "a"}
    nullable = field_of("day", {"type": "string", "format": "date", "nullable": True}, document, is_required=False)
    assert nullable.type == "string (date) | null"


def test_descriptions_are_shown_as_they_are_written():
    told = prose("Either `a` or\n**b**.\n\n* `c` - see\n* d\n\n<script>")
    assert told == (
        "<p>Either <code>a</code> or <strong>b</strong>.</p><ul><li><code>c</code> - see</li><li>d</li></ul>"
        "<p>&lt;script&gt;</p>"
    )


@LANGUAGES
@pytest.mark.django_db
def test_the_footer_leads_to_the_guide(browse, language):
    with override(language):
        assert f'href="{reverse("developers")}"' in html_of(browse().get("/privacy/"))
