"""What a referent sees of assets, their units in the field and the ways to get at them."""

from django.contrib import admin
from django.contrib.admin.options import IS_POPUP_VAR, TO_FIELD_VAR
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from assets.catalogue import entry_of, entry_of_distribution
from assets.choices import ImportedKind, Kind
from assets.desk.blank_tables import GivesBlankTables, tables_of
from assets.desk.filters import FreshnessFilter, WithoutContactFilter, WithoutCoordinatesFilter, WithoutLicenceFilter
from assets.desk.freshness import Confirmable
from assets.desk.handover import Offerable, offer_url
from assets.desk.imports import BringsFiles
from assets.desk.twins import TwinsShown
from assets.exports import AssetExport, DistributionExport, PlacementExport
from assets.forms import (
    ATTRIBUTE,
    AssetForm,
    DistributionForm,
    PlacementForm,
    attribute_form,
    form_field,
    stored_attributes,
    whole_where_it_is,
)
from assets.models import Asset, Category, Distribution, Placement
from firenze_digitale.access import access_of
from firenze_digitale.desk.base import RegistryAdmin
from firenze_digitale.desk.changelist import KeptByMeFilter, OfOneParentFilter
from firenze_digitale.desk.export import Exporting
from partners.models import Partner, Referent


@admin.register(Category)
class CategoryAdmin(RegistryAdmin):
    list_key = ("kind", "name_it", "id")
    list_display = ("name", "code", "kind", "parent")
    list_filter = ("kind",)
    search_fields = ("code", "name_it", "name_en")
    fieldsets = [
        (None, {"fields": ["name_it", "name_en", "code", "kind", "parent", "source"]}),
        (_("What is asked of each asset"), {"fields": ["attribute_schema"]}),
    ]

    @admin.display(description=_("name"))
    def name(self, category):
        return category.name

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        context["tables"] = tables_of(obj) if obj else []
        return super().render_change_form(request, context, add, change, form_url, obj)


