"""Who sees and who changes imports and offers of assets, and the joins of their lists."""

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from assets.choices import HandoverState, RowState
from firenze_digitale.access import access_of
from firenze_digitale.base_models import RegistryQuerySet


class OnBehalfQuerySet(RegistryQuerySet):
    """What is done for a partner is its referents' business; city staff see it."""

    def visible_to(self, who):
        access = access_of(who)
        return self.all() if access.sees_everything else self.filter(partner_id__in=access.partner_ids)

    def changeable_by(self, who):
        access = access_of(who)
        if not access.writes:
            return self.none()
        return self.all() if access.administrator else self.filter(partner_id__in=access.partner_ids)


class ImportQuerySet(OnBehalfQuerySet):
    def deletable_by(self, who):
        """None: a receipt is kept."""
        return self.none()

    def for_list(self):
        return self.select_related("partner", "made_by", "undone_by").defer("mapping", "questions")

    def for_detail(self):
        return self.select_related("partner", "made_by", "undone_by")


class ImportRowQuerySet(QuerySet):
    def of_section(self, section: str):
        """Rows of one part of a preview: of a state, or “warnings”: those that can be stored, and look odd."""
        if section == "warnings":
            return self.exclude(state=RowState.WRONG).exclude(problems=[])
        return self.filter(state=section)


class ImportMappingQuerySet(OnBehalfQuerySet):
    def for_list(self):
        return self.select_related("partner")


class HandoverQuerySet(RegistryQuerySet):
    """An offer of assets is the business of both sides; city staff see it."""

    def visible_to(self, who):
        access = access_of(who)
        return self.all() if access.sees_everything else self._with_side_in(access.partner_ids)

    def changeable_by(self, who):
        access = access_of(who)
        if not access.writes:
            return self.none()
        return self.all() if access.administrator else self._with_side_in(access.partner_ids)

    def deletable_by(self, who):
        """None: what was offered and answered is kept."""
        return self.none()

    def open(self):
        return self.filter(state=HandoverState.OFFERED)

    def awaiting(self, who):
        """Open offers that `who` may accept or decline."""
        access = access_of(who)
        return self.changeable_by(who).open().filter(self._side("receiver", access))

    def withdrawable_by(self, who):
        """Open offers that `who` may take back."""
        access = access_of(who)
        return self.changeable_by(who).open().filter(self._side("giver", access))

    def received_by(self, who):
        return self.filter(receiver_id__in=access_of(who).partner_ids)

    def made_by(self, who):
        return self.filter(giver_id__in=access_of(who).partner_ids)

    def for_list(self):
        items = self.model._meta.get_field("items").related_model.objects.filter(handover=OuterRef("pk"))
        counted = items.order_by().values("handover").annotate(count=Count("pk"))
        rows = self.select_related("giver", "receiver", "offered_by", "answered_by")
        return rows.annotate(item_count=Coalesce(Subquery(counted.values("count")), 0))

    def _with_side_in(self, partner_ids):
        return self.filter(Q(giver_id__in=partner_ids) | Q(receiver_id__in=partner_ids))

    @staticmethod
    def _side(name: str, access) -> Q:
        return Q() if access.administrator else Q(**{f"{name}_id__in": access.partner_ids})


class HandoverItemQuerySet(QuerySet):
    def open_between(self, giver_id: int, receiver_id: int):
        """What the one partner offers to the other, and the other has not answered yet."""
        handover = {"giver_id": giver_id, "receiver_id": receiver_id, "state": HandoverState.OFFERED}
        return self.filter(**{f"handover__{name}": value for name, value in handover.items()})
