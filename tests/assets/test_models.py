"""Rules of categories, assets, placements and distributions."""

import pytest
from django.core.exceptions import ValidationError

from assets.models import Asset, Category, Distribution, Placement
from tests import factories
from tests.refusals import refusal

pytestmark = pytest.mark.django_db

LUMINAIRE = {
    "type": "object",
    "properties": {
        "watt": {"type": "number", "title": "Potenza", "x-title-en": "Power", "minimum": 1, "maximum": 2000},
        "lamp": {"type": "string", "title": "Lampada", "enum": ["LED", "sodio"]},
    },
    "required": ["watt"],
    "x-order": ["watt", "lamp"],
    "additionalProperties": False,
}


def test_an_asset_code_is_unique_in_the_whole_registry(publiacqua, silfi):
    factories.asset(publiacqua, "fontane")
    with pytest.raises(ValidationError) as refused:
        factories.asset(silfi, "fontane")
    assert "code" in refused.value.message_dict
    refusal(
        lambda: Asset.objects.bulk_create(
            [Asset(code="fontane", name_it="F", owner=silfi, category=factories.category())]
        )
    )


@pytest.mark.parametrize(
    ("kind", "factory", "model"),
    [("immaterial", factories.placement, Placement), ("material", factories.distribution, Distribution)],
)
def test_a_part_needs_an_asset_of_its_kind(kind, factory, model):
    wrong = factories.asset(category=factories.category(kind=kind))
    with pytest.raises(ValidationError) as refused:
        factory(wrong)
    assert "asset" in refused.value.message_dict
    refusal(lambda: model.objects.bulk_create([model(asset=wrong, code="1")]))
    right = factory()
    refusal(lambda: model.objects.filter(pk=right.pk).update(asset=wrong))
    right.refresh_from_db()
    assert right.asset != wrong


def test_the_kind_of_a_category_stays_once_it_has_assets():
    category = factories.category(kind="material")
    category.kind = "immaterial"
    category.full_clean()
    factories.asset(category=Category.objects.get(pk=category.pk))
    with pytest.raises(ValidationError) as refused:
        category.full_clean()
    assert "kind" in refused.value.message_dict
    refusal(lambda: Category.objects.filter(pk=category.pk).update(kind="immaterial"))


def test_an_asset_with_placements_cannot_move_to_an_immaterial_category():
    placement = factories.placement()
    immaterial = factories.category(kind="immaterial")
    asset = placement.asset
    asset.category = immaterial
    with pytest.raises(ValidationError) as refused:
        asset.full_clean()
    assert "category" in refused.value.message_dict
    refusal(lambda: Asset.objects.filter(pk=asset.pk).update(category=immaterial))


def test_a_category_tree_has_no_loop_and_one_kind():
    top = factories.category("lights")
    below = factories.category("lamps", parent=top)
    top.parent = below
    with pytest.raises(ValidationError):
        top.full_clean()
    refusal(lambda: Category.objects.filter(pk=top.pk).update(parent=below))
    refusal(lambda: Category.objects.create(code="data", name_it="D", kind="immaterial", parent=below))


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string"},
        {"type": "object", "properties": {"a": {"type": "nonsense"}}},
        {"type": "object", "properties": {"a": {"$ref": "https://example.org/schema"}}},
        {"type": "object", "title": "a\x00b"},
        {"type": "object", "title": "\ud800"},
        {"type": "object", "properties": {"a": {"enum": ["1", 1]}}},
        {"type": "object", "properties": {"a": {"enum": [True, 1, "True"]}}},
        {"type": "object", "properties": {"a": {"maximum": 2**63}}},
        [1],
        "text",
    ],
)
def test_a_schema_that_is_none_is_refused(schema):
    with pytest.raises(ValidationError) as refused:
        factories.category(attribute_schema=schema)
    assert "attribute_schema" in refused.value.message_dict


@pytest.mark.parametrize(
    ("attributes", "word"),
    [
        ({"watt": "molti"}, "watt"),
        ({"watt": 0}, "watt"),
        ({"lamp": "LED"}, "watt"),
        ({"watt": 35, "lamp": "candela"}, "lamp"),
        ({"watt": 35, "colour": "red"}, "colour"),
        ([], None),
        ({"watt": float("nan")}, None),
        ({"watt": 35, "lamp": "\x00"}, None),
    ],
)
def test_attributes_follow_the_schema_of_the_category(attributes, word):
    category = factories.category(attribute_schema=LUMINAIRE)
    with pytest.raises(ValidationError) as refused:
        factories.asset(category=category, attributes=attributes)
    messages = refused.value.message_dict["attributes"]
    assert word is None or word in " ".join(messages)


