"""Who sees and who changes partners and their people, and the joins of their lists."""

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone

from firenze_digitale.access import access_of
from firenze_digitale.base_models import PlanFactQuerySet, RegistryQuerySet

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


class WebhookDeliveryQuerySet(RegistryQuerySet):
    """What was sent is seen with the webhook."""

    def visible_to(self, who):
        webhooks = self.model._meta.get_field("webhook").related_model.objects.visible_to(who)
        return self.filter(webhook__in=webhooks)


class ApiCredentialQuerySet(SystemQuerySet):
    """Keys of partners' systems; a person makes and revokes them, never a key."""

    def visible_to(self, who):
        """A key does not see keys: one that leaks must not tell of others."""
        return super().visible_to(who) if getattr(who, "pk", None) or access_of(who).administrator else self.none()

    def usable(self):
        """Credentials neither revoked nor expired."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()), revoked_at=None)


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
        return self.select_related("renews").prefetch_related("signatures__partner")

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
