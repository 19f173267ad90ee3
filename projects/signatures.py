"""Who said something or took a step, as rows keep it when the account is gone."""

from partners.models import PartnerSystem, User

LONGEST = 150


def signature_of(who) -> dict:
    """Values of `author` and `author_name` for `who`; none for whoever is neither an account nor a partner's system."""
    if isinstance(who, User):
        return {"author": who, "author_name": name_of(who)[:LONGEST]}
    if isinstance(who, PartnerSystem):
        return {"author_name": f"{who.credential.partner}, {who.credential.name}"[:LONGEST]}
    return {}


def name_of(user: User) -> str:
    """The person's name; else that of the one referent whose login it is; else the name of the account."""
    referents = [] if user.get_full_name() else user.referents.active().values_list("name", flat=True)[:2]
    return user.get_full_name() or (referents[0] if len(referents) == 1 else user.get_username())