@pytest.mark.parametrize("number", [int("9" * 400), 2**63, -(2**63), 1e300, -2e19])
def test_a_whole_number_beyond_what_systems_hold_is_refused_in_words(number):
    category = factories.category(
        attribute_schema={"type": "object", "properties": {"k": {"type": "integer", "multipleOf": 0.5}}}
    )
    with pytest.raises(ValidationError) as refused:
        factories.asset(category=category, attributes={"k": number})
    assert str(2**63 - 1) in " ".join(refused.value.message_dict["attributes"])
    assert factories.asset(category=category, attributes={"k": 2**63 - 1}).attributes == {"k": 2**63 - 1}


def test_a_rule_that_cannot_be_computed_is_refused_in_words(monkeypatch):
    category = factories.category(
        attribute_schema={"type": "object", "properties": {"k": {"type": "integer", "multipleOf": 0.5}}}
    )
    monkeypatch.setattr("assets.attributes.MAX_WHOLE_NUMBER", 10**500)
    with pytest.raises(ValidationError) as refused:
        factories.asset(category=category, attributes={"k": 10**400})
    assert "attributes" in refused.value.message_dict


def test_right_attributes_are_stored_and_read_by_their_labels():
    category = factories.category(attribute_schema=LUMINAIRE)
    asset = factories.asset(category=category, attributes={"watt": 35, "lamp": "LED"})
    assert Asset.objects.get(pk=asset.pk).attribute_values() == [("Potenza", 35), ("Lampada", "LED")]


def test_a_placement_may_leave_out_what_its_asset_states():
    asset = factories.asset(category=factories.category(attribute_schema=LUMINAIRE), attributes={"watt": 35})
    factories.placement(asset, attributes={"lamp": "LED"})
    with pytest.raises(ValidationError) as refused:
        factories.placement(asset, attributes={"watt": "x"})
    assert "attributes" in refused.value.message_dict


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [(90.1, 11), (-91, 11), (43, 180.5), (43, -181), (43, None), (None, 11), (float("nan"), 11), (43, float("inf"))],
)
def test_coordinates_out_of_range_or_by_halves_are_refused(latitude, longitude):
    asset = factories.asset()
    with pytest.raises(ValidationError):
        factories.placement(asset, latitude=latitude, longitude=longitude)
    refusal(lambda: Placement.objects.create(asset=asset, code="1", latitude=latitude, longitude=longitude))
    assert not Placement.objects.exists()


def test_a_placement_code_is_unique_in_its_asset_only():
    first = factories.placement(code="1")
    factories.placement(code="1")
    with pytest.raises(ValidationError):
        factories.placement(first.asset, code="1")
    refusal(lambda: Placement.objects.bulk_create([Placement(asset=first.asset, code="1")]))


@pytest.mark.parametrize("field", ["status", "district"])
def test_a_placement_takes_known_values_only(field):
    placement = factories.placement()
    refusal(lambda: Placement.objects.filter(pk=placement.pk).update(**{field: "9"}))


def test_the_contact_of_an_asset_is_a_referent_of_its_owner(publiacqua, silfi):
    stranger = factories.referent(silfi)
    with pytest.raises(ValidationError) as refused:
        factories.asset(publiacqua, contact=stranger)
    assert "contact" in refused.value.message_dict
    asset = factories.asset(publiacqua, contact=factories.referent(publiacqua))
    refusal(lambda: Asset.objects.filter(pk=asset.pk).update(contact=stranger))


def test_conditions_are_told_where_there_are_some():
    with pytest.raises(ValidationError):
        factories.asset(exchange_status="on_conditions")
    asset = factories.asset(exchange_status="on_conditions", conditions_it="Solo per uso interno")
    refusal(lambda: Asset.objects.filter(pk=asset.pk).update(conditions_it=""))


def test_an_asset_is_confirmed_after_it_was_mapped():
    with pytest.raises(ValidationError):
        factories.asset(mapped_on="2016-01-01", last_confirmed_on="2015-01-01")


def test_updated_at_moves_when_the_row_does_and_only_then():
    asset = factories.asset()
    stored = Asset.objects.get(pk=asset.pk)
    stored.save()
    assert Asset.objects.get(pk=asset.pk).updated_at == stored.updated_at
    Asset.objects.filter(pk=asset.pk).update(name_it="Altro nome")
    assert Asset.objects.get(pk=asset.pk).updated_at > stored.updated_at
