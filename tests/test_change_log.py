"""Every change of what the API shows leaves its row in the log, whatever the door, with who saw it before and after."""

import pytest
from django.db import connection, transaction

from assets.models import Asset, Distribution, Placement
from firenze_digitale.access import ANONYMOUS, OPERATOR, access_of
from firenze_digitale.api.resources import RESOURCES
from partners.models import Change, Referent, User
from projects.models import Milestone, Participation, ProjectChart
from tests import factories

PUBLIC, SIGNED_IN, OWN = range(3)


@pytest.fixture
def log(db):
    """Return a function that does something and tells what was logged of it: `(kind, key, fields)`, or as seen."""

    class Log:
        def of(self, action, *args, **kwargs) -> list[tuple]:
            return [(row.kind, row.key, row.fields) for row in self.rows(action, *args, **kwargs)]

        def told(self, who, action, *args, **kwargs) -> list[str]:
            """Lines such as “+ assets a”: brought into sight (+), changed (~), taken out of sight (-)."""
            lines = [told_of(row, access_of(who)) for row in self.rows(action, *args, **kwargs)]
            return sorted(line for line in lines if line)

        def rows(self, action, *args, **kwargs) -> list[Change]:
            seen = set(Change.objects.values_list("pk", flat=True))
            action(*args, **kwargs)
            return list(Change.objects.exclude(pk__in=seen).order_by("pk"))

    return Log()


def told_of(row: Change, access) -> str:
    level = OWN if access.sees_everything else SIGNED_IN if access.signed_in else PUBLIC
    sides = ((row.level_before, row.partners_before), (row.level_after, row.partners_after))
    before, after = (own is not None and (own <= level or bool(access.partner_ids & set(ids))) for own, ids in sides)
    if (before and after and row.fields is None) or not (before or after):
        return ""
    return f"{'~' if before and after else '-' if before else '+'} {row.kind} {row.key}"


