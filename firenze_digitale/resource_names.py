"""The resources of the API by the names that its addresses have, and what people call them."""

from django.utils.translation import gettext_lazy as _

RESOURCES = {
    "partners": _("partners"),
    "referents": _("referents"),
    "memoranda": _("memoranda"),
    "studies": _("studies"),
    "monographs": _("monographs"),
    "categories": _("categories"),
    "assets": _("assets"),
    "placements": _("placements"),
    "distributions": _("distributions"),
    "plans": _("plans"),
    "objectives": _("objectives"),
    "action-plans": _("annual action plans"),
    "actions": _("actions"),
    "project-charts": _("project charts"),
    "meetings": _("meetings"),
}
