"""Plans, objectives, actions, project charts and meetings on the API."""

from firenze_digitale.api.viewsets import READ_AND_WRITE, RegistryViewSet
from projects import filters, models, serializers


class PlanViewSet(RegistryViewSet):
    """Plans of some years."""

    model = models.Plan
    serializer_class = serializers.PlanSerializer
    filterset_class = filters.PlanFilter


class ObjectiveViewSet(RegistryViewSet):
    """Numbered objectives of a plan."""

    model = models.Objective
    serializer_class = serializers.ObjectiveSerializer
    filterset_class = filters.ObjectiveFilter
    list_key = ("plan_id", "number")


class ActionPlanViewSet(RegistryViewSet):
    """Annual plans of action."""

    model = models.ActionPlan
    serializer_class = serializers.ActionPlanSerializer
    filterset_class = filters.ActionPlanFilter
    list_key = ("plan_id", "year")


class ActionViewSet(RegistryViewSet):
    """What an annual plan says will be done."""

    model = models.Action
    serializer_class = serializers.ActionSerializer
    filterset_class = filters.ActionFilter


class ProjectChartViewSet(RegistryViewSet):
    """Project charts: which partners do what together, with which assets, and what each gains."""

    model = models.ProjectChart
    serializer_class = serializers.ProjectChartSerializer
    filterset_class = filters.ProjectChartFilter
    http_method_names = READ_AND_WRITE

    def rows_to_change(self):
        if self.request.method == "PATCH":
            return self.model.objects.partly_changeable_by(self.request.user)
        return super().rows_to_change()


class MeetingViewSet(RegistryViewSet):
    """Meetings of referents, and what came of them."""

    model = models.Meeting
    serializer_class = serializers.MeetingSerializer
    filterset_class = filters.MeetingFilter
