"""What the search box finds: rows of every kind, as far as the reader may see them, the best first."""

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from assets.models import Asset, Placement
from firenze_digitale.asking import Asked
from firenze_digitale.highlighting import fragment, marked
from firenze_digitale.searching import by_index, models_with
from partners.models import Partner
from projects.models import Action, Meeting, Objective, Plan, ProjectChart

#: Nobody reads further, and nothing is counted further: “more than 100”.
MOST = 100


@dataclass(frozen=True)
class Result:
    """One row that was found. `title` and `text` have the words marked; `state` is shown as such where it is one."""

    url: str
    title: str
    note: str
    text: str
    state: str


@dataclass(frozen=True)
class Group:
    """What was found of one kind: the first results, how many there are, and where they all are."""

    name: str
    label: str
    results: list[Result]
    count: int
    url: str

    @property
    def has_more_than_counted(self) -> bool:
        return self.count > MOST


@dataclass(frozen=True)
class Kind:
    """One kind of row, and how a result tells of it.

    Args:
        model: is asked who sees its rows, and where its words are.
        title, note, url: of a row.
        joins: related rows that these need.
        fields: of the row itself, those that these need.
        texts: fields, by language, in which what was found is quoted.
        state: name of the field that is shown as a state.
    """

    model: type
    title: Callable[[object], str]
    note: Callable[[object], str]
    url: Callable[[object], str]
    fields: tuple[str, ...]
    joins: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    state: str = ""

    def found(self, who, wanted: Asked, *, nearly: bool) -> list:
        """At most one row more than MOST, the best first.

        Args:
            nearly: find words that are like those that are wanted.
        """
        searched, rows = self.model.SEARCHED, self.model.objects.visible_to(who)
        found = searched.found(rows, wanted, nearly=nearly)
        return list(searched.ranked(found, wanted, MOST + 1).select_related(*self.joins or [None]).only(*self.fields))

    def results(self, rows: list, wanted: Asked, quoting: bool) -> list[Result]:
        """Results that tell of the rows; where they are quoted, their texts are read for it."""
        texts = {}
        if quoting and self.texts:
            names = [f"{name}_{language}" for name in self.texts for language in ("it", "en")]
            texts = self.model.objects.only(*names).in_bulk([row.pk for row in rows])
        return [self._result(row, texts.get(row.pk), wanted) for row in rows]

    def _result(self, row, told, wanted: Asked) -> Result:
        quoted = fragment([getattr(told, name) for name in self.texts], wanted) if told else ""
        state = getattr(row, self.state) if self.state else ""
        return Result(self.url(row), marked(self.title(row), wanted), self.note(row), quoted, state)


def joined(*parts: object) -> str:
    return " · ".join(str(part) for part in parts if part)


def list_of(route: str) -> Callable[[str], str]:
    """Address of the whole list for what was asked."""
    return lambda text: f"{reverse(route)}?{urlencode({'q': text})}"


def within_search(kind: str) -> Callable[[str], str]:
    """Address of the search page that shows one kind alone."""
    return lambda text: f"{reverse('search')}?{urlencode({'q': text, 'kind': kind})}"


def placement_url(row: Placement) -> str:
    """Its place on the map; its asset's units where it has no coordinates."""
    if row.latitude is None:
        return reverse("placement-list", args=[row.asset.code])
    return f"{reverse('map')}?{urlencode({'place': row.key})}"


def place_in_plan(plan: Plan) -> str:
    """The picture of the plan: its objectives, and their actions year by year."""
    return f"{plan.get_absolute_url()}#roadmap"


