"""The network: a line for each pair of partners that share charts which the reader may see, and its layout."""

import itertools
import re

import pytest

from projects.models import Participation
from projects.network import LINE_LENGTH, NUMBER_HEIGHT, NUMBER_WIDTH, ROW, WIDTH, Network, wrapped
from tests import factories


@pytest.fixture
def reader(request, browse):
    """Return the browser of a role by its name."""

    def reader(role):
        return browse(None if role == "nobody" else request.getfixturevalue(role))

    return reader


@pytest.fixture
def shared(world, silfi):
    """Charts of Publiacqua, the City and, in a restricted one and in a draft, of Silfi."""
    factories.made(Participation, chart=world.charts["restricted"], partner=silfi)
    draft = factories.chart("bozza-di-tutti", world.partner, [silfi, factories.city()], visibility="public")
    draft.objectives.add(world.plan.objectives.get())
    return world


def drawn(response) -> dict:
    edges = response.context["network"].edges
    return {frozenset((edge.first.partner.code, edge.second.partner.code)): edge.count for edge in edges}


CITY, OTHER = {"publiacqua", "comune-di-firenze"}, {"publiacqua", "silfi"}


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("nobody", [(CITY, 1)]),
        ("outsider", [(CITY, 2)]),
        ("referent", [(CITY, 4), (OTHER, 2), ({"silfi", "comune-di-firenze"}, 2)]),
        ("city_staff", [(CITY, 4), (OTHER, 2), ({"silfi", "comune-di-firenze"}, 2)]),
    ],
)
def test_neither_a_restricted_chart_nor_a_draft_draws_a_line_for_those_who_may_not_see_it(
    role, expected, shared, reader
):
    response = reader(role).get("/network/")
    assert drawn(response) == {frozenset(pair): count for pair, count in expected}
    nodes = {node.partner.code: node.count for node in response.context["network"].nodes.values()}
    # The draft of Silfi alone makes it no neighbour of anybody.
    assert ("silfi" in nodes) == (role not in ("nobody", "outsider"))
    assert nodes["publiacqua"] == expected[0][1]


@pytest.mark.parametrize(("role", "own", "others"), [("nobody", 1, None), ("outsider", 2, None), ("city_staff", 4, 2)])
def test_the_matrix_counts_the_charts_of_each_partner_and_objective(role, own, others, shared, reader):
    objective = shared.plan.objectives.get()
    rows = {partner.code: counts for partner, counts in reader(role).get("/network/").context["rows"]}
    assert rows["publiacqua"] == rows["comune-di-firenze"] == {objective.pk: own}
    assert rows.get("silfi") == (others and {objective.pk: others})


def test_the_matrix_is_of_the_plan_that_the_address_names(shared, reader):
    factories.plan("vuoto", start_year=1990, end_year=1992)
    assert reader("city_staff").get("/network/?plan=vuoto").context["rows"] == []


def test_the_table_tells_each_line_and_leads_to_its_charts(shared, reader):
    browser = reader("city_staff")
    page = browser.get("/network/").content.decode()
    links = re.findall(r'href="(/charts/\?partner=[^"]+together_with=[^"]+)">(\d+)<', page)
    assert len(links) == 3
    for address, count in links:
        assert browser.get(address.replace("&amp;", "&")).context["total"] == int(count)


@pytest.fixture
def crowd(city):
    """Thirty partners with long names and with charts of up to four of them."""
    partners = [
        factories.partner(f"p-{n:02}", name_it=f"Azienda con un nome molto lungo numero {n:02}") for n in range(30)
    ]
    for n, partner in enumerate(partners):
        others = [partners[(n + step) % 30] for step in (1, 2, 7)[: n % 4]]
        factories.chart(None, partner, others, status="proposed", visibility="public")
    return partners


def test_names_and_numbers_of_a_crowd_neither_overlap_nor_leave_the_picture(crowd):
    network = Network(None)
    nodes = list(network.nodes.values())
    assert len(nodes) == 31
    for first, second in itertools.combinations([node for node in nodes if node.side], 2):
        assert first.side != second.side or abs(first.y - second.y) >= ROW
    for node in nodes:
        reach = node.side * 8.2 * max(map(len, node.lines))
        for x, y, _line in node.placed_lines:
            assert 0 <= x + reach <= WIDTH
            assert 15 <= y <= network.height
    numbers = [edge.number_at for edge in network.edges if edge.number_at]
    assert len(numbers) > len(network.edges) / 2
    for first, second in itertools.combinations(numbers, 2):
        assert abs(first[0] - second[0]) >= 2 * NUMBER_WIDTH or abs(first[1] - second[1]) >= 2 * NUMBER_HEIGHT


def test_the_picture_is_the_same_every_time_and_thicker_for_more_charts(crowd):
    network, again = Network(None), Network(None)
    assert [edge.path for edge in network.edges] == [edge.path for edge in again.edges]
    thickness = {edge.count: edge.thickness for edge in network.edges}
    assert [thickness[count] for count in sorted(thickness)] == sorted(thickness.values())


def test_a_long_name_is_broken_into_two_lines_and_then_cut():
    assert wrapped("Silfi") == ["Silfi"]
    assert wrapped("Camera di Commercio di Firenze") == ["Camera di Commercio di", "Firenze"]
    lines = wrapped("Agenzia Regionale Toscana per la Protezione dell'Ambiente e della Natura")
    assert len(lines) == 2
    assert lines[1].endswith("…")
    assert wrapped("x" * 90) == ["x" * LINE_LENGTH + "…"]
