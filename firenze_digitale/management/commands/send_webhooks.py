"""Send the messages of webhooks that are due."""

import signal
from threading import Event

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from firenze_digitale.webhooks.queue import forget_old
from firenze_digitale.webhooks.sender import Sender


class Command(BaseCommand):
    help = (
        "Send the messages of webhooks that are due. The worker (db_worker) does so by itself; call this from cron "
        "where no worker runs, or with --follow as a service of its own. Ends with status 1 where a message was not "
        "taken; it is sent again when it is due."
    )

    def add_arguments(self, parser):
        parser.add_argument("--follow", action="store_true", help="Go on until stopped (Ctrl-C, SIGTERM).")

    def handle(self, *args, follow, **options):
        sender = Sender()
        try:
            self._follow(sender) if follow else sender.send_due()
        finally:
            sender.close()
        forget_old(timezone.now())
        told = f"{sender.delivered} messages delivered."
        if sender.failed and not follow:
            raise CommandError(f"{told} {sender.failed} attempts failed.")
        self.stdout.write(told)

    def _follow(self, sender: Sender) -> None:
        stop = Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        sender.follow(stop)
