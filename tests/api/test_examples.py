"""The guide's examples, run as somebody would paste them: in a shell with curl, and in a fresh Python."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from ast import literal_eval
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from uuid import uuid4

import pytest
from django.utils import timezone

from assets.choices import Kind
from assets.models import Asset, Placement
from firenze_digitale.developers.examples import PASTED, SHOWN_SYSTEM, examples
from firenze_digitale.webhooks.messages import queue_changes
from firenze_digitale.webhooks.signing import signed_headers
from partners.models import Webhook
from tests import factories
from tests.webhooks.conftest import names

__all__ = ["names"]

SAVED = {"follow.py", "import.py", "verify.py"}
TRIAL = "publiacqua-prova"
SYSTEM = "https://systems.example.org/registry"


@pytest.fixture(autouse=True)
def _curl():
    if shutil.which("curl") is None:
        reason = "There is no curl. Install it, for example: apt-get install -y --no-install-recommends curl"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)


@pytest.fixture
def shown(live_server, publiacqua):
    """The examples as the guide shows them, with a token that writes; the category that they name is there."""
    factories.category("rastrelliere")
    token = factories.credential(publiacqua, "write")
    return examples(f"{live_server.url}/api/v1", "publiacqua", token, SYSTEM)


@pytest.fixture
def paste(shown, tmp_path):
    """Return a function that pastes an example into a shell or into Python, and returns what is printed."""

    def paste(name: str, *, status: int = 0) -> str:
        process = begun(name)
        printed, complaints = process.communicate(process.pasted, timeout=30)
        assert process.returncode == status, complaints
        assert "Traceback" not in complaints, complaints
        assert "SyntaxError" not in complaints, complaints
        return printed

    def begun(name: str) -> subprocess.Popen:
        text = shown[name.replace(".", "_")].text + "\n"
        token = shown["token_sh"].text
        if name in SAVED:
            (tmp_path / name).write_text(text)
            text, program = "", f"'{sys.executable}' -I {name}"
        elif name.endswith(".py"):
            program = f"'{sys.executable}' -I -i -q"
        else:
            program = "bash -e"
        process = subprocess.Popen(
            ["bash", "-c", f"{token}\nexec {program}"],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        process.pasted = text
        return process

    paste.begun = begun
    return paste


def shape(value):
    """What a JSON value is made of: names of members, and of lists the first item that has any."""
    if isinstance(value, dict):
        return {name: shape(below) for name, below in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value[:1]]
    return None


def body_of(answer: str) -> dict:
    """The body of an answer that curl prints with its headers (`-i`)."""
    return json.loads(answer[answer.index("\n{") :])


def test_the_quick_start_shows_assets_as_the_guide_says(publiacqua, shown, paste):
    factories.asset(publiacqua, "publiacqua-fontane", name_it="Fontane", visibility="public")
    factories.asset(publiacqua, "publiacqua-segreta", visibility="restricted")
    page = json.loads(paste("first.sh"))
    assert [row["code"] for row in page["results"]] == ["publiacqua-fontane"]
    assert shape(page) == shape(json.loads(shown["list_json"].text))
    assert "publiacqua-fontane | Fontane | exchangeable" in paste("first.py")
    own = json.loads(paste("own.sh"))["results"]
    assert [row["code"] for row in own] == ["publiacqua-fontane", "publiacqua-segreta"]


def test_a_list_is_read_to_its_end_and_not_sent_twice(publiacqua, shown, paste, tmp_path):
    category = factories.category()
    Asset.objects.bulk_create(
        Asset(owner=publiacqua, category=category, code=f"bene-{number}", name_it="Bene", visibility="public")
        for number in range(203)
    )
    assert "203 assets" in paste("pages.py")
    assert paste("unchanged.sh") == "200\n"
    kept = (tmp_path / "assets.json").read_text()
    assert paste("unchanged.sh") == "304\n"
    assert (tmp_path / "assets.json").read_text() == kept
    Asset.objects.filter(code="bene-1").update(name_it="Altro")
    assert paste("unchanged.sh") == "200\n"


def test_rows_are_added_changed_and_deleted_and_a_copy_keeps_in_step(shown, paste, tmp_path):
    paste("follow.py")
    first, again = paste("create.sh"), paste("create.sh")
    assert "201 Created" in first
    assert "Idempotency-Replayed: true" in again
    assert body_of(first) == body_of(again)
    assert Asset.objects.get().code == TRIAL

    assert json.loads(paste("change.sh"))["quantity"] == 12
    both = [paste.begun("change.py") for _copy in range(2)]
    counts = {process.communicate(process.pasted, timeout=30)[0].strip() for process in both}
    assert counts == {"13", "14"}
    assert Asset.objects.get().quantity == 14

    answer = json.loads(paste("bulk.sh"))
    like = json.loads(shown["bulk_json"].text)
    assert shape(answer) == shape(like)
    assert answer["counts"] == like["counts"]
    assert [row["outcome"] for row in answer["rows"]] == [row["outcome"] for row in like["rows"]]
    assert [row["key"] for row in answer["rows"]] == [row["key"] for row in like["rows"]]
    assert {error["field"] for error in answer["rows"][1]["errors"]} == {"latitude"}
    assert "stored" in paste("import.py")
    assert set(Placement.objects.values_list("code", flat=True)) == {"R1", "R3", "R4"}

    assert paste("follow.py") == "{'assets': 1, 'placements': 3}\n"
    copy = json.loads((tmp_path / "registry.json").read_text())
    assert copy["rows"]["assets"][TRIAL]["quantity"] == 14
    assert set(copy["rows"]["placements"]) == {f"{TRIAL}:{code}" for code in ("R1", "R3", "R4")}

    assert re.findall(r"^204 (\S+)$", paste("delete.sh"), re.MULTILINE)[-1] == f"assets/{TRIAL}"
    assert not Asset.objects.exists()
    assert paste("follow.py") == "{'assets': 0, 'placements': 0}\n"


def test_an_import_whose_rows_are_wrong_says_which_and_fails(publiacqua, shown, paste):
    placement = factories.placement(factories.asset(publiacqua, TRIAL), "R1")
    example = shown["import_py"]
    shown["import_py"] = replace(example, text=example.text.replace("43.7751", "437.751"))
    state, *rows = paste("import.py", status=1).splitlines()
    state, counts = state.split(maxsplit=1)
    assert state == "previewed"
    expected = {"rows": 2, "new": 1, "wrong": 1, "missing": 1, "changed": 0, "unchanged": 0, "warnings": 0}
    assert literal_eval(counts) == expected
    assert [row.split(" | ")[:4] for row in rows] == [["line", "3", "latitude", "437.751"]]
    assert list(Placement.objects.all()) == [placement]


def test_a_page_of_the_feed_looks_as_the_guide_shows(call, publiacqua, shown, reader):
    asset = factories.asset(publiacqua, TRIAL)
    placement = factories.placement(asset, "R1")
    after = call(reader).get("/api/v1/changes?after=latest").json()["next"]
    Asset.objects.update(name_en="Racks", quantity=12)
    placement.delete()
    page, like = call(reader).get(after).json(), json.loads(shown["changes_json"].text)
    for entry, told in zip(page["results"], like["results"], strict=True):
        assert {**entry, "at": "", "data": bool(entry["data"])} == {**told, "at": "", "data": bool(told["data"])}
    assert page.keys() == like.keys()


def test_a_webhook_is_told_what_changes_and_its_messages_are_verified(
    publiacqua, shown, paste, names, tmp_path, call, reader
):
    assert SHOWN_SYSTEM in examples("", "publiacqua")["webhook_sh"].text
    example = shown["webhook_sh"]
    shown["webhook_sh"] = replace(example, text=example.text.replace(SYSTEM, SHOWN_SYSTEM))
    refused = json.loads(paste("webhook.sh"))
    assert (refused["status"], [error["field"] for error in refused["errors"]]) == (400, ["url"])
    assert not Webhook.objects.exists()

    shown["webhook_sh"] = example
    names["systems.example.org"] = ["93.184.216.34"]
    secret = json.loads(paste("webhook.sh"))["secret"]
    asset = factories.asset(publiacqua, TRIAL)
    assert queue_changes() == 1
    body = Webhook.objects.get().deliveries.get().body
    like = json.loads(shown["message_json"].text)
    assert shape(json.loads(body)) == shape(like) | {"changes": [{**shape(like)["changes"][0], "fields": None}]}
    assert json.loads(body)["changes"][0]["key"] == asset.code
    assert call(reader).get(json.loads(body)["after"]).status_code == 200

    assert paste("verify.py") == ""
    headers = signed_headers(secret, uuid4(), body.encode(), timezone.now())
    assert verified(tmp_path, secret, headers, body) == 0
    assert verified(tmp_path, secret, headers, body + " ") == 1


def verified(folder: Path, secret: str, headers: dict, body: str) -> int:
    """The exit status of a program that verifies a message with the file that the guide shows."""
    program = f"from verify import verify\nverify({secret!r}, {headers!r}, {body.encode()!r})"
    done = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, check=False, text=True)
    assert done.returncode == 0 or "ValueError" in done.stderr
    return done.returncode


def test_an_error_is_told_in_the_words_that_the_guide_shows(shown, paste):
    assert json.loads(paste("error.sh")) == json.loads(shown["error_json"].text)
    assert not Asset.objects.exists()


def test_limits_are_told_and_a_reader_waits_as_it_is_told(shown, paste):
    headers = dict(re.findall(r"^([\w-]+): (.*)$", paste("limits.sh"), re.MULTILINE))
    assert headers.keys() >= {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"}
    with Busy() as busy:
        shown.update(examples(f"http://127.0.0.1:{busy.server_port}", "publiacqua"), token_sh=shown["token_sh"])
        assert "{'status': 'ok'}" in paste("wait.py")
    assert busy.asked == 3


class Busy(HTTPServer):
    """A server that is too busy for the first two requests."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), BusyHandler)
        self.asked = 0

    def __enter__(self):
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()
        return self

    def __exit__(self, *_error):
        self.shutdown()
        self.thread.join()
        self.server_close()


