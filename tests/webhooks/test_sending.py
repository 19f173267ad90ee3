"""One message over the wire: signed, to the address that was judged, within ten seconds, and nowhere else."""

import base64
import hashlib
import hmac
import socket
import ssl
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from uuid import UUID

import pytest

from firenze_digitale.webhooks import example
from firenze_digitale.webhooks.sending import LONGEST_WAIT, Outcome, send
from firenze_digitale.webhooks.signing import secret_of, signed_headers
from tests.certificates import CERTIFICATE, KEY
from tests.receiving import LOOPBACK, receiving

MESSAGE, WEBHOOK = (UUID(int=number) for number in (1, 2))
BODY = '{"type":"ping","città":"Firenze"}'.encode()


def test_the_body_arrives_as_it_was_signed(receiver):
    secret = secret_of(WEBHOOK, "salt")
    result = send(receiver.url + "?a=1", BODY, signed_headers(secret, MESSAGE, BODY, datetime.now(UTC)))
    assert result.is_delivered
    assert result.told == "answered"
    [got] = receiver.received
    assert (got.path, got.body, got.headers["content-type"]) == ("/hook?a=1", BODY, "application/json")
    assert got.headers["host"] == f"127.0.0.1:{receiver.server_port}"
    example.verify(secret, got.headers, got.body)


def test_the_signature_is_that_of_standard_webhooks():
    moment, key = datetime(2017, 5, 1, tzinfo=UTC), bytes(range(32))
    headers = signed_headers(f"whsec_{base64.b64encode(key).decode()}", MESSAGE, b"{}", moment)
    signed = f"{MESSAGE}.1493596800.{{}}".encode()
    assert headers == {
        "webhook-id": str(MESSAGE),
        "webhook-timestamp": "1493596800",
        "webhook-signature": "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode(),
    }


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature", "body", "secret"])
def test_the_example_refuses_what_was_tampered_with(name):
    secret, body = secret_of(WEBHOOK, "salt"), BODY
    headers = signed_headers(secret, MESSAGE, body, datetime.now(UTC))
    example.verify(secret, headers, body)
    if name == "body":
        body += b" "
    elif name == "secret":
        secret = secret_of(WEBHOOK, "other")
    elif name == "webhook-timestamp":
        headers[name] = str(int(headers[name]) + 1)
    else:
        headers[name] = headers[name][:-2]
    with pytest.raises(ValueError, match="signature is wrong"):
        example.verify(secret, headers, body)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_the_example_refuses_a_message_out_of_its_time(minutes):
    secret, moment = secret_of(WEBHOOK, "salt"), datetime.now(UTC) + timedelta(minutes=minutes)
    with pytest.raises(ValueError, match="too old"):
        example.verify(secret, signed_headers(secret, MESSAGE, BODY, moment), BODY)
    for headers in ({}, {"webhook-timestamp": "²"}):
        with pytest.raises(ValueError, match="too old"):
            example.verify(secret, headers, BODY)


def test_each_webhook_and_each_salt_has_a_secret_of_its_own(settings):
    secrets = {secret_of(WEBHOOK, "salt"), secret_of(WEBHOOK, "other"), secret_of(MESSAGE, "salt")}
    settings.SECRET_KEY = "another installation"
    secrets.add(secret_of(WEBHOOK, "salt"))
    assert len(secrets) == 4
    assert all(len(secret) == 50 for secret in secrets)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(receiver, status):
    receiver.answers.append((status, {"Location": f"{receiver.url}/other"}, b""))
    result = send(receiver.url, BODY, {})
    assert (result.status, result.is_delivered, len(receiver.received)) == (status, False, 1)


def test_what_a_failing_receiver_says_is_kept_in_short(receiver):
    text = "Nel\r\n\x00database: " + "è" * 100_000
    receiver.answers.append((503, {"Retry-After": "120"}, text.encode()))
    result = send(receiver.url, BODY, {})
    assert (result.status, result.retry_after, result.outcome) == (503, 120, Outcome.ANSWERED)
    assert result.told.startswith("answered: Nel database: èè")
    assert len(result.told) < 400


