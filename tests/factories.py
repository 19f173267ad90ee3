"""Rows for tests: plain functions with fixed values; what a test is about is given by name."""

import itertools

from django.db import DatabaseError, transaction

from assets.choices import Kind, Visibility
from assets.models import Asset, Category, Distribution, Placement
from partners.choices import PartnerKind
from partners.models import ApiCredential, Memorandum, Monograph, Partner, Referent, Signature, Study, User, Webhook
from projects.choices import ParticipationRole
from projects.models import (
    Action,
    ActionPlan,
    AssetUse,
    Meeting,
    Milestone,
    Objective,
    Participation,
    Plan,
    ProjectChart,
)

numbers = itertools.count(1)
PASSWORD = "una lunga frase segreta"


def made(model, **values):
    """Store a valid row of `model`: what the registry itself would refuse, a test cannot make by mistake."""
    return stored(model(**values))


def stored(row):
    """Store a row that is valid.

    What the database sees to by itself, its constraints and what a row refers to, is asked about only where it refuses,
    to be told by which: a statement or three for each of them took a third of the time of all tests.
    """
    references = {field.name for field in row._meta.fields if field.remote_field}
    row.full_clean(exclude=references, validate_unique=False, validate_constraints=False)
    try:
        with transaction.atomic():
            row.save()
    except DatabaseError:
        row.full_clean()
        raise
    return row


def partner(code=None, **values):
    code = code or f"partner-{next(numbers)}"
    values = {"name_it": code.replace("-", " ").title(), "kind": PartnerKind.PARTICIPATED_AGENCY, **values}
    return made(Partner, code=code, **values)


def city():
    found = Partner.objects.city().first()
    return found or partner(
        "comune-di-firenze", name_it="Comune di Firenze", name_en="City of Florence", kind=PartnerKind.CITY
    )


def user(username=None, **values):
    return User.objects.create_user(username or f"user-{next(numbers)}", password=PASSWORD, **values)


def referent(of=None, code=None, **values):
    number = next(numbers)
    values = {"name": f"Referente ICT {number}", "email": f"ict{number}@example.org", **values}
    return made(Referent, code=code or f"referent-{number}", partner=of or partner(), **values)


def credential(of, access="read", **values) -> str:
    """Return the token of a new credential."""
    return ApiCredential.issue(partner=of, name="gestionale", access=access, **values)[1]


def memorandum(code=None, **values):
    number = next(numbers)
    values = {"title_it": f"Protocollo {number}", "starts_on": "2016-01-01", "ends_on": "2018-12-31", **values}
    return made(Memorandum, code=code or f"memorandum-{number}", **values)


def signature(of=None, memorandum_=None, **values):
    return made(Signature, partner=of or partner(), memorandum=memorandum_ or memorandum(), **values)


def study(code=None, **values):
    number = next(numbers)
    values = {"title_it": f"Ricerca {number}", "year": 2013, **values}
    values.setdefault("promoter", partner())
    return made(Study, code=code or f"study-{number}", **values)


def monograph(of=None, code=None, **values):
    number = next(numbers)
    values = {"title_it": f"Monografia {number}", "year": 2013, **values}
    values.setdefault("study", study())
    return made(Monograph, code=code or f"monograph-{number}", partner=of or partner(), **values)


def category(code=None, kind=Kind.MATERIAL, **values):
    number = next(numbers)
    values = {"name_it": f"Categoria {number}", **values}
    return made(Category, code=code or f"category-{number}", kind=kind, **values)


def asset(owner=None, code=None, **values):
    number = next(numbers)
    values = {"name_it": f"Bene {number}", "visibility": Visibility.NETWORK, **values}
    values.setdefault("category", category())
    return made(Asset, code=code or f"asset-{number}", owner=owner or partner(), **values)


def placement(of=None, code=None, **values):
    values = {"latitude": 43.77, "longitude": 11.25, "address": "Piazza della Signoria", **values}
    return made(Placement, asset=of or asset(), code=code or f"P{next(numbers)}", **values)


def distribution(of=None, code=None, **values):
    number = next(numbers)
    values = {"title_it": f"Distribuzione {number}", "format": "CSV", **values}
    of = of or asset(category=category(kind=Kind.IMMATERIAL))
    return made(Distribution, asset=of, code=code or f"D{number}", **values)


def plan(code=None, **values):
    number = next(numbers)
    values = {"title_it": f"Piano {number}", "start_year": 2016, "end_year": 2018, **values}
    return made(Plan, code=code or f"plan-{number}", **values)


def objective(of=None, number=None, **values):
    number = number or next(numbers) % 90 + 1
    return made(Objective, plan=of or plan(), number=number, **{"title_it": f"Obiettivo {number}", **values})


def action_plan(of=None, year=2016, **values):
    return made(ActionPlan, plan=of or plan(), year=year, **{"title_it": f"Piano d'azione {year}", **values})


def action(of=None, code=None, objectives=(), **values):
    number = next(numbers)
    row = made(
        Action,
        action_plan=of or action_plan(),
        code=code or f"action-{number}",
        **{"title_it": f"Azione {number}", **values},
    )
    row.objectives.set(objectives)
    return row


def chart(code=None, lead=None, participants=(), status="draft", **values):
    """A chart led by `lead` (the City if none is given), moved along to `status`."""
    number = next(numbers)
    values = {"title_it": f"Scheda {number}", **values}
    row = made(ProjectChart, code=code or f"chart-{number}", **values)
    lead = lead or city()
    made(Participation, chart=row, partner=lead, role=ParticipationRole.LEAD)
    for other in dict.fromkeys([*participants, *([] if status == "draft" else [city()])]):
        if other != lead:
            made(Participation, chart=row, partner=other)
    path = {"draft": [], "proposed": ["proposed"], "approved": ["proposed", "approved"]}
    path["in_progress"] = [*path["approved"], "in_progress"]
    path["completed"] = [*path["in_progress"], "completed"]
    path["suspended"] = [*path["in_progress"], "suspended"]
    for step in path[status]:
        row.status, row.step_reason = step, "Per prova"
        stored(row)
    return row


def asset_use(of, chart_, **values):
    return made(AssetUse, asset=of, chart=chart_, **{"purpose_it": "Per il progetto", **values})


def milestone(of, **values):
    return made(Milestone, chart=of, **{"title_it": f"Tappa {next(numbers)}", "due_on": "2017-06-30", **values})


def meeting(code=None, participants=(), **values):
    number = next(numbers)
    row = made(Meeting, code=code or f"meeting-{number}", **{"title_it": f"Incontro {number}", **values})
    row.participants.set(participants)
    return row


def webhook(of=None, url=None, **values):
    """A webhook of an address that is judged by its number alone, unless another one is given."""
    return made(Webhook, partner=of or partner(), url=url or f"https://8.8.8.8/{next(numbers)}", **values)