class BusyHandler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked += 1
        self.send_response({1: 429, 2: 503}.get(self.server.asked, 200))
        self.send_header("Retry-After", "0")
        self.end_headers()
        self.wfile.write(b'{"status": "ok"}')

    def log_message(self, *_arguments):
        """Nothing."""


def test_other_formats_are_had_as_the_guide_shows(publiacqua, shown, paste, tmp_path):
    asset = factories.asset(publiacqua, TRIAL, visibility="public")
    factories.placement(asset, "R1", district="1", latitude=43.77, longitude=11.25)
    factories.placement(asset, "R2", district="2", latitude=43.9, longitude=11.3)
    data = factories.asset(publiacqua, "dati", category=factories.category(kind=Kind.IMMATERIAL), visibility="public")
    factories.distribution(data, "csv")
    for name in ("csv.sh", "geojson.sh", "catalogue.sh", "document.sh"):
        paste(name)
    header, *rows = (tmp_path / "placements.csv").read_text().splitlines()
    assert header.lstrip("\ufeff").startswith("key,")
    assert [row.split(",")[0] for row in rows] == [f"{TRIAL}:R1"]
    features = json.loads((tmp_path / "placements.geojson").read_text())["features"]
    assert [feature["id"] for feature in features] == [f"{TRIAL}:R1"]
    assert {feature["id"] for feature in json.loads(paste("layers.sh"))["features"]} == {f"{TRIAL}:R1", f"{TRIAL}:R2"}
    assert "dcat:Dataset" in (tmp_path / "catalogue.ttl").read_text()
    assert json.loads((tmp_path / "openapi.json").read_text())["openapi"].startswith("3.")


def test_every_example_of_the_guide_is_run_here(settings):
    run = set(re.findall(r'"(\w+\.(?:sh|py))"', Path(__file__).read_text())) | {"token.sh"}
    assert run - {"verify.py"} == {path.name for path in (settings.ROOT / "templates/developers" / PASTED).iterdir()}
