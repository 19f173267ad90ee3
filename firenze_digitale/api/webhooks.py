"""Webhooks on the API: a system says where it wants to be told what changes, and sees what became of it."""

import django_filters
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from firenze_digitale.api.fields import KEY_SCHEMA, ChoiceField, MomentField
from firenze_digitale.api.formats import JSON, asked_format
from firenze_digitale.api.serializers import RegistrySerializer
from firenze_digitale.api.viewsets import READ_AND_WRITE, RegistryViewSet, storing
from firenze_digitale.filters import KeyFilter, RegistryFilterSet, ValueFilter, YesNoFilter
from firenze_digitale.resource_names import RESOURCES
from firenze_digitale.webhooks.queue import MOST_ATTEMPTS
from partners.choices import DeliveryState
from partners.models import Partner, Webhook, WebhookDelivery

TWICE = _("A kind is given twice: give each once.")
KEY = OpenApiParameter(
    "key", {**KEY_SCHEMA}, OpenApiParameter.PATH, required=True, description="The key of the webhook."
)
MESSAGE = OpenApiParameter(
    "message",
    OpenApiTypes.UUID,
    OpenApiParameter.PATH,
    required=True,
    description="The message, as `webhook-id` has it.",
)


class KindsField(serializers.ListField):
    """Kinds of rows that a webhook is told of, each once."""

    child = ChoiceField(choices=sorted(RESOURCES))
    max_length = len(RESOURCES)

    def to_internal_value(self, data):
        kinds = super().to_internal_value(data)
        if len(set(kinds)) < len(kinds):
            raise serializers.ValidationError(TWICE, code="twice")
        return kinds


class WebhookSerializer(RegistrySerializer):
    """An address that is told what changes."""

    key = serializers.CharField(read_only=True)
    kinds = KindsField(
        required=False, max_length=KindsField.max_length, help_text="Resources that it is told of; none: all."
    )

    class Meta:
        model = Webhook
        fields = ("key", "partner", "url", "kinds", "active", "created_at")


class SecretSerializer(serializers.Serializer):
    """The secret that messages are signed with, which is not shown again."""

    secret = serializers.CharField(max_length=50, min_length=50, help_text="`whsec_` and the Base64 of 32 bytes.")


class NewWebhookSerializer(WebhookSerializer):
    """A webhook as it was added, with its secret, which is not shown again."""

    secret = serializers.CharField(max_length=50, min_length=50, read_only=True)

    class Meta(WebhookSerializer.Meta):
        fields = (*WebhookSerializer.Meta.fields, "secret")


class DeliverySerializer(serializers.ModelSerializer):
    """A message, and what came of sending it."""

    message = serializers.UUIDField(source="message_id", read_only=True, help_text="As `webhook-id` has it.")
    changes = serializers.IntegerField(read_only=True, min_value=0, help_text="How many it tells; 0: it is a test.")
    state = serializers.ChoiceField(choices=DeliveryState.choices, read_only=True)
    attempts = serializers.IntegerField(read_only=True, min_value=0, max_value=MOST_ATTEMPTS + 1)
    due_at = MomentField(read_only=True, help_text="When it is tried next; null: not any more.")
    sent_at = MomentField(read_only=True, help_text="When it was tried last.")
    status = serializers.IntegerField(read_only=True, min_value=100, max_value=999, help_text="Of the last answer.")
    outcome = serializers.CharField(read_only=True, max_length=500, help_text="What came of it, and what was said.")
    created_at = MomentField(read_only=True)

    class Meta:
        model = WebhookDelivery
        fields = ("message", "changes", "state", "attempts", "due_at", "sent_at", "status", "outcome", "created_at")


class WebhookFilter(RegistryFilterSet):
    partner = KeyFilter(model=Partner, label=_("Partner"))
    active = YesNoFilter(label=_("Active"))

    class Meta:
        model = Webhook
        fields = ()