class FieldsOfCategory:
    """Forms with a field for each attribute of a category, which has to be known first."""

    #: The related field that tells the category, and whether attributes may be left out.
    deciding_field: str
    partial = False

    def category_of(self, deciding_row):
        """The category that a row of the deciding field stands for."""
        raise NotImplementedError

    def deciding_row(self, request, obj):
        """The row chosen in this request, or stored before."""
        typed = getattr(request, "typed", None) or request.POST
        given = typed.get(self.deciding_field) if typed else request.GET.get(self.deciding_field)
        if given and given.isascii() and given.isdecimal():
            field = self.opts.get_field(self.deciding_field)
            if chosen := self.admin_site.rows_to_choose(field, request.user).filter(pk=given).first():
                return chosen
        return getattr(obj, self.deciding_field) if obj else None

    def category_in_hand(self, request, obj):
        if "category_in_hand" not in request.__dict__:
            row = self.deciding_row(request, obj)
            request.category_in_hand = self.category_of(row) if row else None
        return request.category_in_hand

    def type_anew(self, request, data):
        request.__dict__.pop("category_in_hand", None)
        super().type_anew(request, data)

    def path_of_field(self, name):
        return ("attributes", name.removeprefix(ATTRIBUTE)) if name.startswith(ATTRIBUTE) else (name,)

    def fields_that_go_back(self, request, row):
        """With the attributes, which have a form field each and one column together."""
        names = super().fields_that_go_back(request, row)
        return [*names, "attributes"] if self.has_change_permission(request, row) else names

    def bulk_form_fields(self, request, rows):
        """With the attributes, where all the rows are of one category."""
        fields = super().bulk_form_fields(request, rows)
        categories = {self.category_of(getattr(row, self.deciding_field)) for row in rows}
        for attribute in categories.pop().attribute_fields() if len(categories) == 1 else ():
            may_be_empty = self.partial or not attribute.required
            fields[ATTRIBUTE + attribute.name] = (form_field(attribute, required=False), may_be_empty)
        return fields

    def values_of(self, picked):
        attributes = {name: value for name, value in picked.items() if name.startswith(ATTRIBUTE)}
        values = super().values_of({name: value for name, value in picked.items() if name not in attributes})
        if attributes:
            values["attributes"] = {
                name.removeprefix(ATTRIBUTE): None if value == "" else whole_where_it_is(value)
                for name, value in attributes.items()
            }
        return values

    def get_form(self, request, obj=None, change=False, **kwargs):
        kwargs["form"] = attribute_form(self.form, self.category_in_hand(request, obj), partial=self.partial)
        return super().get_form(request, obj, change=change, **kwargs)

    def attribute_fieldset(self, request, obj):
        """The fields of the category; only what is stored for who may not change it."""
        if obj and not self.has_change_permission(request, obj):
            return _("Attributes"), {"fields": ["attributes_shown"]}
        category = self.category_in_hand(request, obj)
        names = [field.name for field in category.attribute_fields()] if category else []
        fields = [ATTRIBUTE + name for name in names]
        if stored_attributes(obj).keys() - set(names):
            fields.append("attributes_to_remove")
        return _("Attributes"), {"fields": fields, "description": self.told_of_category(category)}

    def told_of_category(self, category):
        if category is None:
            return ""
        return format_html(
            '{} <button type="submit" name="_show" value="1" class="button show-fields">{}</button>',
            _("These are the attributes of “%(category)s”.") % {"category": category},
            _("Show those of another choice above"),
        )

    def get_readonly_fields(self, request, obj=None):
        return [*super().get_readonly_fields(request, obj), "attributes_shown"]

    @admin.display(description=_("attributes"))
    def attributes_shown(self, row):
        category = self.category_of(getattr(row, self.deciding_field))
        labels = {field.name: field.label for field in category.attribute_fields()}
        stored = stored_attributes(row)
        named = [(label, stored[name]) for name, label in labels.items() if name in stored]
        others = [(name, value) for name, value in stored.items() if name not in labels]
        return format_html_join("", "<div>{}: {}</div>", named + others) or "–"

    def add_view(self, request, form_url="", extra_context=None):
        """Ask first for what decides the fields."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if self.deciding_row(request, None) or request.method == "POST":
            return super().add_view(request, form_url, extra_context)
        field, kept = self.opts.get_field(self.deciding_field), (*self.preset_fields, IS_POPUP_VAR, TO_FIELD_VAR)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Add %(name)s") % {"name": self.opts.verbose_name},
            "opts": self.opts,
            "field_name": self.deciding_field,
            "field_label": field.verbose_name,
            "presets": [(name, request.GET[name]) for name in kept if name in request.GET],
            "is_popup": IS_POPUP_VAR in request.GET,
            **self.first_step(request),
        }
        return TemplateResponse(request, "admin/choose_first.html", context)

    def first_step(self, request) -> dict:
        """What the page offers that asks for the deciding field."""
        raise NotImplementedError


def kept_partners(who):
    return Partner.objects.all().whose_assets_are_kept_by(who)


@admin.register(Asset)
class AssetAdmin(
    FieldsOfCategory,
    TwinsShown,
    Confirmable,
    Offerable,
    BringsFiles,
    GivesBlankTables,
    Exporting,
    RegistryAdmin,
):
    imported_kind = ImportedKind.ASSETS
    form = AssetForm
    deciding_field = "category"
    preset_fields = ("category", "owner")
    choices = {
        "owner": kept_partners,
        "contact": lambda who: Referent.objects.visible_to(who).filter(partner__in=kept_partners(who)),
    }
    list_key = ("name_it", "id")
    list_display = ("name", "code", "owner", "category", "amount", "exchange_status", "visibility", "age", "parts")
    list_filter = (
        KeptByMeFilter,
        "owner",
        "category",
        "exchange_status",
        "visibility",
        FreshnessFilter,
        WithoutContactFilter,
    )
    actions = ["confirm", "offer"]
    bulk_fields = (
        "exchange_status",
        "conditions_it",
        "conditions_en",
        "visibility",
        "contact",
        "theme",
        "update_frequency",
        "rights_holder",
        "mapped_on",
        "last_confirmed_on",
        "source",
    )
    search_fields = ("code", "name_it", "name_en")
    change_form_template = "admin/assets/asset/change_form.html"
    export_class = AssetExport

    @admin.display(description=_("name"))
    def name(self, asset):
        return asset.name

    @admin.display(description=_("quantity"))
    def amount(self, asset):
        return "–" if asset.quantity is None else f"{asset.quantity} {asset.get_unit_display()}".strip()

    @admin.display(description=_("parts"))
    def parts(self, asset):
        """A link, not a number: counting the units of every asset would be slow."""
        if asset.is_material:
            return format_html('<a href="{}">{}</a>', parts_url("placement", asset), _("placements"))
        return format_html('<a href="{}">{}</a>', parts_url("distribution", asset), _("distributions"))

    def category_of(self, deciding_row):
        return deciding_row

    def first_step(self, request):
        groups = [(label, []) for _value, label in Kind.choices]
        for category in Category.objects.visible_to(request.user):
            dict(zip(Kind.values, groups, strict=True))[category.kind][1].append(category)
        return {"groups": groups, "told": _("Choose the category first: it decides which attributes are asked for.")}

    def get_fieldsets(self, request, obj=None):
        return [
            (None, {"fields": ["category", "owner", "name_it", "name_en", "code", "contact"]}),
            self.attribute_fieldset(request, obj),
            (_("Description"), {"fields": ["description_it", "description_en", ("quantity", "unit")]}),
            (
                _("Exchange"),
                {"fields": ["exchange_status", "conditions_it", "conditions_en", "visibility"]},
            ),
            (
                _("Catalogue of data"),
                {
                    "fields": ["theme", "update_frequency", "rights_holder"],
                    "description": _(
                        "National and European catalogues list public immaterial assets that have a distribution. "
                        "For others these may stay empty."
                    ),
                },
            ),
            (_("Mapping"), {"fields": [("mapped_on", "last_confirmed_on"), "source"]}),
        ]

    def get_readonly_fields(self, request, obj=None):
        """An asset stays with its owner; the model refuses anything else to whoever is no administrator."""
        fixed = super().get_readonly_fields(request, obj)
        return [*fixed, "owner"] if obj and not access_of(request.user).administrator else fixed

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        if obj is not None:
            part = "placement" if obj.is_material else "distribution"
            context |= {
                "parts_label": _("Placements") if obj.is_material else _("Distributions"),
                "parts_url": parts_url(part, obj),
                "add_part_url": f"{reverse(f'admin:assets_{part}_add')}?asset={obj.pk}",
                "add_part_label": _("Add placement") if obj.is_material else _("Add distribution"),
                "may_add_part": self.has_change_permission(request, obj),
                "import_url": f"{reverse(f'admin:assets_{part}_import')}?asset={obj.pk}",
                "offer_url": offer_url([("asset", obj.pk)]),
                "catalogue_entry": entry_of(obj) if self.has_change_permission(request, obj) else None,
            }
        return super().render_change_form(request, context, add, change, form_url, obj)


def parts_url(part: str, asset) -> str:
    return f"{reverse(f'admin:assets_{part}_changelist')}?asset__id__exact={asset.pk}"


class OfOneAssetFilter(OfOneParentFilter):
    parent = "asset"
    parameter_name = "asset__id__exact"


class AssetPartAdmin(BringsFiles, GivesBlankTables, Exporting, RegistryAdmin):
    """What placements and distributions share: they are reached from their asset."""

    list_key = ("asset_id", "code")
    preset_fields = ("asset",)
    change_list_template = "admin/assets/part_list.html"

    def changelist_view(self, request, extra_context=None):
        """Name the asset above the list, and offer to add to it."""
        given = request.GET.get(OfOneAssetFilter.parameter_name, "")
        asset = None
        if given.isascii() and given.isdecimal():
            asset = Asset.objects.visible_to(request.user).for_list().filter(pk=given).first()
        context = {"asset": asset, "may_add_here": asset is not None and asset.may_be_changed_by(request.user)}
        if asset is not None:
            context["template_url"] = f"{self.url_of('template')}?category={asset.category.code}"
            context["import_url"] = f"{self.url_of('import')}?asset={asset.pk}" if context["may_add_here"] else ""
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def response_post_save_add(self, request, obj):
        return HttpResponseRedirect(parts_url(self.opts.model_name, obj.asset))

    response_post_save_change = response_post_save_add


def own_assets_of_kind(kind: str):
    return lambda who: Asset.objects.changeable_by(who).filter(category__kind=kind)


@admin.register(Placement)
class PlacementAdmin(FieldsOfCategory, TwinsShown, AssetPartAdmin):
    imported_kind = ImportedKind.PLACEMENTS
    form = PlacementForm
    deciding_field = "asset"
    partial = True
    choices = {"asset": own_assets_of_kind(Kind.MATERIAL)}
    list_display = ("code", "asset", "address", "district", "status", "latitude", "longitude")
    bulk_fields = ("status", "district", "address")
    search_fields = ("code", "address")
    export_class = PlacementExport

    def get_list_filter(self, request):
        """Within one asset; over all of them these would read a million rows."""
        within = ("status", "district") if request.GET.get(OfOneAssetFilter.parameter_name) else ()
        return (OfOneAssetFilter, KeptByMeFilter, WithoutCoordinatesFilter, *within)

    def lookup_allowed(self, lookup, value, request=None):
        return lookup in {"status__exact", "district__exact"} or super().lookup_allowed(lookup, value, request)

    @property
    def search_help_text(self):
        return _("Within one asset: the beginning of a code, or part of an address. Over all of them: a whole code.")

    def get_search_results(self, request, queryset, search_term):
        term = search_term.strip()[:100]
        if "\x00" in term:
            return queryset.none(), False
        if not term:
            return queryset, False
        if request.GET.get(OfOneAssetFilter.parameter_name):
            return queryset.filter(Q(code__istartswith=term) | Q(address__icontains=term)), False
        return queryset.filter(code=term), False

    def category_of(self, deciding_row):
        return deciding_row.category

    def first_step(self, request):
        field = self.opts.get_field("asset")
        form_field = self.formfield_for_dbfield(field, request)
        return {
            "told": _("Choose the asset first: its category decides which attributes are asked for."),
            "widget": form_field.widget.widget.render("asset", "", {"id": "id_asset"}),
            "media": self.media + form_field.widget.media,
        }

    def get_fieldsets(self, request, obj=None):
        return [
            (None, {"fields": ["asset", "code", "status"]}),
            (_("Where"), {"fields": ["address", "district", ("latitude", "longitude")]}),
            self.attribute_fieldset(request, obj),
        ]


@admin.register(Distribution)
class DistributionAdmin(AssetPartAdmin):
    imported_kind = ImportedKind.DISTRIBUTIONS
    form = DistributionForm
    choices = {"asset": own_assets_of_kind(Kind.IMMATERIAL)}
    list_display = ("title", "code", "asset", "format", "licence", "update_frequency", "has_personal_data")
    list_filter = (OfOneAssetFilter, KeptByMeFilter, "update_frequency", "has_personal_data", WithoutLicenceFilter)
    bulk_fields = ("format", "licence", "update_frequency", "has_personal_data")
    search_fields = ("code", "title_it", "title_en", "format", "asset__name_it")
    export_class = DistributionExport
    fieldsets = [
        (None, {"fields": ["asset", "title_it", "title_en", "code"]}),
        (_("Access"), {"fields": ["format", "access_url", "licence", "update_frequency", "has_personal_data"]}),
    ]

    @admin.display(description=_("title"))
    def title(self, distribution):
        return distribution.title

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        may_complete = obj is not None and self.has_change_permission(request, obj)
        context["catalogue_entry"] = entry_of_distribution(obj) if may_complete else None
        return super().render_change_form(request, context, add, change, form_url, obj)
