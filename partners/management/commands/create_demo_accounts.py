"""Makes the accounts with which the registry can be tried out: `make run` calls it."""

import os
import secrets

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, no_translations
from django.db import transaction

from firenze_digitale.history import through_door
from partners.models import Referent, User

ROLES = {
    "admin": {"is_superuser": True, "is_staff": True},
    "staff": {"is_city_staff": True},
}
PARTNERS = ("publiacqua", "silfi", "firenze-parcheggi")
NAMES = (*ROLES, *PARTNERS)
RANDOM_BYTES = 12  # 16 characters


class Command(BaseCommand):
    help = (
        f"Make the demo accounts {', '.join(NAMES)}. All have one password: DEMO_PASSWORD, or a random one, printed "
        "only now. Accounts that exist stay as they are. Refused where DEBUG is off."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--reset-password", action="store_true", help="give all demo accounts a new password, and print it"
        )

    @no_translations
    def handle(self, *args, reset_password, **options):
        if not settings.DEBUG:
            raise CommandError(
                "Demo accounts are for development: DEBUG is off here. Use `manage.py createsuperuser` instead."
            )
        password = os.environ.get("DEMO_PASSWORD") or secrets.token_urlsafe(RANDOM_BYTES)
        with transaction.atomic(), through_door("command"):
            existing = {user.username: user for user in User.objects.filter(username__in=NAMES)}
            given = NAMES if reset_password else [name for name in NAMES if name not in existing]
            for name in given:
                self._store(existing.get(name) or User(username=name, **ROLES.get(name, {})), password)
            unlinked = [name for name in PARTNERS if not self._answers_for(name)]
        self._tell(given, password)
        for name in unlinked:
            self.stderr.write(f"{name} answers for no partner: referent {name}-ict is missing or has another login.")

    @staticmethod
    def _store(user: User, password: str) -> None:
        user.set_password(password)
        user.save()

    @staticmethod
    def _answers_for(name: str) -> bool:
        """Give the login to its partner's referent where nobody has it; return whether it answers for the partner."""
        referents = Referent.objects.filter(code=f"{name}-ict")
        user = User.objects.get(username=name)
        referents.filter(user=None).update(user=user)
        return referents.filter(user=user).exists()

    def _tell(self, given: list[str], password: str) -> None:
        if not given:
            self.stdout.write(
                f"Log in as {', '.join(NAMES)}. The password was printed when the accounts were made; "
                "`make demo-password` sets another."
            )
            return
        shown = "that of DEMO_PASSWORD" if os.environ.get("DEMO_PASSWORD") else password
        self.stdout.write(
            f"Log in as {', '.join(given)}.\nPassword of all: {shown}\n"
            "It is not shown again; `make demo-password` sets another."
        )