def run(sql, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


MADE = {
    "partners": lambda: factories.partner("x"),
    "referents": lambda: factories.referent(code="x"),
    "memoranda": lambda: factories.memorandum("x"),
    "studies": lambda: factories.study("x"),
    "monographs": lambda: factories.monograph(code="x"),
    "categories": lambda: factories.category("x"),
    "assets": lambda: factories.asset(code="x"),
    "placements": lambda: factories.placement(factories.asset(code="a"), "x"),
    "distributions": lambda: factories.distribution(code="x"),
    "plans": lambda: factories.plan("x"),
    "objectives": lambda: factories.objective(factories.plan("x"), 3),
    "action-plans": lambda: factories.action_plan(factories.plan("x")),
    "actions": lambda: factories.action(code="x"),
    "project-charts": lambda: factories.chart("x"),
    "meetings": lambda: factories.meeting("x"),
}
TEXTS = {
    "partners": "legal_name",
    "referents": "role",
    "placements": "address",
    **dict.fromkeys(("categories", "assets"), "name_it"),
}


@pytest.mark.parametrize("kind", sorted(RESOURCES))
def test_a_row_is_logged_as_it_comes_changes_and_goes(kind, log):
    row = MADE[kind]()
    rows, field = type(row).objects.filter(pk=row.pk), TEXTS.get(kind, "title_it")
    assert Change.objects.filter(kind=kind, key=row.key, object_id=row.pk, level_before=None).exclude(level_after=None)
    setattr(row, field, "Altro")
    assert log.of(row.save) == [(kind, row.key, [field])]
    assert log.of(rows.update, **{field: "Ancora"}) == [(kind, row.key, [field])]
    assert log.of(run, f'UPDATE {row._meta.db_table} SET "{field}" = %s WHERE id = %s', "E poi", row.pk) == [
        (kind, row.key, [field])
    ]
    assert log.of(rows.update, **{field: "E poi"}) == []
    assert log.of(row.refresh_from_db) == log.of(type(row).objects.filter(pk=0).update, **{field: ""}) == []
    if kind == "project-charts":
        row.participations.all().delete()
    assert log.told(OPERATOR, rows.delete) == [f"- {kind} {row.key}"]


def test_an_upsert_in_sql_logs_what_it_adds_and_what_it_changes_and_nothing_else(log):
    asset = factories.asset(code="a", visibility="public")
    placements = [factories.placement(asset, code) for code in ("P1", "P2")]
    upsert = """
        INSERT INTO assets_placement (asset_id, code, address, district, status, attributes)
        SELECT %s, code, address, '', 'active', '{}' FROM (VALUES ('P1', 'Piazza della Signoria'), ('P2', 'Via Nuova'),
            ('P3', 'Via Nuova')) v(code, address)
        ON CONFLICT (asset_id, code) DO UPDATE SET address = EXCLUDED.address
    """
    assert sorted(log.told(ANONYMOUS, run, upsert, asset.pk)) == ["+ placements a:P3", "~ placements a:P2"]
    assert Placement.objects.get(pk=placements[1].pk).address == "Via Nuova"


def test_rows_added_and_deleted_in_bulk_are_logged_each(log):
    asset = factories.asset(code="a", visibility="public")
    many = [Placement(asset=asset, code=f"P{number}") for number in range(3)]
    keys = [f"placements a:P{number}" for number in range(3)]
    assert log.told(ANONYMOUS, Placement.objects.bulk_create, many) == [f"+ {key}" for key in keys]
    for placement in many:
        placement.address = "Via Nuova"
    assert log.told(ANONYMOUS, Placement.objects.bulk_update, many, ["address"]) == [f"~ {key}" for key in keys]
    assert log.told(ANONYMOUS, asset.placements.all().delete) == [f"- {key}" for key in keys]


def test_what_is_taken_back_leaves_nothing(log):
    asset = factories.asset(code="a")

    def think_better_of_it():
        with transaction.atomic():
            Asset.objects.filter(pk=asset.pk).update(name_it="Altro")
            transaction.set_rollback(True)

    assert log.of(think_better_of_it) == []
    assert log.of(Asset.objects.filter(pk=asset.pk).update, name_it="Poi") == [("assets", "a", ["name_it"])]


def test_an_asset_that_is_shown_and_hidden_takes_its_parts_along(publiacqua, referent, outsider, log):
    asset = factories.asset(publiacqua, "a", visibility="restricted")
    factories.placement(asset, "P")
    rows = Asset.objects.filter(pk=asset.pk)
    both = ["assets a", "placements a:P"]
    for visibility, anybody, member, own in (
        ("network", [], ["+ assets a", "+ placements a:P"], ["~ assets a"]),
        ("public", ["+ assets a", "+ placements a:P"], ["~ assets a"], ["~ assets a"]),
        ("restricted", [f"- {each}" for each in both], [f"- {each}" for each in both], ["~ assets a"]),
    ):
        logged = log.rows(rows.update, visibility=visibility)
        for who, expected in ((ANONYMOUS, anybody), (outsider, member), (referent, own), (OPERATOR, own)):
            told = sorted(filter(None, (told_of(row, access_of(who)) for row in logged)))
            assert told == expected, (visibility, who)


def test_an_asset_that_changes_hands_leaves_the_one_and_comes_to_the_other(
    publiacqua, silfi, referent, other_referent, outsider, log
):
    category = factories.category(kind="immaterial")
    asset = factories.asset(publiacqua, "a", visibility="restricted", category=category)
    factories.distribution(asset, "d")
    logged = log.rows(Asset.objects.filter(pk=asset.pk).update, owner=silfi)
    told = {
        who: sorted(filter(None, (told_of(row, who.access) for row in logged)))
        for who in (referent, other_referent, outsider)
    }
    assert told[referent] == ["- assets a", "- distributions a:d"]
    assert told[other_referent] == ["+ assets a", "+ distributions a:d"]
    assert told[outsider] == []


def test_what_hangs_on_a_hidden_asset_leaves_no_trace_for_others(publiacqua, other_referent, log):
    asset = factories.asset(publiacqua, "a", visibility="restricted")
    assert log.told(other_referent, factories.placement, asset, "P") == []
    assert log.told(other_referent, Placement.objects.filter(asset=asset).update, address="Altrove") == []
    assert log.told(other_referent, Placement.objects.filter(asset=asset).delete) == []
    assert log.told(other_referent, Asset.objects.filter(pk=asset.pk).delete) == []


def test_a_part_that_moves_to_another_asset_is_told_by_its_old_key_too(publiacqua, log):
    shown, hidden = (
        factories.asset(code="a", visibility="public"),
        factories.asset(publiacqua, "b", visibility="restricted"),
    )
    placement = factories.placement(shown, "P")
    row = log.rows(Placement.objects.filter(pk=placement.pk).update, asset=hidden)[0]
    assert (row.was, row.key, row.level_before, row.level_after) == ("a:P", "b:P", PUBLIC, OWN)
    assert (row.partners_before, row.partners_after) == ([shown.owner_id], [publiacqua.pk])


def test_a_draft_is_seen_by_who_takes_part_and_the_others_when_it_is_proposed(
    publiacqua, silfi, city, referent, other_referent, log
):
    chart = factories.chart("c", publiacqua, [city], visibility="public")
    rows, parts = ProjectChart.objects.filter(pk=chart.pk), Participation.objects.filter(chart=chart, partner=silfi)
    seen = ["~ project-charts c"]
    assert log.told(ANONYMOUS, rows.update, summary_it="Nuova") == []
    assert log.told(other_referent, Participation.objects.create, chart=chart, partner=silfi) == ["+ project-charts c"]
    assert log.told(referent, parts.update, gives_it="Dati") == seen
    assert log.told(other_referent, parts.delete) == ["- project-charts c"]
    assert log.told(ANONYMOUS, rows.update, status="proposed") == ["+ project-charts c"]
    assert log.told(ANONYMOUS, Participation.objects.create, chart=chart, partner=silfi) == seen
    assert log.told(ANONYMOUS, rows.update, status="draft") == ["- project-charts c"]
    assert log.told(other_referent, rows.update, summary_it="Altra") == seen
    assert log.told(other_referent, parts.update, gives_it="") == []


def test_parts_and_links_of_a_chart_are_told_as_changes_of_the_chart(log):
    chart = factories.chart("c", visibility="public", status="proposed", participants=[factories.partner()])
    asset, objective, action = factories.asset(), factories.objective(), factories.action()
    for field, action_ in (
        ("milestones", lambda: factories.milestone(chart)),
        ("asset_uses", lambda: factories.asset_use(asset, chart)),
        ("objectives", lambda: chart.objectives.add(objective)),
        ("actions", lambda: chart.actions.add(action)),
        ("objectives", lambda: chart.objectives.clear()),
        ("milestones", lambda: Milestone.objects.filter(chart=chart).update(done_on="2017-01-01")),
        ("milestones", lambda: Milestone.objects.filter(chart=chart).delete()),
    ):
        assert log.of(action_) == [("project-charts", "c", [field])]
    assert log.of(Milestone.objects.filter(chart=chart).update, done_on="2017-01-01") == []


def test_signatures_and_objectives_are_told_with_what_holds_them(publiacqua, log):
    memorandum, action = factories.memorandum("m"), factories.action(code="x")
    assert log.of(factories.signature, publiacqua, memorandum) == [("memoranda", "m", ["signatures"])]
    objective = factories.objective(action.action_plan.plan)
    assert log.of(action.objectives.add, objective) == [("actions", "x", ["objectives"])]


def test_a_restricted_meeting_is_seen_by_who_took_part(publiacqua, silfi, referent, other_referent, log):
    meeting = factories.meeting("m", visibility="restricted")
    one, other = (factories.referent(partner) for partner in (publiacqua, silfi))
    assert log.told(referent, meeting.participants.add, one) == ["+ meetings m"]
    assert log.told(referent, meeting.participants.add, other) == ["~ meetings m"]
    assert log.told(other_referent, meeting.participants.remove, one) == ["~ meetings m"]
    assert log.told(referent, type(meeting).objects.filter(pk=meeting.pk).update, place="Altrove") == []
    assert log.told(referent, type(meeting).objects.filter(pk=meeting.pk).update, visibility="network") == [
        "+ meetings m"
    ]
    assert log.told(ANONYMOUS, type(meeting).objects.filter(pk=meeting.pk).update, visibility="public") == [
        "+ meetings m"
    ]


def test_what_names_a_row_is_told_when_the_row_is_shown_or_hidden(silfi, other_referent, outsider, log):
    chart = factories.chart("c", status="proposed", participants=[factories.partner()], visibility="public")
    born = factories.chart("born", visibility="public")
    asset, meeting = factories.asset(code="a", visibility="restricted"), factories.meeting("m", visibility="public")
    factories.asset_use(asset, chart)
    meeting.mapped_assets.add(asset)
    meeting.charts_born.add(born)
    told = log.told(ANONYMOUS, Asset.objects.filter(pk=asset.pk).update, visibility="public")
    assert told == ["+ assets a", "~ meetings m", "~ project-charts c"]
    assert log.told(other_referent, Participation.objects.create, chart=born, partner=silfi) == [
        "+ project-charts born",
        "~ meetings m",
    ]
    assert log.told(outsider, Participation.objects.filter(chart=born, partner=silfi).delete) == []


def test_a_link_to_what_is_hidden_is_told_to_who_sees_both(publiacqua, silfi, referent, other_referent, log):
    chart = factories.chart("c", publiacqua, status="proposed", participants=[silfi], visibility="public")
    asset, meeting = factories.asset(silfi, "a", visibility="restricted"), factories.meeting("m", visibility="public")
    draft = factories.chart("draft", publiacqua)
    for who in (ANONYMOUS, referent):
        assert log.told(who, factories.asset_use, asset, chart) == []
        assert log.told(who, meeting.mapped_assets.add, asset) == []
        chart.asset_uses.all().delete()
        meeting.mapped_assets.clear()
    assert log.told(other_referent, factories.asset_use, asset, chart) == ["~ project-charts c"]
    assert log.told(other_referent, meeting.mapped_assets.add, asset) == ["~ meetings m"]
    assert log.told(referent, Asset.objects.filter(pk=asset.pk).update, visibility="network") == [
        "+ assets a",
        "~ meetings m",
        "~ project-charts c",
    ]
    assert log.told(ANONYMOUS, Asset.objects.filter(pk=asset.pk).update, visibility="restricted") == []
    assert log.told(other_referent, meeting.charts_born.add, draft) == []
    meeting.charts_born.clear()
    assert log.told(referent, meeting.charts_born.add, draft) == ["~ meetings m"]


def test_who_signs_in_sees_referents_and_what_the_registry_does_not_show_is_not_named(outsider, publiacqua, log):
    assert log.told(ANONYMOUS, factories.referent, publiacqua, "r") == []
    assert log.told(outsider, Referent.objects.filter(code="r").update, phone="055 1") == ["~ referents r"]
    login = User.objects.create(username="x")
    assert log.of(Referent.objects.filter(code="r").update, user=login) == [("referents", "r", [])]


def test_a_new_code_that_others_are_told_by_has_everybody_start_anew(log):
    asset = factories.asset(code="a")
    category = factories.category(kind="immaterial")
    distribution = factories.distribution(factories.asset(code="b", category=category), "d")
    logged = log.rows(Asset.objects.filter(pk=asset.pk).update, code="z")
    assert [(row.kind, row.key, row.was) for row in logged] == [("assets", "z", "a"), ("*", "", None)]
    logged = log.rows(Distribution.objects.filter(pk=distribution.pk).update, code="e")
    assert [(row.kind, row.key, row.was) for row in logged] == [("distributions", "b:e", "b:d")]
