"""The guide's examples: each lives once, as a file in `templates/developers/`, and tests run it as it is shown."""

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from firenze_digitale.webhooks import example as verification
from partners.models import Partner
from partners.tokens import MARK

#: Folders of files below `templates/developers/`: what one pastes, and what one gets.
PASTED, ANSWERED = FOLDERS = ("examples", "answers")
LANGUAGES = {".sh": "curl", ".py": "Python", ".json": "JSON"}
#: Where nobody is logged in who answers for a partner.
SOME_PARTNER = "publiacqua"
SHOWN_TOKEN = f"{MARK}_…"
#: In place of an address that only the reader knows.
SHOWN_SYSTEM = "https://…"


@dataclass(frozen=True)
class Example:
    """Something to copy: the name of its file, and what is in it once address, partner and token are filled in."""

    name: str
    text: str

    @property
    def id(self) -> str:
        return f"example-{self.name.replace('.', '-')}"

    @property
    def language(self) -> str:
        return LANGUAGES[Path(self.name).suffix]


def examples(api: str, partner: str, token: str = SHOWN_TOKEN, system: str = SHOWN_SYSTEM) -> dict[str, Example]:
    """Return all examples, and the answers that they are shown with, by the name of their file without its point.

    Args:
        api: address of the API, without a slash at its end.
        partner: code of the partner in whose name they write.
        system: address of the system that webhooks tell.
    """
    context = {"api": api, "partner": partner, "token": token, "system": system}
    texts = {"verify.py": Path(verification.__file__).read_text()}
    for folder in FOLDERS:
        for path in sorted((settings.ROOT / "templates" / "developers" / folder).iterdir()):
            texts[path.name] = render_to_string(f"developers/{folder}/{path.name}", context)
    return {name.replace(".", "_"): Example(name, text.strip("\n")) for name, text in texts.items()}


def api_address(request) -> str:
    """Return the address of the API as the reader reaches it, without a slash at its end."""
    return request.build_absolute_uri(reverse("api-status")).removesuffix("/status")


def partner_of(who) -> str:
    """Return the code of the partner in whose name examples are written: the reader's own, if there is one."""
    own = Partner.objects.answered_for_by(who).filter(successor=None).values_list("code", flat=True).order_by("code")
    return own.first() or SOME_PARTNER
