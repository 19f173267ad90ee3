"""Makes a key for a partner's system."""

from datetime import timedelta
from difflib import get_close_matches

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, no_translations
from django.utils import timezone

from firenze_digitale.history import through_door
from firenze_digitale.resource_names import RESOURCES
from partners.choices import CredentialAccess
from partners.models import ApiCredential, Partner

LONGEST_DAYS = 3_650


class Command(BaseCommand):
    help = "Make an API credential for a partner's system and print its token, once: only a hash of it is stored."

    def add_arguments(self, parser):
        parser.add_argument("--partner", required=True, metavar="CODE", help="code of the partner, such as publiacqua")
        parser.add_argument("--access", required=True, choices=CredentialAccess.values, help="what it may do")
        parser.add_argument("--name", required=True, help="which system uses it, and for what")
        parser.add_argument(
            "--resources",
            nargs="+",
            default=[],
            choices=RESOURCES,
            metavar="RESOURCE",
            help="the resources of the API that it reaches; without it, all",
        )
        parser.add_argument("--expires-in", type=int, metavar="DAYS", help="days until it ends; without it, never")

    @no_translations
    def handle(self, *args, partner, access, name, resources, expires_in, **options):
        expires_at = self._end_after(expires_in)
        with through_door("command"):
            try:
                credential, token = ApiCredential.issue(
                    partner=self._partner(partner),
                    name=name.strip(),
                    access=access,
                    resources=resources,
                    expires_at=expires_at,
                )
            except ValidationError as error:
                raise CommandError(" ".join(f"{field}: {' '.join(said)}" for field, said in error)) from error
        until = f"until {timezone.localtime(expires_at):%Y-%m-%d %H:%M}" if expires_at else "without an end"
        reached = ", ".join(resources) or "all resources"
        self._explain(f"Credential {credential.prefix} of {partner}: {access}, {reached}, {until}.")
        self._explain("Its token, shown only now:")
        self.stdout.write(token)
        self._explain(f"Send it as a header of each request:  Authorization: Bearer {token[:12]}…")

    def _explain(self, text: str) -> None:
        """Beside the output, so that a script reads the token alone."""
        self.stderr.write(text, style_func=str)

    @staticmethod
    def _end_after(days: int | None):
        if days is None:
            return None
        if not 0 < days <= LONGEST_DAYS:
            raise CommandError(f"--expires-in takes days from 1 to {LONGEST_DAYS}; leave it out for no end.")
        return timezone.now() + timedelta(days=days)

    @staticmethod
    def _partner(code: str) -> Partner:
        partner = Partner.objects.filter(code=code).first()
        if partner is not None:
            return partner
        codes = list(Partner.objects.order_by("code").values_list("code", flat=True))
        if not codes:
            raise CommandError("There are no partners yet: run `manage.py load_registry` first.")
        near = get_close_matches(code.lower(), codes, n=5, cutoff=0.5) or codes[:20]
        raise CommandError(f"No partner has the code {code!r}. Did you mean one of: {', '.join(near)}?")