@pytest.mark.parametrize(
    ("written", "least", "most"),
    [
        ("0", 0, 0),
        ("99999999999999", LONGEST_WAIT, LONGEST_WAIT),
        ("-5", 0, 0),
        ("soon", 0, 0),
        ("in an hour", 3590, 3600),
        ("an hour ago", 0, 0),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(receiver, written, least, most):
    hours = {"in an hour": 1, "an hour ago": -1}.get(written)
    if hours:
        written = format_datetime(datetime.now(UTC) + timedelta(hours=hours), usegmt=True)
    receiver.answers.append((429, {"Retry-After": written}, b""))
    assert least <= send(receiver.url, BODY, {}).retry_after <= most


def trickle_head(handler):
    for _ in range(100):
        handler.wfile.write(b"H")
        time.sleep(0.05)


def trickle_body(handler):
    handler.wfile.write(b"HTTP/1.1 500 Oh\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(100):
        handler.wfile.write(b"x")
        time.sleep(0.05)


def hang(handler):
    time.sleep(2)


@pytest.mark.parametrize(
    ("answer", "status", "outcome"),
    [(hang, None, Outcome.TIMEOUT), (trickle_head, None, Outcome.TIMEOUT), (trickle_body, 500, Outcome.ANSWERED)],
)
def test_nobody_holds_the_sender_longer_than_its_time(receiver, answer, status, outcome):
    receiver.answers.append(answer)
    began = time.monotonic()
    result = send(receiver.url, BODY, {}, seconds=0.3)
    assert (result.status, result.outcome) == (status, outcome)
    assert time.monotonic() - began < 1


def nonsense(handler):
    handler.wfile.write(b"220 smtp.example.org ESMTP\r\n")


def nothing(handler):
    handler.connection.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("answer", [nonsense, nothing])
def test_an_answer_that_is_none_is_told_as_such(receiver, answer):
    receiver.answers.append(answer)
    assert send(receiver.url, BODY, {}).outcome == Outcome.BROKEN


def test_a_port_where_nobody_listens_is_told_as_such(receiver):
    receiver.shutdown()
    receiver.server_close()
    result = send(receiver.url, BODY, {})
    assert (result.status, result.outcome) == (None, Outcome.NO_CONNECTION)


def test_a_refused_address_is_never_connected_to(receiver, settings):
    settings.WEBHOOK_NETWORKS = ()
    result = send(receiver.url, BODY, {})
    assert (result.outcome, result.told) == (Outcome.REFUSED, "refused: not_public")
    assert receiver.received == []


def test_the_connection_goes_to_the_address_that_was_judged_and_not_to_a_later_one(receiver, names, settings):
    """The DNS says something else the second time it is asked: it is not asked a second time."""
    names["hooks.example.org"] = [["127.0.0.1"], ["10.255.255.1"]]
    result = send(f"http://hooks.example.org:{receiver.server_port}/", BODY, {})
    assert result.is_delivered
    assert len(names["hooks.example.org"]) == 1
    assert receiver.received[0].headers["host"] == f"hooks.example.org:{receiver.server_port}"


def test_the_next_address_of_a_name_is_tried_where_one_does_not_answer(receiver, names):
    names["hooks.example.org"] = ["127.0.0.9", "127.0.0.1"]
    assert send(f"http://hooks.example.org:{receiver.server_port}/", BODY, {}).is_delivered


@pytest.fixture
def tls(tmp_path, settings):
    settings.WEBHOOK_NETWORKS = LOOPBACK
    (tmp_path / "both.pem").write_text(KEY + CERTIFICATE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "both.pem")
    with receiving(context) as receiver:
        yield receiver


def test_a_certificate_is_vouched_for_and_bears_the_name(tls, names, tmp_path, monkeypatch):
    names["hooks.example.org"] = names["other.example.org"] = ["127.0.0.1"]
    url = f"https://hooks.example.org:{tls.server_port}/"
    assert send(url, BODY, {}).outcome == Outcome.NO_CERTIFICATE
    (tmp_path / "trusted.pem").write_text(CERTIFICATE)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "trusted.pem"))
    assert send(url, BODY, {}).is_delivered
    assert send(url.replace("hooks", "other"), BODY, {}).outcome == Outcome.NO_CERTIFICATE
    assert [got.headers["host"] for got in tls.received] == [f"hooks.example.org:{tls.server_port}"]


def test_a_receiver_without_tls_is_no_connection_where_https_is_asked(receiver):
    assert send(receiver.url.replace("http:", "https:"), BODY, {}).outcome == Outcome.NO_CONNECTION
