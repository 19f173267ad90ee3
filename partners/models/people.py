"""Who answers for a partner: people with a login, and the partner's own systems."""

from datetime import timedelta

import pghistory.models
import pgtrigger
from django.conf import settings
from django.contrib.auth.models import AbstractUser, UserManager
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from firenze_digitale.access import ANONYMOUS, Access, access_of
from firenze_digitale.base_models import Coded, RegistryModel, one_of, well_formed_code
from firenze_digitale.change_log import logged
from firenze_digitale.history import recorded
from firenze_digitale.resource_names import RESOURCES
from firenze_digitale.rules import stays
from firenze_digitale.states import version_by_events
from partners.changes import REFERENTS
from partners.choices import CredentialAccess, CredentialState, NoticePace
from partners.models.partner import Partner
from partners.querysets import ENDING_SOON, ApiCredentialQuerySet, ReferentQuerySet, UserQuerySet, is_a_person
from partners.tokens import Token


class AccountManager(UserManager.from_queryset(UserQuerySet)):
    """Makes accounts as Django does, and says who sees them."""


@recorded(exclude=("password", "last_login"))
class User(AbstractUser):
    """An account of a person: a referent's, a member of the city staff's, an administrator's."""

    is_city_staff = models.BooleanField(
        _("city staff"), default=False, help_text=_("Steers the Plan: charts, objectives, meetings, partners.")
    )

    notice_pace = models.CharField(
        _("e-mails about project charts"), max_length=20, choices=NoticePace, default=NoticePace.AT_ONCE
    )
    language = models.CharField(
        _("language of e-mails"), max_length=5, choices=settings.LANGUAGES, default=settings.LANGUAGE_CODE
    )

    objects = AccountManager()

    class Meta(AbstractUser.Meta):
        abstract = False

    @cached_property
    def access(self) -> Access:
        """What the account may do. Read once a request."""
        if not self.is_active or self.pk is None:
            return ANONYMOUS
        return Access(
            signed_in=True,
            partner_ids=Partner.objects.all().ids_answered_for_by_login(self),
            city_staff=self.is_city_staff,
            administrator=self.is_superuser,
            writes=True,
        )

    @property
    def version(self) -> str:
        """Which state of the account this is, as `RegistryModel.version`."""
        return version_by_events(self)

    def natural_key(self):
        return (self.username,)


REFERENT_STAYS = _("A referent stays with its partner: switch this one off, and add another.")


