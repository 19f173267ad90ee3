"""Webhooks on the desk: registered by who answers for a partner, with what was sent and what came of it."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from firenze_digitale.desk.base import RegistryAdmin
from firenze_digitale.desk.changelist import ChoosableRelatedFilter
from firenze_digitale.desk.forms import ReadableForm, ticked
from firenze_digitale.desk.once import MadeOnce, new_key
from firenze_digitale.paging import InvalidCursor, paginate
from firenze_digitale.resource_names import RESOURCES
from firenze_digitale.webhooks.addresses import NOT_AN_ADDRESS
from partners.models import Partner, Webhook, WebhookDelivery

SHOWN = 5
A_PAGE = 50
ALL_KINDS = _("all")
MADE_ALREADY = _(
    "The webhook was made already, and its secret is not shown again. If you have not copied it, renew it on the "
    "webhook's page."
)
RENEWED_ALREADY = _(
    "The secret was renewed already, and it is not shown again. If you have not copied it, renew it once more on the "
    "webhook's page."
)


class WebhookForm(ReadableForm):
    """A webhook: kinds are ticked, not written."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "url" in self.fields:
            self.fields["url"].error_messages["invalid"] = NOT_AN_ADDRESS
        if "kinds" in self.fields:
            choices = [(name, capfirst(str(label))) for name, label in RESOURCES.items()]
            self.fields["kinds"] = ticked(self.fields["kinds"], choices)


class WebhookAdmin(MadeOnce, RegistryAdmin):
    made_already = MADE_ALREADY
    list_key = ("url", "id")
    list_display = ("url", "partner", "kinds_told", "state_told")
    list_filter = (("partner", ChoosableRelatedFilter), "active")
    search_fields = ("url", "partner__name_it")
    form = WebhookForm
    choices = {"partner": Partner.objects.all().whose_systems_are_kept_by}
    preset_fields = ("partner",)
    change_form_template = "admin/partners/webhook/change_form.html"

    class Media:
        css = {"all": ["admin_theme/cards.css", "admin_theme/webhooks.css"]}

    @admin.display(description=_("kinds of change"))
    def kinds_told(self, webhook):
        return ", ".join(capfirst(str(RESOURCES.get(kind, kind))) for kind in webhook.kinds) or capfirst(ALL_KINDS)

    @admin.display(description=_("state"))
    def state_told(self, webhook):
        state = webhook.state
        return format_html('<span class="desk-pill webhook-{}">{}</span>', state.value, state.label)

    def get_fieldsets(self, request, obj=None):
        asked = ["partner", "url", "kinds"]
        return [(None, {"fields": asked if obj is None else [*asked, "active"]})]

    def get_readonly_fields(self, request, obj=None):
        return [] if obj is None else [*super().get_readonly_fields(request, obj), "partner"]

    def save_model(self, request, obj, form, change):
        if not change:
            obj.created_by = request.user
        super().save_model(request, obj, form, change)

    def response_add(self, request, obj, post_url_continue=None):
        self.mark_used(request)
        return self._secret_page(request, obj, _("New webhook"))

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        if obj is not None:
            context |= {
                "deliveries": list(obj.deliveries.visible_to(request.user).for_list().order_by("-pk")[: SHOWN + 1]),
                "shown": SHOWN,
                "may_send": self.has_change_permission(request, obj),
            }
        return super().render_change_form(request, context, add, change, form_url, obj)

    # What is done with a webhook beside changing it

    def get_urls(self):
        def at(route, view, name):
            return path(route, self.admin_site.admin_view(view), name=f"partners_webhook_{name}")

        return [
            at("<int:object_id>/deliveries/", self.deliveries_view, "deliveries"),
            at("<int:object_id>/deliveries/send/", self.send_again_view, "send_again"),
            at("<int:object_id>/ping/", self.ping_view, "ping"),
            at("<int:object_id>/secret/", self.secret_view, "secret"),
            *super().get_urls(),
        ]

    def deliveries_view(self, request, object_id):
        """All that was sent in the last 30 days."""
        webhook = self.get_object(request, str(object_id))
        rows = webhook.deliveries.visible_to(request.user).for_list()
        try:
            page = paginate(rows, key=("-id",), limit=A_PAGE, cursor=request.GET.get("cursor"))
        except InvalidCursor as error:
            raise Http404 from error
        context = {"page": page, "deliveries": page.rows, "may_send": self.has_change_permission(request, webhook)}
        return self._page(request, "deliveries", _("What was sent"), webhook, **context)

    @method_decorator(require_POST)
    def send_again_view(self, request, object_id):
        """Queue a message once more, and lead back to where it was asked for."""
        with transaction.atomic():
            webhook = self._to_change(request, object_id)
            rows = WebhookDelivery.objects.changeable_by(request.user).filter(webhook=webhook)
            delivery = rows.select_for_update(of=("self",)).by_message(request.POST.get("message", ""))
            if delivery is None:
                raise Http404
            delivery.send_again()
        messages.success(request, _("The message is sent again: see below in a few seconds what came of it."))
        return HttpResponseRedirect(self.url_of("change", webhook.pk))

    @method_decorator(require_POST)
    def ping_view(self, request, object_id):
        try:
            with transaction.atomic():
                webhook = self._to_change(request, object_id)
                webhook.send_test()
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
        else:
            messages.success(request, _("The test message is on its way: see below in a few seconds what came of it."))
        return HttpResponseRedirect(self.url_of("change", object_id))

    def secret_view(self, request, object_id):
        """Ask before the secret is renewed; then show the new one, this once."""
        if request.method != "POST":
            webhook = self.get_object(request, str(object_id))
            if not self.has_change_permission(request, webhook):
                raise PermissionDenied
            return self._page(request, "renew", _("Renew the secret"), webhook, once=new_key())
        with transaction.atomic():
            webhook = self._to_change(request, object_id)
            if self.is_used(request):
                return self.answer_already(request, RENEWED_ALREADY)
            webhook.renew_secret()
            self.mark_used(request)
        return self._secret_page(request, webhook, _("New secret"))

    def _to_change(self, request, object_id) -> Webhook:
        """The webhook, locked, if the asker may change it."""
        webhook = self.get_object(request, str(object_id))
        if not self.has_change_permission(request, webhook):
            raise PermissionDenied
        return webhook

    def _secret_page(self, request, webhook, title):
        return self._page(request, "secret", title, webhook, secret=webhook.secret)

    def _page(self, request, name: str, title, webhook, **context):
        common = {**self.admin_site.each_context(request), "title": title, "subtitle": str(webhook), "opts": self.opts}
        template = f"admin/partners/webhook/{name}.html"
        return TemplateResponse(request, template, {**common, "webhook": webhook, **context})