class DeliveryFilter(django_filters.FilterSet):
    state = ValueFilter(choices=DeliveryState.choices, label=_("State"))

    class Meta:
        model = WebhookDelivery
        fields = ()


class WebhookViewSet(RegistryViewSet):
    """Addresses of partners' systems that are told what changes, as soon as it does, by signed messages.

    Each message is a POST of JSON, signed as Standard Webhooks has it (`webhook-id`, `webhook-timestamp`,
    `webhook-signature`); it names the changes and says where to read them. Answer with any status 2xx within 10
    seconds, and do the work after: else the message is sent again, up to 12 times in about three days, and the ones
    after it wait. Redirects are not followed. Status 410 switches the webhook off.
    """

    model = Webhook
    serializer_class = WebhookSerializer
    filterset_class = WebhookFilter
    list_key = ("id",)
    formats = (JSON,)
    http_method_names = READ_AND_WRITE
    unkept = frozenset({"create", "secret"})

    def list(self, request):
        # Few rows, which are in no log of changes that an ETag could be made of.
        asked_format(request, self.formats)
        rows = self.paginate_queryset(self.filter_queryset(self.get_queryset().for_api(request.user)))
        return self.get_paginated_response(self.get_serializer(rows, many=True).data)

    @extend_schema(responses={201: NewWebhookSerializer})
    def create(self, request):
        """Add a webhook: it is told what happens from now on. Its secret is shown in this answer alone."""
        return super().create(request)

    def _answer(self, row, status_code=status.HTTP_200_OK):
        answer = super()._answer(row, status_code)
        if status_code == status.HTTP_201_CREATED:
            answer.data = {**answer.data, "secret": row.secret}
        return answer

    @extend_schema(summary="Renew the secret", request=None, responses=SecretSerializer)
    @action(detail=True, methods=["post"])
    def secret(self, request, key):
        """Make another secret and show it in this answer alone: from the next message on, it signs them."""
        with storing():
            webhook = self._to_change()
            webhook.renew_secret()
        return Response({"secret": webhook.secret})

    @extend_schema(summary="Send a test message", request=None, responses={202: DeliverySerializer})
    @action(detail=True, methods=["post"])
    def ping(self, request, key):
        """Send a message of the type `ping`, once; what came of it is told in the list of deliveries."""
        with storing():
            delivery = self._to_change().send_test()
        return self._queued(delivery)

    @extend_schema(summary="List what was sent", responses=DeliverySerializer(many=True))
    @action(detail=True, filterset_class=DeliveryFilter, list_key=("-id",), serializer_class=DeliverySerializer)
    def deliveries(self, request, key):
        """Messages of the last 30 days, the latest first."""
        webhook = self.found(self.get_queryset())
        page = self.paginate_queryset(self.filter_queryset(webhook.deliveries.visible_to(request.user).for_list()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        summary="Send a message again", parameters=[KEY, MESSAGE], request=None, responses={202: DeliverySerializer}
    )
    @action(detail=True, methods=["post"], url_path=r"deliveries/(?P<message>[^/]+)/send", url_name="send-again")
    def send_again(self, request, key, message):
        """Send a message once more, as it is and under the same `webhook-id`."""
        with storing():
            rows = self._to_change().deliveries.select_for_update(of=("self",))
            delivery = rows.by_message(message)
            if delivery is None:
                raise Http404
            delivery.send_again()
        return self._queued(delivery)

    def _to_change(self) -> Webhook:
        """The webhook that the address names, locked, if the caller may change it."""
        seen = self.found(self.get_queryset())
        row = self.rows_to_change().select_for_update(of=("self",)).filter(pk=seen.pk).first()
        if row is None or not row.may_be_stored_by(self.request.user):
            raise PermissionDenied
        return row

    def _queued(self, delivery: WebhookDelivery) -> Response:
        delivery.refresh_from_db()
        return Response(DeliverySerializer(delivery).data, status=status.HTTP_202_ACCEPTED)
