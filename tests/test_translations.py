"""What people read is there in Italian, and the catalogues are the code's own."""

import pytest
from django.utils.translation import gettext, override

from firenze_digitale.local import messages


def test_every_word_is_translated_and_compiled():
    assert messages.problems() == []


def test_italian_is_read_from_the_compiled_catalogues():
    with override("it"):
        assert gettext("project chart") == "scheda progetto"
    with override("en"):
        assert gettext("project chart") == "project chart"


@pytest.mark.parametrize(
    ("app", "word"),
    [("firenze_digitale", "Skip to the content"), ("projects", ("%(n)s project chart", "%(n)s project charts"))],
)
def test_templates_are_read_too(app, word):
    message = messages.collected(app).get(word)
    assert any(place.startswith("templates/") for place, _line in message.locations)
