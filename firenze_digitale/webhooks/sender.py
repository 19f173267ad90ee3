"""Sends what is due, several webhooks at a time; the database is spoken to by one thread, and the web by the others."""

import logging
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread

from django.db import close_old_connections, connection
from django.utils import timezone

from firenze_digitale.webhooks.messages import queue_changes
from firenze_digitale.webhooks.queue import Message, forget_old, note, take_due

logger = logging.getLogger(__name__)
#: Webhooks that are sent to at the same time: one that hangs does not keep the others waiting.
AT_ONCE = 8
LOOK_SECONDS = 1.0
STOP_SECONDS = 5
TIDY_EVERY = timedelta(hours=1)


class Sender:
    """Messages on their way; `delivered` and `failed` count what came of them."""

    def __init__(self):
        self.pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhook")
        self.under_way: dict[Future, Message] = {}
        self.delivered = self.failed = 0

    def send_due(self) -> None:
        """Send all that is due now, and what becomes due while it is sent."""
        while self.start_due() or self.under_way:
            self.note_done(timeout=None)

    def follow(self, stop: Event) -> None:
        """Send whatever becomes due until told to stop; whatever fails, such as the database, is tried again."""
        tidied_at = timezone.now() - TIDY_EVERY
        while not stop.is_set():
            try:
                if timezone.now() - tidied_at >= TIDY_EVERY:
                    tidied_at = timezone.now()
                    forget_old(tidied_at)
                self.start_due()
                if self.under_way:
                    self.note_done(timeout=LOOK_SECONDS)
                else:
                    stop.wait(LOOK_SECONDS)
            except Exception:
                logger.exception("webhooks wait, and are tried again")
                stop.wait(STOP_SECONDS)
            close_old_connections()

    def start_due(self) -> int:
        """Begin to send as many messages as may be under way at once; return how many were begun."""
        queue_changes()
        messages = take_due(timezone.now(), AT_ONCE - len(self.under_way))
        for message in messages:
            self.under_way[self.pool.submit(message.sent, timezone.now())] = message
        return len(messages)

    def note_done(self, timeout: float | None) -> None:
        """Wait until something is done, and store what came of it."""
        done, _others = wait(self.under_way, timeout, return_when=FIRST_COMPLETED)
        for future in done:
            message, result = self.under_way.pop(future), future.result()
            note(message, result, timezone.now())
            if result.is_delivered:
                self.delivered += 1
            else:
                self.failed += 1

    def close(self) -> None:
        """Wait for what is under way, and store what came of it."""
        try:
            while self.under_way:
                self.note_done(timeout=None)
        finally:
            self.pool.shutdown(wait=False)


@contextmanager
def sending_beside():
    """Send what becomes due in a thread of its own, for as long as the block lasts."""
    stop = Event()
    thread = Thread(target=_follow, args=(stop,), name="webhooks", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(STOP_SECONDS)


def _follow(stop: Event) -> None:
    sender = Sender()
    try:
        sender.follow(stop)
        sender.close()
    finally:
        connection.close()
