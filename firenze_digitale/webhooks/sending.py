"""Sends one message over a connection of its own, to an address that was judged just before."""

import http.client
import socket
import ssl
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from threading import Timer

from django.core.exceptions import ValidationError
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from firenze_digitale.webhooks.addresses import DEFAULT_PORTS, Destination, destination_of

#: In all: name found, connected, sent and answered.
SECONDS = 10
MOST_READ = 64 * 2**10
MOST_SHOWN = 300
LONGEST_WAIT = 86_400
USER_AGENT = "Firenze-Digitale-Webhooks/1"


class Outcome(TextChoices):
    """What came of an attempt; with what the other side said after a colon, it is stored beside the status."""

    ANSWERED = "answered", _("answered")
    REFUSED = "refused", _("not sent: the address does not lead to the public internet, or is not one for messages")
    NO_CONNECTION = "no_connection", _("no connection")
    NO_CERTIFICATE = "no_certificate", _("the certificate of the other side is not valid")
    TIMEOUT = "timeout", _("no answer within 10 seconds")
    BROKEN = "broken", _("the answer was not one of HTTP, or broke off")


@dataclass(frozen=True)
class Result:
    """What an attempt came to.

    Args:
        status: of the answer; None where there was none.
        said: what the other side said, or the system of the connection; short.
        retry_after: seconds for which the other side asks us to wait.
    """

    outcome: Outcome
    status: int | None = None
    said: str = ""
    retry_after: int = 0

    @property
    def is_delivered(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        """The other side wants no more messages, ever."""
        return self.status == http.HTTPStatus.GONE

    @property
    def told(self) -> str:
        return f"{self.outcome}: {self.said}" if self.said else str(self.outcome)


class PinnedConnection(http.client.HTTPConnection):
    """Connects to the addresses of a destination and to no other; name and certificate are those of its host."""

    def __init__(self, destination: Destination, seconds: float):
        super().__init__(destination.host, destination.port, timeout=seconds)
        self.destination, self.default_port = destination, DEFAULT_PORTS[destination.scheme]
        self.ends_at, self.is_late, self.is_connected = time.monotonic() + seconds, False, False
        self.clock = Timer(seconds, self._break)
        self.clock.daemon = True

    def connect(self):
        self.clock.start()
        self.sock = self._connected()
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.destination.scheme == "https":
            context = ssl.create_default_context()
            context.set_alpn_protocols(["http/1.1"])
            # The handshake comes after, when the clock can break it too.
            self.sock = context.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
            self.sock.do_handshake()
        self.is_connected = True

    def _connected(self) -> socket.socket:
        for number, address in enumerate(self.destination.addresses, start=1):
            left = max(self.ends_at - time.monotonic(), 0.001)
            try:
                return socket.create_connection((address, self.port), timeout=left)
            except OSError:
                if number == len(self.destination.addresses):
                    raise

    def _break(self):
        """End whatever is under way: time-outs of sockets begin anew with each byte that trickles in."""
        self.is_late = True
        if (open_socket := self.sock) is not None:
            try:
                socket.socket.shutdown(open_socket, socket.SHUT_RDWR)
            except OSError:
                return

    def close(self):
        self.clock.cancel()
        super().close()


def send(url: str, body: bytes, headers: dict[str, str], seconds: float = SECONDS) -> Result:
    """Post a message, and return what came of it; whatever fails of it is in there."""
    try:
        destination = destination_of(url)
    except ValidationError as refusal:
        return Result(Outcome.REFUSED, said=refusal.code)
    connection = PinnedConnection(destination, seconds)
    try:
        return _posted(connection, body, headers)
    except (OSError, ValueError, http.client.HTTPException) as error:
        return Result(_outcome_of(error, connection), said=_readable(str(error)))
    finally:
        connection.close()


def _posted(connection: PinnedConnection, body: bytes, headers: dict[str, str]) -> Result:
    own = {"Content-Type": "application/json", "User-Agent": USER_AGENT, "Accept": "*/*", "Connection": "close"}
    connection.request("POST", connection.destination.target, body=body, headers={**own, **headers})
    answer = connection.getresponse()
    if 200 <= answer.status < 300:
        return Result(Outcome.ANSWERED, answer.status)
    wait = _seconds_of(answer.getheader("Retry-After", ""))
    return Result(Outcome.ANSWERED, answer.status, _beginning_of(answer), wait)


def _beginning_of(answer: http.client.HTTPResponse) -> str:
    try:
        return _readable(answer.read(MOST_READ).decode(errors="replace"))
    except (OSError, ValueError, http.client.HTTPException):
        return ""


def _readable(text: str) -> str:
    """One line of what can be stored and shown."""
    return " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * MOST_SHOWN]).split())[:MOST_SHOWN]


def _outcome_of(error: Exception, connection: PinnedConnection) -> Outcome:
    if connection.is_late or isinstance(error, TimeoutError):
        return Outcome.TIMEOUT
    if isinstance(error, ssl.SSLCertVerificationError):
        return Outcome.NO_CERTIFICATE
    return Outcome.BROKEN if connection.is_connected else Outcome.NO_CONNECTION


def _seconds_of(retry_after: str) -> int:
    """What `Retry-After` asks for (RFC 9110, 10.2.3), at most a day; 0 where it asks for nothing that can be read."""
    if retry_after.isascii() and retry_after.isdecimal():
        return min(int(retry_after[:9]), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(retry_after)
    except (TypeError, ValueError):
        return 0
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0, min(int((moment - datetime.now(UTC)).total_seconds()), LONGEST_WAIT))
