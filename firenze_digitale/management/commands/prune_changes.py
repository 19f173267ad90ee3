"""Removes from the log of changes what nobody follows any more."""

from django.conf import settings
from django.core.management.base import BaseCommand

from firenze_digitale.changes import prune


class Command(BaseCommand):
    help = (
        "Remove from the log of changes what is older than CHANGES_KEPT_DAYS days. Systems that have not followed the "
        "changes feed since start again from an export, as it tells them to."
    )

    def handle(self, *args, **options):
        self.stdout.write(f"{prune(settings.CHANGES_KEPT_DAYS)} changes removed.")
