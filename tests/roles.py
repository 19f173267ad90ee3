"""Who may do what, as the design's table says it, for `test_roles.py`: people, things, and what each door answers."""

from dataclasses import dataclass, field

from django.test import Client
from rest_framework.test import APIClient

from tests import factories

VISIBILITIES = ("public", "network", "restricted")
SESSIONS = ("anonymous", "owner", "other", "staff", "administrator")
CREDENTIALS = ("reader", "writer", "other_writer")
PEOPLE = (*SESSIONS, *CREDENTIALS)

STEER = {"staff", "administrator"}
AGENCY = {"owner", "administrator"}
EVERYBODY = set(PEOPLE)
SIGNED_IN = EVERYBODY - {"anonymous"}


def sees(person: str, visibility: str) -> bool:
    """The rule of visibility, written a second time and more simply than in the code."""
    if visibility == "public" or person in STEER:
        return True
    if visibility == "network":
        return person != "anonymous"
    return person in {"owner", "reader", "writer"}


@dataclass(frozen=True)
class Subject:
    """A kind of row: who sees, adds, changes and deletes the one that belongs to the owner."""

    sees: set | None = None  # None: as the row's visibility says
    adds: set = field(default_factory=lambda: STEER)
    changes: set = field(default_factory=lambda: STEER)
    deletes: set = field(default_factory=lambda: STEER)
    lists: set = field(default_factory=set)  # who has a list of such rows beside those who see this one

    def seen_by(self, person: str, visibility: str) -> bool:
        return sees(person, visibility) if self.sees is None else person in self.sees

    @property
    def has_visibility(self) -> bool:
        return self.sees is None


SHARED = Subject(
    adds={*AGENCY, "other", "writer", "other_writer"}, changes={*AGENCY, "writer"}, deletes={*AGENCY, "writer"}
)
SUBJECTS = {
    "partner": Subject(sees=EVERYBODY),
    "referent": Subject(sees=SIGNED_IN, changes={*STEER, "owner", "writer"}),
    "memorandum": Subject(sees=EVERYBODY),
    "study": Subject(sees=EVERYBODY),
    "monograph": Subject(
        sees=EVERYBODY,
        adds={*STEER, "owner", "other", "writer", "other_writer"},
        changes={*STEER, "owner", "writer"},
        deletes={*STEER, "owner", "writer"},
    ),
    # Each referent has a list of their own partner's.
    "apicredential": Subject(
        sees={"owner", "administrator"},
        adds={"owner", "other", "administrator"},
        changes={"owner", "administrator"},
        deletes={"administrator"},
        lists={"other"},
    ),
    "user": Subject(*[{"administrator"}] * 4),
    "category": Subject(sees=EVERYBODY),
    "asset": SHARED,
    "placement": SHARED,
    "distribution": SHARED,
    "plan": Subject(sees=EVERYBODY),
    "objective": Subject(sees=EVERYBODY),
    "actionplan": Subject(sees=EVERYBODY),
    "action": Subject(sees=EVERYBODY),
    # Proposed and led by the owner; only a draft is deleted.
    "projectchart": Subject(
        adds={*STEER, "owner", "other", "writer", "other_writer"},
        changes={*STEER, "owner", "writer"},
        deletes=set(),
    ),
    "meeting": Subject(),
}


class World:
    """One row of each subject and visibility, and each person's way to the doors."""

    def __init__(self):
        self.publiacqua = factories.partner("publiacqua")
        self.silfi = factories.partner("silfi")
        self.city = factories.city()
        self.clients = {"anonymous": Client()}
        self.rows = {}
        self._people()
        self._facts()
        for visibility in VISIBILITIES:
            self._shared(visibility)

    def _people(self):
        users = {
            "owner": factories.user("owner"),
            "other": factories.user("other"),
            "staff": factories.user("staff", is_city_staff=True),
            "administrator": factories.user("administrator", is_superuser=True),
        }
        self.referent = factories.referent(self.publiacqua, "publiacqua-ict", user=users["owner"])
        factories.referent(self.silfi, "silfi-ict", user=users["other"])
        for person, user in users.items():
            self.clients[person] = Client()
            self.clients[person].force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        for person, partner, access in (
            ("reader", self.publiacqua, "read"),
            ("writer", self.publiacqua, "write"),
            ("other_writer", self.silfi, "write"),
        ):
            self.clients[person] = APIClient()
            token = factories.credential(partner, access)
            self.clients[person].credentials(HTTP_AUTHORIZATION=f"Bearer {token}", HTTP_IF_MATCH="*")
        self.user = factories.user("somebody")

    def _facts(self):
        plan = factories.plan("plan")
        action_plan = factories.action_plan(plan)
        study = factories.study("study", promoter=self.city)
        facts = {
            "partner": factories.partner("nobodys"),
            "referent": self.referent,
            "memorandum": factories.memorandum("memorandum"),
            "study": factories.study("another-study", promoter=self.city),
            "monograph": factories.monograph(self.publiacqua, "monograph", study=study),
            "apicredential": self.publiacqua.credentials.first(),
            "user": self.user,
            "category": factories.category("category"),
            "plan": factories.plan("empty-plan"),
            "objective": factories.objective(plan, 1),
            "actionplan": factories.action_plan(plan, 2017),
            "action": factories.action(action_plan, "action"),
        }
        self.rows |= {(name, "public"): row for name, row in facts.items()}
        self.study, self.plan, self.action_plan = study, plan, action_plan
        self.material = factories.category("material")
        self.immaterial = factories.category("immaterial", kind="immaterial")

    def _shared(self, visibility):
        own = {"owner": self.publiacqua, "visibility": visibility}
        field_asset = factories.asset(code=f"{visibility}-field", category=self.material, **own)
        data = factories.asset(code=f"{visibility}-data", category=self.immaterial, **own)
        rows = {
            "asset": factories.asset(code=f"{visibility}-asset", category=self.material, **own),
            "placement": factories.placement(field_asset, "P1"),
            "distribution": factories.distribution(data, "D1"),
            "projectchart": factories.chart(
                f"{visibility}-chart",
                lead=self.publiacqua,
                participants=[self.city],
                status="proposed",
                visibility=visibility,
            ),
            "meeting": factories.meeting(f"{visibility}-meeting", [self.referent], visibility=visibility),
        }
        self.rows |= {(name, visibility): row for name, row in rows.items()}

    def row(self, subject: str, visibility: str):
        return self.rows[subject, visibility if SUBJECTS[subject].has_visibility else "public"]

    def body(self, subject: str, partner: str) -> dict:
        """A body of the API for a new row that belongs to `partner`."""
        return {
            "asset": {"code": "new", "name_it": "Nuovo", "owner": partner, "category": "material"},
            "placement": {"asset": "public-field", "code": "NEW"},
            "distribution": {"asset": "public-data", "code": "NEW", "title_it": "Nuova"},
            "monograph": {
                "code": "new",
                "title_it": "Nuova",
                "year": 2013,
                "study": "another-study",
                "partner": partner,
            },
            "projectchart": {
                "code": "nuova",
                "title_it": "Nuova",
                "participations": [{"partner": partner, "role": "lead"}],
            },
        }.get(subject, {})


#: What a person who may change a row sends to change it.
CHANGES = {
    "asset": {"name_it": "Cambiato"},
    "placement": {"address": "Cambiato"},
    "distribution": {"format": "Cambiato"},
    "monograph": {"title_it": "Cambiato"},
    "referent": {"phone": "055 000"},
    "projectchart": {"title_it": "Cambiato"},
}
