"""Who sees and who changes partners and their people, and the joins of their lists."""

from datetime import timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Count, Exists, OuterRef, Prefetch, Q
from django.utils import timezone

from firenze_digitale.access import access_of
from firenze_digitale.base_models import PlanFactQuerySet, RegistryQuerySet
from partners.choices import CredentialState

#: A credential that ends sooner than this is marked, so that another one is made in time.
ENDING_SOON = timedelta(days=30)

ANSWERED_FOR = """
    WITH RECURSIVE answered(id) AS (
        {start}
        UNION
        SELECT partner.id FROM partners_partner partner JOIN answered ON partner.successor_id = answered.id
    )
    SELECT id FROM answered
"""


RENEWALS = """
    WITH RECURSIVE line(id, renews_id) AS (
        SELECT id, renews_id FROM partners_memorandum WHERE id = %s
        UNION SELECT other.id, other.renews_id FROM partners_memorandum other JOIN line
            ON other.id = line.renews_id OR other.renews_id = line.id
    )
    SELECT id FROM line
"""


class PartnerQuerySet(PlanFactQuerySet):
    def for_list(self):
        return self.select_related("successor")

    def for_detail(self):
        return self.for_list().prefetch_related("predecessors")

    def with_counts(self, who):
        """Add `assets_count` and `participations_count`, of what `who` may see."""
        return self.with_count_of("assets", who).with_count_of("participations", who)

    def answered_for_by(self, who):
        """Partners that `who` answers for, predecessors included."""
        return self.filter(pk__in=access_of(who).partner_ids)

    def whose_assets_are_kept_by(self, who):
        """Partners to whom `who` may give a new asset."""
        return self.all() if access_of(who).administrator else self.answered_for_by(who)

    def whose_systems_are_kept_by(self, who):
        """Partners whose systems `who` may let in."""
        return self.all() if access_of(who).administrator else self.answered_for_by(who)

    def whose_part_is_kept_by(self, who):
        """Partners in whose name `who` may write monographs and lead charts."""
        return self.all() if access_of(who).steers else self.answered_for_by(who)

    def city(self):
        return self.filter(kind="city")

    def ids_answered_for_by_login(self, user) -> frozenset[int]:
        """Ids of the partners that a login answers for, and of those whom they succeeded."""
        return self._answered("SELECT partner_id FROM partners_referent WHERE user_id = %s AND active", user.pk)

    def ids_answered_for_by_partner(self, partner_id: int) -> frozenset[int]:
        """Ids of a partner and of those whom it succeeded."""
        return self._answered("SELECT %s::bigint", partner_id)

    @staticmethod
    def _answered(start: str, parameter: int) -> frozenset[int]:
        with connection.cursor() as cursor:
            cursor.execute(ANSWERED_FOR.format(start=start), [parameter])
            return frozenset(row[0] for row in cursor.fetchall())


class ReferentQuerySet(RegistryQuerySet):
    """Referents are people: who has signed in sees them; they keep their own contact data."""

    def visible_to(self, who):
        return self.all() if access_of(who).signed_in else self.none()

    def changeable_by(self, who):
        access = access_of(who)
        if access.steers:
            return self.all()
        if not access.writes:
            return self.none()
        if login_id := getattr(who, "pk", None):
            return self.filter(user_id=login_id)
        return self.filter(partner_id__in=access.partner_ids)

    def deletable_by(self, who):
        return self.all() if access_of(who).steers else self.none()

    def for_list(self):
        return self.select_related("partner")

    def active(self):
        return self.filter(active=True)


class SystemQuerySet(RegistryQuerySet):
    """What belongs to a partner's systems is its referents' business, and the administrators'."""

    def visible_to(self, who):
        access = access_of(who)
        return self.all() if access.administrator else self.filter(partner_id__in=access.partner_ids)

    def changeable_by(self, who):
        return self.visible_to(who) if access_of(who).writes else self.none()

    def for_list(self):
        return self.select_related("partner", "created_by")


class WebhookQuerySet(SystemQuerySet):
    """Addresses that are told of changes."""

    def changeable_by(self, who):
        """A credential that reaches some resources only changes, and deletes, no webhook that tells of more."""
        rows, resources = super().changeable_by(who), access_of(who).resources
        return rows.filter(kinds__contained_by=sorted(resources), kinds__len__gt=0) if resources else rows

    def by_key(self, key):
        try:
            return super().by_key(key)
        except ValidationError as error:
            raise self.model.DoesNotExist from error

    def for_list(self):
        """With `waits`: whether a message waits to be delivered."""
        deliveries = self.model._meta.get_field("deliveries").related_model.objects
        return super().for_list().annotate(waits=Exists(deliveries.waiting().filter(webhook=OuterRef("pk"))))

    def for_api(self, who):
        return self.select_related("partner")

    def behind(self, place):
        """Those at work that have not been told all up to a place in the order of changes, and wait for nothing."""
        deliveries = self.model._meta.get_field("deliveries").related_model.objects
        told = Q(position__gt=place.position) | Q(position=place.position, change_id__gte=place.change_id)
        waiting = deliveries.waiting().exclude(changes=0).filter(webhook=OuterRef("pk"))
        return self.filter(~told, ~Exists(waiting), active=True)


