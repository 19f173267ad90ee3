"""What the log of changes tells of categories, assets and their parts."""

from firenze_digitale.change_log import BY_VISIBILITY, Audience, LoggedKind, SightChange

CATEGORIES = LoggedKind("categories", "assets_category")
ASSETS = LoggedKind("assets", "assets_asset", audience=Audience(BY_VISIBILITY, "ARRAY[{row}.owner_id]"))
OF_ASSET = Audience(BY_VISIBILITY.replace("{row}", "{row}_up"), "ARRAY[{row}_up.owner_id]")
SEEN_BY = ("visibility", "owner_id")


def _part(name: str, table: str) -> LoggedKind:
    key, up = "{row}_up.code || ':' || {row}.code", ("assets_asset", "asset_id")
    return LoggedKind(name, table, key=key, audience=OF_ASSET, up=up, names_others=False)


PLACEMENTS = _part("placements", "assets_placement")
DISTRIBUTIONS = _part("distributions", "assets_distribution")


def parts_shown() -> list[SightChange]:
    """Triggers: an asset that is hidden, shown or handed over takes its parts along."""
    return [
        SightChange(
            name=f"log_{kind.name}",
            kind=kind,
            other=ASSETS,
            columns=SEEN_BY,
            reach=f"JOIN {kind.table} t ON t.asset_id = n.id",
        )
        for kind in (PLACEMENTS, DISTRIBUTIONS)
    ]
