"""Send the e-mails that are due."""

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from projects.mail import send_due


class Command(BaseCommand):
    help = (
        "Send the e-mails about project charts that are due. The worker does so by itself; call this from cron where "
        "no worker runs, or after the mail server was away. Ends with status 1 where an e-mail was not taken."
    )

    def handle(self, *args, **options):
        sent = send_due(timezone.now())
        told = f"{sent.emails} e-mails sent, with {sent.told} notices; {sent.dropped} concern nobody any more."
        if sent.failed:
            raise CommandError(f"{told} {sent.failed} notices were not taken by the mail server, and are tried again.")
        self.stdout.write(told)