class WebhookDeliveryQuerySet(RegistryQuerySet):
    """What was sent is seen with the webhook, and sent again by who may change that."""

    def visible_to(self, who):
        webhooks = self.model._meta.get_field("webhook").related_model.objects.visible_to(who)
        return self.filter(webhook__in=webhooks)

    def changeable_by(self, who):
        webhooks = self.model._meta.get_field("webhook").related_model.objects.changeable_by(who)
        return self.filter(webhook__in=webhooks)

    def deletable_by(self, who):
        return self.none()

    def for_list(self):
        """Without the bodies, which nobody lists."""
        return self.select_related("webhook").defer("body")

    def waiting(self):
        return self.filter(state="waiting")

    def by_message(self, message: str):
        """The message of that name, or None."""
        try:
            return self.filter(message_id=UUID(message)).first()
        except ValueError:
            return None

    def due(self, now):
        """Messages whose turn it is: of each webhook at work the first that waits, and whatever is a mere test."""
        before = (
            self.model.objects.waiting().exclude(changes=0).filter(webhook=OuterRef("webhook"), pk__lt=OuterRef("pk"))
        )
        in_turn = Q(Q(webhook__active=True), ~Exists(before))
        return self.waiting().filter(Q(changes=0) | in_turn, due_at__lte=now).order_by("due_at", "id")

    def older_than(self, moment):
        """Messages of which nothing more is expected, and that nobody looks at any more."""
        return self.exclude(state="waiting").filter(created_at__lt=moment)


class ApiCredentialQuerySet(SystemQuerySet):
    """Keys of partners' systems; a person makes and revokes them, never a key."""

    def visible_to(self, who):
        """A key does not see keys: one that leaks must not tell of others."""
        return super().visible_to(who) if is_a_person(who) else self.none()

    def changeable_by(self, who):
        """What was revoked stays as it is."""
        return super().changeable_by(who).filter(revoked_at=None)

    def deletable_by(self, who):
        """One that was used stays listed: history names it."""
        access = access_of(who)
        return self.filter(last_used_at=None) if access.administrator and access.writes else self.none()

    def usable(self):
        """Credentials neither revoked nor expired."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()), revoked_at=None)

    def in_state(self, state):
        """Credentials of which `state`, a `CredentialState`, may be said now."""
        now = timezone.now()
        if state == CredentialState.REVOKED:
            return self.exclude(revoked_at=None)
        if state == CredentialState.EXPIRED:
            return self.filter(revoked_at=None, expires_at__lte=now)
        ending = Q(expires_at__lt=now + ENDING_SOON)
        return self.usable().filter(ending if state == CredentialState.ENDING else ~ending)

    def revoke(self) -> int:
        """End those that were not revoked before, from this moment on; return how many."""
        return self.filter(revoked_at=None).update(revoked_at=timezone.now())


def is_a_person(who) -> bool:
    """Whether `who` is an account, or an operator; a partner's system is nobody in person."""
    return bool(getattr(who, "pk", None)) or access_of(who).administrator


class UserQuerySet(RegistryQuerySet):
    """Accounts are the administrators' business."""

    def visible_to(self, who):
        return self.all() if access_of(who).administrator else self.none()

    def changeable_by(self, who):
        return self.visible_to(who)


class MemorandumQuerySet(PlanFactQuerySet):
    def for_list(self):
        return self.select_related("renews").annotate(signature_count=Count("signatures__partner", distinct=True))

    def for_api(self, who):
        # In an order that stays when a partner gets another name.
        signatures = self.model._meta.get_field("signatures").related_model.objects
        ordered = signatures.select_related("partner").order_by("partner__code", "id")
        return self.select_related("renews").prefetch_related(Prefetch("signatures", queryset=ordered))

    def in_line_with(self, memorandum):
        """The memorandum, those that it renews and those that renew it, the earliest first."""
        with connection.cursor() as cursor:
            cursor.execute(RENEWALS, [memorandum.pk])
            return self.filter(pk__in=[row[0] for row in cursor.fetchall()]).order_by("starts_on", "id")

    def signed_by(self, partner):
        """Memoranda that a partner signed, in whatever role."""
        signatures = self.model._meta.get_field("signatures").related_model.objects
        return self.filter(Exists(signatures.filter(memorandum=OuterRef("pk"), partner=partner)))


class SignatureQuerySet(PlanFactQuerySet):
    def for_list(self):
        return self.select_related("memorandum", "partner")


class StudyQuerySet(PlanFactQuerySet):
    def for_list(self):
        return self.select_related("promoter")


class MonographQuerySet(PlanFactQuerySet):
    """A partner's referents keep its monographs; city staff keep them all."""

    def changeable_by(self, who):
        access = access_of(who)
        if access.steers:
            return self.all()
        return self.filter(partner_id__in=access.partner_ids) if access.writes else self.none()

    def for_list(self):
        return self.select_related("study", "partner")
