"""The desk's pages of project charts and of each partner's part in them."""

from django.contrib import admin, messages
from django.contrib.admin.options import IS_POPUP_VAR
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from firenze_digitale.desk.base import PartInline, RegistryAdmin
from firenze_digitale.desk.changelist import KeptByMeFilter
from projects import services
from projects.choices import ChartStatus, ParticipationRole
from projects.document_admin import ChartDocumentInline
from projects.forms import ChartForm, NewChartForm
from projects.models import AssetUse, ChartDocument, Milestone, Participation


class ParticipationInline(PartInline):
    model = Participation
    fields = ["partner", "role", ("gives_it", "gives_en"), ("gains_it", "gains_en"), "source"]


class AssetUseInline(PartInline):
    model = AssetUse
    fields = ["asset", ("purpose_it", "purpose_en"), "source"]


class MilestoneInline(PartInline):
    model = Milestone
    fields = [("title_it", "title_en"), ("due_on", "done_on"), "source"]


class ProjectChartAdmin(RegistryAdmin):
    list_key = ("title_it", "id")
    list_display = ("title", "code", "lead", "status", "milestones_told", "starts_on", "ends_on", "visibility")
    list_filter = (KeptByMeFilter, "status", "visibility", "objectives")
    search_fields = ("code", "title_it", "title_en", "summary_it")
    readonly_fields = ["status"]
    change_form_template = "admin/projects/projectchart/change_form.html"

    @admin.display(description=_("title"))
    def title(self, chart):
        return chart.title

    @admin.display(description=_("lead"))
    def lead(self, chart):
        leads = (part.partner for part in chart.participations.all() if part.role == ParticipationRole.LEAD)
        return next(leads, None)

    @admin.display(description=_("milestones done"))
    def milestones_told(self, chart):
        done, total = chart.milestones_progress()
        return f"{done} / {total}" if total else "–"

    def get_inlines(self, request, obj):
        """A chart has parts once it exists."""
        return [ParticipationInline, AssetUseInline, MilestoneInline, ChartDocumentInline] if obj else []

    def get_form(self, request, obj=None, change=False, **kwargs):
        kwargs["form"] = ChartForm if obj else NewChartForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fieldsets(self, request, obj=None):
        first = ["lead"] if obj is None else ["status", *(["reason"] if obj.states_open_to(request.user) else [])]
        return [
            (None, {"fields": [*first, "title_it", "title_en", "code", ("summary_it", "summary_en"), "visibility"]}),
            (_("In the Plan"), {"fields": ["objectives", "actions", ("department_it", "department_en")]}),
            (_("Dates"), {"fields": [("starts_on", "ends_on")]}),
            (_("Description"), {"fields": [("description_it", "description_en"), "source"]}),
            (_("Results"), {"fields": [("results_it", "results_en")]}),
        ]

    def save_related(self, request, form, formsets, change):
        if not change:
            lead = Participation(chart=form.instance, partner=form.cleaned_data["lead"], role=ParticipationRole.LEAD)
            if not lead.may_be_stored_by(request.user):
                raise PermissionDenied
            lead.save()
        super().save_related(request, form, formsets, change)

    def save_formset(self, request, form, formset, change):
        super().save_formset(request, form, formset, change)
        if formset.model is ChartDocument:
            for document in formset.new_objects:
                services.tell_of_document(document, request.user)
        if formset.model is Participation:
            rewritten = [part for part, _fields in formset.changed_objects]
            for part in [*formset.new_objects, *rewritten]:
                services.tell_of_part(part, request.user)

    def response_add(self, request, obj, post_url_continue=None):
        """Go on to its participants, assets and milestones."""
        if IS_POPUP_VAR in request.POST:
            return super().response_add(request, obj, post_url_continue)
        messages.success(request, gettext("The draft is there. Add its participants, assets and milestones below."))
        return HttpResponseRedirect(self.url_of("change", obj.pk))

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        if obj is not None:
            own = Participation.objects.filter(chart=obj, partner_id__in=request.user.access.partner_ids)
            context |= {
                "moves": [ChartStatus(state) for state in obj.states_open_to(request.user)],
                "own_parts": own.changeable_by(request.user).select_related("partner"),
                "writes_parts_below": self.has_change_permission(request, obj),
            }
        return super().render_change_form(request, context, add, change, form_url, obj)

    def response_change(self, request, obj):
        """Move a chart along once it is saved, or say why it stays where it is."""
        if "_move" not in request.POST:
            return super().response_change(request, obj)
        try:
            chart = services.take_step(obj, request.POST["_move"], request.user, obj.step_reason)
        except ValidationError as refusal:
            kept = gettext("What you typed is saved, but the chart has not moved.")
            messages.error(request, " ".join([kept, *refusal.messages]))
        else:
            told = gettext("The chart is saved and is now: %(status)s.")
            messages.success(request, told % {"status": chart.get_status_display()})
        return HttpResponseRedirect(self.url_of("change", obj.pk))


class ParticipationAdmin(RegistryAdmin):
    """A partner writes its own part here, whoever leads the chart."""

    list_key = ("-id",)
    list_display = ("chart", "partner", "role", "gives_shortly", "gains_shortly")
    list_filter = (KeptByMeFilter, "partner", "role")
    search_fields = ("chart__code", "chart__title_it", "partner__name_it")
    fieldsets = [
        (None, {"fields": ["chart", "partner", "role"]}),
        (_("Gives"), {"fields": ["gives_it", "gives_en"]}),
        (_("Gains"), {"fields": ["gains_it", "gains_en", "source"]}),
    ]

    @admin.display(description=_("gives"))
    def gives_shortly(self, participation):
        return shortened(participation.gives)

    @admin.display(description=_("gains"))
    def gains_shortly(self, participation):
        return shortened(participation.gains)

    def has_add_permission(self, request):
        """Partners are added on the chart's own page."""
        return False

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        if form.has_changed():
            services.tell_of_part(obj, request.user)

    def response_post_save_change(self, request, obj):
        """Back to the chart, from where its parts are reached."""
        return HttpResponseRedirect(reverse("admin:projects_projectchart_change", args=[obj.chart_id]))

    def get_readonly_fields(self, request, obj=None):
        fixed = ["chart", "partner"]
        if obj is not None and not obj.chart.may_be_changed_by(request.user):
            fixed += ["role", "source"]
        return fixed


def shortened(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:79]}…"
