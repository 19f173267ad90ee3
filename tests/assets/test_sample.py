"""Generated rows for trying out a full registry."""

import pytest
from django.core.management import CommandError, call_command

from assets.models import Asset, Distribution, Placement
from partners.models import Partner

pytestmark = pytest.mark.django_db


def sample(**options):
    call_command("generate_sample", assets=50, placements=1234, **options)


def test_a_sample_has_as_many_valid_rows_as_asked(settings, capsys):
    settings.DEBUG = True
    sample(seed=7)
    assert (Asset.objects.count(), Placement.objects.count(), Partner.objects.count()) == (50, 1234, 12)
    assert Distribution.objects.count() == Asset.objects.filter(category__kind="immaterial").count() > 0
    for row in [*Asset.objects.all(), *Placement.objects.order_by("?")[:50], *Distribution.objects.all()]:
        row.full_clean()
    assert "1234 placements" in capsys.readouterr().out


def test_the_same_seed_makes_the_same_rows(settings):
    settings.DEBUG = True
    sample(seed=7)
    first = list(Placement.objects.values_list("asset__code", "code", "latitude", "status"))
    Placement.objects.all().delete()
    Distribution.objects.all().delete()
    Asset.objects.all().delete()
    Partner.objects.all().delete()
    Asset.category.field.related_model.objects.all().delete()
    sample(seed=7)
    assert list(Placement.objects.values_list("asset__code", "code", "latitude", "status")) == first


def test_history_knows_a_sample_from_typed_rows(settings):
    settings.DEBUG = True
    sample()
    events = Placement.pgh_event_model.objects.select_related("pgh_context")
    assert events.count() == 1234
    assert {event.pgh_context.metadata["door"] for event in events} == {"command"}


def test_a_sample_is_not_added_twice_nor_by_halves(settings):
    settings.DEBUG = True
    sample()
    with pytest.raises(CommandError, match="already there"):
        call_command("generate_sample", assets=80, placements=10)
    assert (Asset.objects.count(), Placement.objects.count()) == (50, 1234)


def test_no_sample_where_debug_is_off(settings):
    settings.DEBUG = False
    with pytest.raises(CommandError, match="DEBUG"):
        sample()
    assert not Asset.objects.exists()
