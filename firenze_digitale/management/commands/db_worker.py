"""The worker: what takes longer than a request, and webhooks beside it."""

import os

from django.utils.autoreload import DJANGO_AUTORELOAD_ENV
from django_tasks_db.management.commands.db_worker import Command as WorkerCommand

from firenze_digitale.webhooks.sender import sending_beside


class Command(WorkerCommand):
    help = "Run a worker: tasks from the database (imports, e-mails), and the messages of webhooks."

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument(
            "--no-webhooks",
            action="store_false",
            dest="webhooks",
            help="Leave webhooks to another worker, or to send_webhooks.",
        )

    def handle(self, *, webhooks, batch, reload, **options):
        """With --batch, and in a process that only watches over another one, nothing is sent."""
        watches_only = reload and os.environ.get(DJANGO_AUTORELOAD_ENV) != "true"
        if not webhooks or batch or watches_only:
            return super().handle(batch=batch, reload=reload, **options)
        with sending_beside():
            return super().handle(batch=batch, reload=reload, **options)