TITLES, NAMES = ("code", "title_it", "title_en"), ("code", "name_it", "name_en")
CHARTS = Kind(
    ProjectChart,
    title=lambda row: row.title,
    note=lambda row: row.get_status_display(),
    url=ProjectChart.get_absolute_url,
    fields=(*TITLES, "status"),
    texts=("summary", "description", "results"),
    state="status",
)
ASSETS = Kind(
    Asset,
    title=lambda row: row.name,
    note=lambda row: joined(row.owner, row.category),
    url=Asset.get_absolute_url,
    fields=(*NAMES, *(f"{join}__{name}" for join in ("owner", "category") for name in NAMES)),
    joins=("owner", "category"),
    texts=("description", "conditions"),
)
PLACEMENTS = Kind(
    Placement,
    title=str,
    note=lambda row: joined(row.asset, row.get_district_display(), row.get_status_display()),
    url=placement_url,
    fields=(),
)
PARTNERS = Kind(
    Partner,
    title=lambda row: row.name,
    note=lambda row: joined(row.get_kind_display(), row.get_sector_display()),
    url=Partner.get_absolute_url,
    fields=(*NAMES, "kind", "sector"),
)
PLANS = Kind(
    Plan,
    title=lambda row: row.title,
    note=lambda row: f"{row.start_year}–{row.end_year}",
    url=Plan.get_absolute_url,
    fields=(*TITLES, "start_year", "end_year"),
    texts=("description",),
)
OBJECTIVES = Kind(
    Objective,
    title=str,
    note=lambda row: joined(_("objective"), row.plan),
    url=lambda row: place_in_plan(row.plan),
    fields=(*TITLES[1:], "number", *(f"plan__{name}" for name in TITLES)),
    joins=("plan",),
    texts=("description",),
)
ACTIONS = Kind(
    Action,
    title=lambda row: row.title,
    note=lambda row: joined(_("action"), row.action_plan.year, row.get_status_display()),
    url=lambda row: place_in_plan(row.action_plan.plan),
    fields=(*TITLES, "status", "action_plan__year", *(f"action_plan__plan__{name}" for name in TITLES)),
    joins=("action_plan__plan",),
    texts=("description",),
)
MEETINGS = Kind(
    Meeting,
    title=lambda row: row.title,
    note=lambda row: joined(row.held_on and date_format(row.held_on, "j F Y"), row.place),
    url=Meeting.get_absolute_url,
    fields=(*TITLES, "held_on", "place"),
    texts=("minutes",),
)


@dataclass(frozen=True)
class Section:
    """Kinds that people look for together, under one heading."""

    name: str
    label: Promise
    kinds: tuple[Kind, ...]
    url: Callable[[str], str]


SECTIONS = (
    Section("charts", _("Project charts"), (CHARTS,), list_of("chart-list")),
    Section("assets", _("Assets"), (ASSETS,), list_of("asset-list")),
    Section("partners", _("Partners"), (PARTNERS,), list_of("partner-list")),
    Section("plan", _("The plan"), (PLANS, OBJECTIVES, ACTIONS), within_search("plan")),
    Section("meetings", _("Meetings"), (MEETINGS,), list_of("meeting-list")),
    Section("placements", _("Placements"), (PLACEMENTS,), within_search("placements")),
)


def groups_found(
    wanted: Asked, who, *, shown: int, quickly: bool = False, only: str = "", quoting: bool = False
) -> list[Group]:
    """Return what was found of each kind, where anything was.

    Args:
        who: sees the results.
        shown: results of a group.
        quickly: of placements, look for no more than are shown.
        only: name of the one section to look in.
        quoting: quote the text in which the words occur.
    """
    sections = [section for section in SECTIONS if only in ("", section.name)]
    with by_index():
        found = rows_found(wanted, who, [kind for section in sections for kind in section.kinds])
    if any(PLACEMENTS in section.kinds for section in sections):
        most = shown if quickly else MOST + 1
        found[PLACEMENTS] = Placement.objects.first_matching(wanted.text, who, most, thorough=not quickly)
    groups = []
    for section in sections:
        count, results = 0, []
        for kind in section.kinds:
            count += len(found[kind])
            results += kind.results(found[kind][: shown - len(results)], wanted, quoting)
        if count:
            groups.append(Group(section.name, str(section.label), results, count, section.url(wanted.text)))
    return groups


def rows_found(wanted: Asked, who, kinds: list[Kind]) -> dict[Kind, list]:
    """Rows of each kind but placements in which all words occur; where no kind has any, words that are like them."""
    ranked = [kind for kind in kinds if kind is not PLACEMENTS]
    found = {}
    for nearly in (False, True):
        models = models_with([kind.model for kind in ranked], wanted, nearly=nearly)
        found = {kind: kind.found(who, wanted, nearly=nearly) if kind.model in models else [] for kind in ranked}
        if any(found.values()):
            break
    return found
