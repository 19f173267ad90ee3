"""What a partner shares, counted as far as a reader may see it: by category, in use or idle, by exchange status."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from firenze_digitale.plots import Plot, Share, plot_of


@dataclass(frozen=True)
class CategoryShare:
    """How many assets of one category a partner shares, how many are in use, and how many nobody has confirmed."""

    category: object
    total: int
    used: int
    stale: int

    @property
    def idle(self) -> int:
        return self.total - self.used


class Shares:
    """The assets of a partner that `who` may see, counted in one pass, and by exchange status in another."""

    def __init__(self, partner, who):
        self.partner, self.who = partner, who
        self.assets = partner.assets.visible_to(who)

    @cached_property
    def by_category(self) -> list[CategoryShare]:
        """Most first."""
        counts = defaultdict(Counter)
        for row in self.assets.shared(self.who, timezone.localdate()):
            stale = row["total"] if row["freshness"] == "stale" else 0
            counts[row["category_id"]].update(total=row["total"], used=row["used"], stale=stale)
        categories = self.assets.model._meta.get_field("category").related_model.objects.in_bulk(counts)
        rows = [CategoryShare(categories[pk], **count) for pk, count in counts.items()]
        return sorted(rows, key=lambda row: (-row.total, row.category.name))

    @property
    def total(self) -> int:
        return sum(row.total for row in self.by_category)

    @property
    def figures(self) -> list[tuple[int, str, str]]:
        """Number, label and list of what there is to say of them all."""
        used, stale = (sum(getattr(row, name) for row in self.by_category) for name in ("used", "stale"))
        return [
            (self.total, _("assets shared"), self.listed()),
            (used, _("in use"), self.listed(used="yes")),
            (self.total - used, _("idle"), self.listed(used="no")),
            (stale, _("not confirmed for too long"), self.listed(freshness="stale")),
        ]

    @property
    def plot(self) -> Plot:
        counts = self.assets.figures(timezone.localdate())
        choices = self.assets.model._meta.get_field("exchange_status").choices
        shares = [Share(str(label), counts[value], self.listed(exchange_status=value)) for value, label in choices]
        return plot_of(_("By exchange status"), shares, "exchange")

    def listed(self, **filters: str) -> str:
        """Address of the catalogue with these assets of the partner."""
        return f"{reverse('asset-list')}?{urlencode({'owner': self.partner.code, **filters})}"
