"""What the database alone can refuse of a plan is told on the form, with what was typed kept."""

import pytest
from django.urls import reverse

from tests import factories
from tests.admin.world import filled_in

pytestmark = pytest.mark.django_db


def test_an_objective_of_another_plan_is_refused_on_the_form(browse, city_staff):
    action, stranger = factories.action(title_it="Prima"), factories.objective()
    client, address = browse(city_staff), reverse("admin:projects_action_change", args=[action.pk])
    typed = {**filled_in(client.get(address)), "title_it": "Dopo", "objectives": [stranger.pk]}
    answer = client.post(address, typed)
    assert answer.status_code == 200
    assert "del proprio piano" in answer.content.decode()
    assert 'value="Dopo"' in answer.content.decode()
    action.refresh_from_db()
    assert (action.title_it, action.objectives.count()) == ("Prima", 0)
