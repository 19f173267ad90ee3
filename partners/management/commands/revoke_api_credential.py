"""Ends a key of a partner's system."""

from django.core.management.base import BaseCommand, CommandError, no_translations

from firenze_digitale.history import through_door
from partners.models import ApiCredential
from partners.tokens import MARK


class Command(BaseCommand):
    help = "Revoke an API credential for good: whoever uses it is refused from now on."

    def add_arguments(self, parser):
        parser.add_argument("prefix", help="what the token says after its mark: 1a2b3c4d of fdr_1a2b3c4d_…")

    @no_translations
    def handle(self, *args, prefix, **options):
        # Whoever found a token somewhere may well paste all of it.
        prefix = prefix.removeprefix(f"{MARK}_").partition("_")[0]
        credential = ApiCredential.objects.select_related("partner").filter(prefix=prefix).first()
        if credential is None:
            raise CommandError(f"No credential has the prefix {prefix!r}: look it up in the list at the desk.")
        if credential.revoked_at:
            raise CommandError(f"It was revoked before, on {credential.revoked_at:%Y-%m-%d at %H:%M} UTC.")
        with through_door("command"):
            ApiCredential.objects.filter(pk=credential.pk).revoke()
        self.stdout.write(f"“{credential.name}” of {credential.partner.code} is revoked.")
