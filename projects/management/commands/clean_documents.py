"""Remove files of documents that nothing names."""

from datetime import timedelta

from django.core.management.base import BaseCommand
from django.utils import timezone

from projects.document_files import unnamed_files
from projects.models.document import documents_storage

#: A form that is being stored may have written its file already, and not yet its row.
KEPT = timedelta(days=1)


class Command(BaseCommand):
    help = (
        "Remove files of documents that no chart, no meeting and no history names, and that are older than a day. "
        "Files of deleted documents stay: history can bring them back."
    )

    def add_arguments(self, parser):
        parser.add_argument("--dry-run", action="store_true", help="Only list what would be removed.")

    def handle(self, *args, dry_run, **options):
        count = 0
        for path in unnamed_files(timezone.now() - KEPT):
            count += 1
            if dry_run:
                self.stdout.write(path)
            else:
                documents_storage().delete(path)
        self.stdout.write(f"{count} files would be removed." if dry_run else f"{count} files removed.")
