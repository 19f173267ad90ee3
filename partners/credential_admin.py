"""Credentials of partners' systems on the desk: made and revoked by who answers for the partner, shown once."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from firenze_digitale.desk.base import RegistryAdmin
from firenze_digitale.desk.changelist import ChoosableRelatedFilter
from firenze_digitale.desk.forms import ReadableForm, ticked
from firenze_digitale.desk.once import MadeOnce
from firenze_digitale.differences import in_words
from firenze_digitale.resource_names import RESOURCES
from partners.choices import CredentialState
from partners.models import ApiCredential, Partner, requests_by_day
from partners.tokens import MARK

DAYS_TOLD = 14
ALL = _("all that the partner may see")
MADE_ALREADY = _(
    "The credential was made already, and its token is not shown again. If you have not copied it, revoke the "
    "credential and add another one."
)


def on_phones(name, value):
    """A value with its name before it, which shows where the list is cards and has no head."""
    return format_html('<span class="card-label">{}:</span> {}', capfirst(name), value)


class StateFilter(admin.SimpleListFilter):
    """Credentials in force, and those that are not."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return CredentialState.choices

    def queryset(self, request, queryset):
        return queryset.in_state(self.value()) if self.value() in CredentialState.values else queryset


class CredentialForm(ReadableForm):
    """A credential: resources are ticked, not written."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "resources" in self.fields:
            choices = [(name, f"{capfirst(str(label))} ({name})") for name, label in RESOURCES.items()]
            self.fields["resources"] = ticked(self.fields["resources"], choices)
        if "expires_at" in self.fields:
            end = self.fields["expires_at"]
            end.help_text = _("Leave it empty where the credential works until it is revoked.")
            end.error_messages["invalid_time"] = _("Give the time too, for example 23:59.")
            end.error_messages["invalid_date"] = _("Give the date too.")
            for part, label in zip(end.widget.widgets, (_("Date of the end"), _("Time of the end")), strict=True):
                part.attrs["aria-label"] = label


class ApiCredentialAdmin(MadeOnce, RegistryAdmin):
    made_already = MADE_ALREADY
    list_key = ("name", "id")
    list_display = ("name", "partner", "access", "state_told", "ends", "used", "token_told", "made_by")
    list_filter = (("partner", ChoosableRelatedFilter), "access", StateFilter)
    search_fields = ("name", "prefix", "partner__name_it")
    form = CredentialForm
    choices = {"partner": Partner.objects.all().whose_systems_are_kept_by}
    preset_fields = ("partner",)
    actions = ["revoke"]
    change_form_template = "admin/partners/apicredential/change_form.html"

    class Media:
        css = {"all": ["admin_theme/cards.css", "admin_theme/credentials.css"]}

    @admin.display(description=_("state"))
    def state_told(self, credential):
        state = credential.state
        marked = "desk-pill-stale" if state == CredentialState.ENDING else ""
        return format_html('<span class="desk-pill {} credential-{}">{}</span>', marked, state.value, state.label)

    @admin.display(description=_("expires at"))
    def ends(self, credential):
        return on_phones(_("expires at"), in_words(credential.expires_at))

    @admin.display(description=_("last used at"))
    def used(self, credential):
        return on_phones(_("last used at"), in_words(credential.last_used_at))

    @admin.display(description=_("token"))
    def token_told(self, credential):
        return format_html('<code class="credential-start">{}_{}_…</code>', MARK, credential.prefix)

    @admin.display(description=_("resources"))
    def resources_told(self, credential):
        return ", ".join(capfirst(str(RESOURCES.get(name, name))) for name in credential.resources) or ALL

    @admin.display(description=_("created by"))
    def made_by(self, credential):
        account = credential.created_by
        if account is None:
            return on_phones(_("created by"), _("an operator"))
        name = account.get_full_name() or account.get_username()
        told = name if account.is_active else _("%(name)s (account switched off)") % {"name": name}
        return on_phones(_("created by"), told)

    def get_fieldsets(self, request, obj=None):
        if obj is None:
            return [(None, {"fields": ["partner", "name", "access", "resources", "expires_at"]})]
        opens = ["partner", "access", "resources_told", "token_told"]
        past = ["last_used_at", "revoked_at"] if obj.revoked_at else ["last_used_at"]
        return [
            (None, {"fields": ["name", "expires_at", "state_told"]}),
            (_("What it opens"), {"fields": opens}),
            (_("Dates"), {"fields": [*past, "created_at", "made_by"]}),
        ]

    def get_readonly_fields(self, request, obj=None):
        told = ["state_told", "resources_told", "token_told", "last_used_at", "revoked_at", "created_at", "made_by"]
        return [] if obj is None else [*super().get_readonly_fields(request, obj), *told]

    def save_model(self, request, obj, form, change):
        """Issue a new credential; its token lives only in the answer to this request."""
        if change:
            super().save_model(request, obj, form, change)
            return
        if not self.may_store(request, obj):
            raise PermissionDenied
        asked = {name: form.cleaned_data[name] for name in ("partner", "name", "access", "resources", "expires_at")}
        issued, request.issued_token = ApiCredential.issue(created_by=request.user, **asked)
        obj.__dict__.update(issued.__dict__)

    def response_add(self, request, obj, post_url_continue=None):
        self.mark_used(request)
        return self._page(request, "token", _("New API credential"), obj, token=request.issued_token)

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        if obj is None:
            # The page that follows is the only one that shows the token.
            context |= {"show_save_and_add_another": False, "show_save_and_continue": False}
        else:
            days = requests_by_day(obj, DAYS_TOLD)
            context |= {"days": days, "requests": sum(requests for _day, requests in days)}
            if self.has_change_permission(request, obj):
                context["revoke_url"] = self.url_of("revoke", obj.pk)
            if self.has_add_permission(request):
                context["another_url"] = f"{self.url_of('add')}?partner={obj.partner_id}"
        return super().render_change_form(request, context, add, change, form_url, obj)

    # Revoking

    def get_urls(self):
        view = self.admin_site.admin_view(self.revoke_view)
        return [path("<int:object_id>/revoke/", view, name="partners_apicredential_revoke"), *super().get_urls()]

    def revoke_view(self, request, object_id):
        """Ask before a credential is ended for good; then end it."""
        credential = self.get_object(request, str(object_id))
        if not self.has_change_permission(request, credential):
            raise PermissionDenied
        if request.method != "POST":
            return self._page(request, "revoke", _("Revoke the credential"), credential)
        self.revoke(request, ApiCredential.objects.filter(pk=credential.pk))
        return HttpResponseRedirect(reverse("admin:partners_apicredential_change", args=[credential.pk]))

    @admin.action(description=_("Revoke selected credentials"), permissions=["change"])
    def revoke(self, request, queryset):
        keys = [credential.pk for credential in queryset]
        count = ApiCredential.objects.changeable_by(request.user).filter(pk__in=keys).revoke()
        told = ngettext("%(count)s credential no longer works.", "%(count)s credentials no longer work.", count)
        messages.success(request, told % {"count": count})

    def _page(self, request, name: str, title, credential, **context):
        """A page of the desk about one credential."""
        about = {"title": title, "subtitle": str(credential), "opts": self.opts, "credential": credential}
        shown = {**self.admin_site.each_context(request), **about, **context}
        shown |= {"resources": self.resources_told(credential)}
        return TemplateResponse(request, f"admin/partners/apicredential/{name}.html", shown)
