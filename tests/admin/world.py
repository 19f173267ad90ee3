"""A small registry for tests of the desk, and the addresses of its pages."""

from types import SimpleNamespace

from django.contrib import admin
from django.forms import FileField
from django.urls import reverse

from assets import services
from firenze_digitale.access import OPERATOR
from partners.models import ApiCredential, User
from projects.models import Participation
from tests import factories

LUMINAIRE_SCHEMA = {
    "type": "object",
    "x-order": ["watt", "lamp", "smart", "installed_on", "height"],
    "properties": {
        "watt": {"type": "integer", "title": "Potenza (W)", "minimum": 1, "maximum": 2000},
        "lamp": {"type": "string", "title": "Lampada", "enum": ["LED", "sodio"]},
        "smart": {"type": "boolean", "title": "Telegestito"},
        "installed_on": {"type": "string", "format": "date", "title": "Installato il"},
        "height": {"type": "number", "title": "Altezza (m)"},
    },
    "required": ["watt"],
}


def luminaires():
    return factories.category("luminaires", name_it="Apparecchi luminosi", attribute_schema=LUMINAIRE_SCHEMA)


def admin_url(row_or_model, page: str, *args) -> str:
    opts = row_or_model._meta
    if isinstance(row_or_model, type):
        return reverse(f"admin:{opts.app_label}_{opts.model_name}_{page}", args=args)
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_{page}", args=[row_or_model.pk, *args])


#: What is on the desk with pages of its own kind: tests/admin/test_import_pages.py.
IN_STEPS = {"Import", "ImportMapping"}


def every_model():
    on_the_desk = admin.site._registry.items()
    return [m for m, model_admin in on_the_desk if hasattr(model_admin, "list_key") and m.__name__ not in IN_STEPS]


def one_of_each(publiacqua) -> SimpleNamespace:
    """One row of every kind on the desk, publiacqua's where a kind belongs to a partner."""
    city = factories.city()
    material = factories.asset(publiacqua, "fontanelli", name_it="Fontanelli", visibility="public")
    immaterial = factories.asset(
        publiacqua, "rete-dati", name_it="Rete", visibility="public", category=factories.category(kind="immaterial")
    )
    memorandum = factories.memorandum("protocollo-2016")
    factories.signature(city, memorandum)
    plan = factories.plan("piano-2016", memorandum=memorandum)
    objective = factories.objective(plan, 1)
    action_plan = factories.action_plan(plan)
    chart = factories.chart("scheda-acqua", lead=publiacqua)
    chart.objectives.add(objective)
    return SimpleNamespace(
        partner=publiacqua,
        referent=factories.referent(publiacqua, "publiacqua-due"),
        memorandum=memorandum,
        study=factories.study("ricerca-2013", promoter=city),
        monograph=factories.monograph(publiacqua),
        category=material.category,
        asset=material,
        immaterial=immaterial,
        placement=factories.placement(material, "F1"),
        distribution=factories.distribution(immaterial, "D1"),
        plan=plan,
        objective=objective,
        action_plan=action_plan,
        action=factories.action(action_plan, objectives=[objective]),
        chart=chart,
        participation=Participation.objects.get(chart=chart),
        meeting=factories.meeting("incontro-1"),
        handover=services.offer(OPERATOR, publiacqua, city, [material]),
        credential=ApiCredential.issue(partner=publiacqua, name="gestionale", access="read")[0],
        webhook=factories.webhook(publiacqua),
        user=User.objects.create_user("somebody", password=factories.PASSWORD),
    )


def filled_in(page) -> dict:
    """What a browser would send of a form just as its page shows it."""
    forms = [page.context["adminform"].form]
    for inline in page.context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    fields = [field for form in forms for field in form if not isinstance(field.field, FileField)]
    shown = {field.html_name: field.value() for field in fields}
    return {name: value for name, value in shown.items() if value is not None and value is not False}
