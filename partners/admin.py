"""What an editor sees of partners, their people and what they signed."""

from axes.models import AccessAttempt
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.utils.translation import gettext_lazy as _

from firenze_digitale.desk.base import PartInline, RegistryAdmin
from firenze_digitale.desk.changelist import OfferedOnly
from firenze_digitale.desk.forms import ReadableForm
from firenze_digitale.desk.rights import verb_may_hold_rows
from partners.credential_admin import ApiCredentialAdmin
from partners.models import ApiCredential, Memorandum, Monograph, Partner, Referent, Signature, Study, User, Webhook
from partners.webhook_admin import WebhookAdmin


@admin.register(Partner)
class PartnerAdmin(RegistryAdmin):
    list_key = ("name_it", "id")
    list_display = ("name", "code", "kind", "sector", "joined_on", "left_on", "successor")
    list_filter = ("kind", "sector")
    search_fields = ("code", "name_it", "name_en", "legal_name")
    fieldsets = [
        (None, {"fields": ["name_it", "name_en", "code", "legal_name", "kind", "sector"]}),
        (_("Contacts"), {"fields": ["website", "email", "certified_email"]}),
        (_("Identifiers"), {"fields": ["ipa_code", "vat_number"]}),
        (_("In the network"), {"fields": ["joined_on", "left_on", "successor", "source"]}),
    ]

    @admin.display(description=_("name"))
    def name(self, partner):
        return partner.name


@admin.register(Referent)
class ReferentAdmin(RegistryAdmin):
    list_key = ("name", "id")
    list_display = ("name", "partner", "role", "email", "phone", "active")
    list_filter = ("partner", "active")
    search_fields = ("name", "code", "partner__name_it", "partner__name_en", "partner__code")
    fieldsets = [
        (None, {"fields": ["name", "code", "partner", "role"]}),
        (_("Contacts"), {"fields": ["email", "phone"]}),
        (_("Account"), {"fields": ["user", "active"]}),
    ]


class SignatureInline(PartInline):
    model = Signature
    fields = ["partner", "role", "signed_on", "source"]


@admin.register(Memorandum)
class MemorandumAdmin(RegistryAdmin):
    list_key = ("starts_on", "id")
    list_display = ("title", "code", "signed_on", "starts_on", "ends_on", "extended_to", "signatures_told")
    search_fields = ("code", "title_it", "title_en")
    inlines = [SignatureInline]
    fieldsets = [
        (None, {"fields": ["title_it", "title_en", "code", "url", "source"]}),
        (_("Validity"), {"fields": ["signed_on", "starts_on", "ends_on", "extended_to", "renews"]}),
        (_("Description"), {"fields": ["description_it", "description_en"]}),
    ]

    @admin.display(description=_("title"))
    def title(self, memorandum):
        return memorandum.title

    @admin.display(description=_("signatories"))
    def signatures_told(self, memorandum):
        return memorandum.signature_count


@admin.register(Study)
class StudyAdmin(RegistryAdmin):
    list_key = ("year", "id")
    list_display = ("title", "code", "year", "promoter")
    search_fields = ("code", "title_it", "title_en")
    fieldsets = [
        (None, {"fields": ["title_it", "title_en", "code", "year", "promoter", "source"]}),
        (_("Description"), {"fields": ["description_it", "description_en"]}),
        (_("Video"), {"fields": ["video_title", "video_url"]}),
    ]

    @admin.display(description=_("title"))
    def title(self, study):
        return study.title


@admin.register(Monograph)
class MonographAdmin(RegistryAdmin):
    list_key = ("title_it", "id")
    list_display = ("title", "partner", "study", "year")
    list_filter = ("partner", "study")
    search_fields = ("code", "title_it", "title_en", "partner__name_it")
    choices = {"partner": Partner.objects.all().whose_part_is_kept_by}
    fieldsets = [
        (None, {"fields": ["title_it", "title_en", "code", "study", "partner", "year", "url", "source"]}),
        (_("Summary"), {"fields": ["summary_it", "summary_en"]}),
    ]

    @admin.display(description=_("title"))
    def title(self, monograph):
        return monograph.title

    def get_readonly_fields(self, request, obj=None):
        """A monograph stays with its partner, unless who steers the Plan corrects it."""
        fixed = super().get_readonly_fields(request, obj)
        return [*fixed, "partner"] if obj and not request.user.access.steers else fixed


admin.site.register(ApiCredential, ApiCredentialAdmin)
admin.site.register(Webhook, WebhookAdmin)


class AccountForm(ReadableForm, UserChangeForm):
    """An account as an administrator changes it."""


class NewAccountForm(ReadableForm, AdminUserCreationForm):
    """A new account, with its password or without."""


@admin.register(User)
class UserAdmin(RegistryAdmin, BaseUserAdmin):
    list_key = ("username",)
    list_display = ("username", "email", "is_city_staff", "is_superuser", "is_active", "last_login")
    list_filter = ("is_city_staff", "is_superuser", "is_active")
    search_fields = ("username", "first_name", "last_name", "email")
    filter_horizontal = ()
    form = AccountForm
    add_form = NewAccountForm
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        (_("Person"), {"fields": ["first_name", "last_name", "email"]}),
        (_("What the account may do"), {"fields": ["is_active", "is_city_staff", "is_superuser"]}),
        (_("Dates"), {"fields": ["last_login", "date_joined"]}),
    ]
    readonly_fields = ["last_login", "date_joined"]

    def has_add_permission(self, request):
        return verb_may_hold_rows(User, "changeable_by", request.user)

    def may_store(self, request, row):
        return self.has_add_permission(request)

    def fields_changeable_by(self, request):
        return None

    def lookup_allowed(self, lookup, value, request=None):
        return RegistryAdmin.lookup_allowed(self, lookup, value, request)


@admin.register(AccessAttempt)
class LockedAccountAdmin(OfferedOnly, admin.ModelAdmin):
    """Accounts that somebody tried to get into; deleting the line unlocks the account for that address."""

    on_the_desk = True
    list_display = ("username", "ip_address", "attempt_time", "failures_since_start")
    search_fields = ("username", "ip_address")
    list_per_page = 1_000
    fields = readonly_fields = ("username", "ip_address", "user_agent", "attempt_time", "failures_since_start")
    show_facets = admin.ShowFacets.NEVER

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def log_deletions(self, request, queryset):
        """Nothing: the registry's history is not kept here."""
