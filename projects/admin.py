"""What an editor sees of the Plan and its meetings."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from firenze_digitale.desk.base import RegistryAdmin
from projects.chart_admin import ParticipationAdmin, ProjectChartAdmin
from projects.document_admin import MeetingDocumentInline
from projects.models import Action, ActionPlan, ChartNotice, Meeting, Objective, Participation, Plan, ProjectChart
from projects.notice_admin import ChartNoticeAdmin

DESCRIPTION = (_("Description"), {"fields": ["description_it", "description_en", "source"]})

admin.site.register(ProjectChart, ProjectChartAdmin)
admin.site.register(Participation, ParticipationAdmin)
admin.site.register(ChartNotice, ChartNoticeAdmin)


class TitledAdmin(RegistryAdmin):
    """Rows with a title in two languages."""

    search_fields = ("code", "title_it", "title_en")

    @admin.display(description=_("title"))
    def title(self, row):
        return row.title


@admin.register(Plan)
class PlanAdmin(TitledAdmin):
    list_key = ("start_year", "id")
    list_display = ("title", "code", "start_year", "end_year", "memorandum")
    fieldsets = [
        (None, {"fields": ["title_it", "title_en", "code", ("start_year", "end_year"), "memorandum"]}),
        DESCRIPTION,
    ]


@admin.register(Objective)
class ObjectiveAdmin(TitledAdmin):
    list_key = ("plan_id", "number")
    list_display = ("title", "number", "plan", "provisional")
    list_filter = ("plan", "provisional")
    search_fields = ("title_it", "title_en", "plan__code")
    fieldsets = [
        (None, {"fields": ["plan", "number", "title_it", "title_en", "provisional"]}),
        DESCRIPTION,
    ]


@admin.register(ActionPlan)
class ActionPlanAdmin(TitledAdmin):
    list_key = ("plan_id", "year")
    list_display = ("title", "year", "plan")
    list_filter = ("plan",)
    search_fields = ("title_it", "title_en", "plan__code")
    fieldsets = [(None, {"fields": ["plan", "year", "title_it", "title_en"]}), DESCRIPTION]


@admin.register(Action)
class ActionAdmin(TitledAdmin):
    list_display = ("title", "code", "action_plan", "status")
    list_filter = ("action_plan", "status")
    bulk_fields = ("status", "source")
    fieldsets = [
        (None, {"fields": ["title_it", "title_en", "code", "action_plan", "status", "objectives"]}),
        DESCRIPTION,
    ]


@admin.register(Meeting)
class MeetingAdmin(TitledAdmin):
    list_display = ("title", "code", "held_on", "place", "visibility")
    list_filter = ("visibility",)
    bulk_fields = ("held_on", "place", "visibility", "source")
    search_fields = ("code", "title_it", "title_en", "place")
    inlines = [MeetingDocumentInline]
    fieldsets = [
        (None, {"fields": ["title_it", "title_en", "code", ("held_on", "place"), "visibility", "source"]}),
        (_("Who and what"), {"fields": ["participants", "mapped_assets", "charts_born"]}),
        (_("Minutes"), {"fields": ["minutes_it", "minutes_en"]}),
    ]

    def get_queryset(self, request):
        """With what came of each, as far as the asker may see it: a page shows these names."""
        return super().get_queryset(request).for_detail(request.user)
