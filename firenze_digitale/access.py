"""Who is asking: what every door knows of a person or a partner's system before it shows or stores anything.

`request.user` is a `User`, an `AnonymousUser` or a `PartnerSystem` (a credential at work). Querysets and models
never ask which: they call `access_of(who)` and read the answer.
"""

from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Access:
    """What one caller may do in the whole registry.

    `partner_ids` are the partners that the caller answers for, predecessors included: who carries on
    a partner carries on its assets.
    """

    signed_in: bool = False
    partner_ids: frozenset[int] = field(default_factory=frozenset)
    city_staff: bool = False
    administrator: bool = False
    writes: bool = False
    #: Resources of the API that the caller is limited to; empty: none is out of reach.
    resources: frozenset[str] = field(default_factory=frozenset)

    def reaches(self, resource: str) -> bool:
        """Whether the caller may come to a resource of the API at all."""
        return not self.resources or resource in self.resources

    @property
    def sees_everything(self) -> bool:
        return self.city_staff or self.administrator

    @property
    def steers(self) -> bool:
        """Whether the caller may change what belongs to the Plan and not to one partner."""
        return self.writes and self.sees_everything

    @property
    def has_a_desk(self) -> bool:
        """Whether the admin has something to do for the caller."""
        return self.sees_everything or bool(self.partner_ids)

    def acting_for(self, partner_ids: frozenset[int]) -> "Access":
        """The same caller on the rights of a referent of these partners, and no further."""
        kept = partner_ids if self.administrator else self.partner_ids & partner_ids
        return replace(self, partner_ids=kept, city_staff=False, administrator=False)


ANONYMOUS = Access()
# Commands run by an operator and loading of fixtures.
OPERATOR = Access(signed_in=True, city_staff=True, administrator=True, writes=True)


def access_of(who: object) -> Access:
    """Return the access of `who`; whoever carries none is anonymous."""
    if isinstance(who, Access):
        return who
    return getattr(who, "access", ANONYMOUS)