@recorded()
@logged(REFERENTS)
class Referent(Coded, RegistryModel):
    """The person who answers for a partner's information and communication technology."""

    partner = models.ForeignKey(Partner, verbose_name=_("partner"), on_delete=models.PROTECT, related_name="referents")
    name = models.CharField(_("name"), max_length=200)
    role = models.CharField(_("role"), max_length=200, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    user = models.ForeignKey(
        User,
        verbose_name=_("login"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="referents",
        help_text=_("One login may answer for several partners."),
    )
    active = models.BooleanField(
        _("active"), default=True, help_text=_("Switch off instead of deleting: the history keeps the name.")
    )

    objects = ReferentQuerySet.as_manager()

    class Meta(RegistryModel.Meta):
        verbose_name = _("referent")
        verbose_name_plural = _("referents")
        ordering = ["name", "id"]
        constraints = [
            well_formed_code("referent"),
            models.UniqueConstraint(
                fields=["partner", "user"],
                name="referent_login_once_a_partner",
                violation_error_message=_("This login already answers for the partner."),
            ),
        ]
        triggers = [*RegistryModel.Meta.triggers, stays("referent_partner_stays", "partner_id", REFERENT_STAYS)]

    def __str__(self):
        return self.name

    def clean(self):
        super().clean()
        stored = type(self).objects.filter(pk=self.pk).values_list("partner_id", flat=True).first()
        if stored not in (None, self.partner_id):
            raise ValidationError({"partner": REFERENT_STAYS})

    @classmethod
    def fields_changeable_by(cls, who):
        """Which login answers for a partner is for administrators to say: rights follow from it."""
        access = access_of(who)
        if access.administrator and access.writes:
            return None
        kept_by_city_staff = {"code", "name", "role", "active"} if access.steers else set()
        return frozenset({"email", "phone", *kept_by_city_staff})

    def may_be_stored_by(self, who) -> bool:
        access = access_of(who)
        if access.steers:
            stored = type(self).objects.filter(pk=self.pk).values_list("user_id", flat=True).first()
            return access.administrator or self.user_id == stored
        return access.writes and self.pk is not None and self.may_be_changed_by(who)


UNKNOWN_RESOURCES = _("There are no such resources: %(names)s. Known: %(known)s.")


@recorded(exclude=("secret_hash", "last_used_at", "updated_at"))
class ApiCredential(RegistryModel):
    """A key of a partner's system. The secret is shown once; only its hash is kept."""

    NATURAL_KEY = ("prefix",)

    partner = models.ForeignKey(
        Partner, verbose_name=_("partner"), on_delete=models.PROTECT, related_name="credentials"
    )
    name = models.CharField(_("name"), max_length=200, help_text=_("Which system uses it, and for what."))
    access = models.CharField(_("access"), max_length=10, choices=CredentialAccess, default=CredentialAccess.READ)
    resources = ArrayField(
        models.CharField(max_length=20),
        verbose_name=_("resources"),
        blank=True,
        default=list,
        help_text=_("Which resources of the API it reaches; none: all that the partner may see."),
    )
    prefix = models.CharField(_("prefix"), max_length=12, unique=True, editable=False)
    secret_hash = models.CharField(_("hash of the secret"), max_length=64, editable=False)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used at"), null=True, blank=True, editable=False)
    created_by = models.ForeignKey(
        User,
        verbose_name=_("created by"),
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="issued_credentials",
    )

    objects = ApiCredentialQuerySet.as_manager()

    class Meta(RegistryModel.Meta):
        verbose_name = _("API credential")
        verbose_name_plural = _("API credentials")
        ordering = ["partner", "name", "id"]
        constraints = [one_of("apicredential", "access", CredentialAccess)]

    def __str__(self):
        return f"{self.name} ({self.prefix}…)"

    @property
    def version(self) -> str:
        """By its events: being used touches the row, and is no change that anybody would miss."""
        return version_by_events(self)

    @classmethod
    def issue(
        cls, *, partner, name, access, resources=(), expires_at=None, created_by=None
    ) -> tuple["ApiCredential", str]:
        """Make a credential.

        Returns:
            The stored credential and its token, which cannot be had again.

        Raises:
            ValidationError: a field is missing or wrong.
        """
        token = Token.new()
        credential = cls(
            partner=partner,
            name=name,
            access=access,
            resources=list(resources),
            prefix=token.prefix,
            secret_hash=token.hash,
            expires_at=expires_at,
            created_by=created_by,
        )
        credential.full_clean()
        credential.save()
        return credential, str(token)

    def clean(self):
        super().clean()
        if unknown := sorted(set(self.resources or ()) - RESOURCES.keys()):
            told = {"names": ", ".join(unknown), "known": ", ".join(RESOURCES)}
            raise ValidationError({"resources": UNKNOWN_RESOURCES % told})
        if self._state.adding and self.expires_at and self.expires_at <= timezone.now():
            raise ValidationError({"expires_at": _("This moment is past: the credential would never work.")})

    @property
    def is_usable(self) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > timezone.now())

    @property
    def state(self) -> CredentialState:
        """What may be said of it today."""
        if self.revoked_at:
            return CredentialState.REVOKED
        left = self.expires_at - timezone.now() if self.expires_at else ENDING_SOON
        if left <= timedelta(0):
            return CredentialState.EXPIRED
        return CredentialState.ENDING if left < ENDING_SOON else CredentialState.IN_FORCE

    @classmethod
    def fields_changeable_by(cls, who):
        """What a key opens is settled when it is made; another one is made for something else."""
        return frozenset({"name", "expires_at"})

    @classmethod
    def may_be_added_by(cls, who) -> bool:
        access = access_of(who)
        return is_a_person(who) and access.writes and (access.administrator or bool(access.partner_ids))

    def may_be_stored_by(self, who) -> bool:
        """Whether `who` answers for the partner: its own, and the one that it was made for."""
        if not self.may_be_added_by(who):
            return False
        stored = type(self).objects.filter(pk=self.pk).values_list("partner_id", flat=True).first()
        partners = {self.partner_id} if stored is None else {self.partner_id, stored}
        access = access_of(who)
        return access.administrator or partners <= access.partner_ids


class RecordedContext(pghistory.models.Context):
    """Who was at work, and at which door: as little rewritten afterwards as the events themselves."""

    class Meta:
        proxy = True
        triggers = [
            pgtrigger.Protect(name="context_stays", operation=pgtrigger.Delete),
            # The triggers of history write it anew with each change of the same request.
            pgtrigger.Protect(
                name="context_is_written_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.id::text IS DISTINCT FROM current_setting('pghistory.context_id', true)"
                ),
            ),
        ]


class PartnerSystem:
    """What `request.user` is when a credential calls: a referent of its partner that is nobody in person."""

    is_authenticated = True
    is_active = True
    is_anonymous = False
    pk = None

    def __init__(self, credential: ApiCredential, partner_ids: frozenset[int]):
        """Take the partners that it answers for, predecessors included, as they were read with the credential."""
        self.credential = credential
        self.access = Access(
            signed_in=True,
            partner_ids=partner_ids,
            writes=credential.access == CredentialAccess.WRITE,
            resources=frozenset(credential.resources),
        )

    def __str__(self):
        return str(self.credential)
