"""Fill a development database with generated assets and placements."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError
from tqdm import tqdm

from assets.sample import generate_sample
from firenze_digitale.history import through_door


class Command(BaseCommand):
    help = "Add generated partners, assets and placements, to see the registry full. Only where DEBUG is on."

    def add_arguments(self, parser):
        parser.add_argument("--assets", type=int, default=10_000, help="how many assets (default: 10,000)")
        parser.add_argument(
            "--placements", type=int, default=1_000_000, help="how many placements (default: 1,000,000)"
        )
        parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same rows (default: 1)")

    def handle(self, *, assets, placements, seed, **options):
        if not settings.DEBUG:
            raise CommandError("DEBUG is off: generated rows do not belong in a registry that is in use.")
        if assets < 2 or placements < 0:
            raise CommandError("At least 2 assets and no negative number of placements, please.")
        with through_door("command"), tqdm(total=assets + placements, unit=" rows", file=self.stderr) as bar:
            try:
                generate_sample(assets, placements, seed, progress=bar.update)
            except IntegrityError as error:
                raise CommandError(
                    "A sample is already there, and nothing was added. Use a new database for another one."
                ) from error
        self.stdout.write(f"{assets} assets and {placements} placements added.")
