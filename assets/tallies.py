"""How placements are counted without going through them: triggers keep tallies, as quick for a million as for a few.

A change writes what it adds or takes away as rows of its own (not `settled`), so that two people who change units of
one cell never wait for each other. Once there are many, whoever comes next adds them up into one settled row per key.
Readers sum over both, so what they read is exact at every moment. The functions that number cells and settle rows are
made by the migration `assets.0006_search_and_tallies`.
"""

import pgtrigger
from django.db import connection

from assets.choices import District, PlacementStatus

#: Map levels that are tallied: tiles of the Web Mercator grid (EPSG:3857) that is halved so many times.
LEVELS = (12, 14, 15)
FINEST = max(LEVELS)
#: What stands for “whichever” in a key of a cell: each unit counts in the cell of its category and district, and in
#: that of all together.
ANY_CATEGORY, ANY_DISTRICT = 0, "*"

SHOWN_ON_MAP = f"latitude IS NOT NULL AND status <> '{PlacementStatus.REMOVED}'"
CELL_KEY = "level, x, y, owner_id, category_id, exchange_status, visibility, district"
DISTRICT_COLUMNS = {"": "outside", **{district: f"district_{district}" for district in District.values}}

# SQL that adds cells: `changes` yields sign, asset_id, district, latitude, longitude, status; `assets` their assets.
ADD_CELLS = f"""
    INSERT INTO assets_placementcell ({CELL_KEY}, count, latitude_sum, longitude_sum, settled)
    WITH finest AS (
        SELECT owner_id, category_id, exchange_status, visibility, district,
               registry_cell_x(longitude, {FINEST}) AS x, registry_cell_y(latitude, {FINEST}) AS y,
               sum(sign) AS count, sum(sign * latitude) AS latitude, sum(sign * longitude) AS longitude
        FROM ({{changes}}) changed JOIN ({{assets}}) asset ON asset.id = changed.asset_id
        WHERE {SHOWN_ON_MAP} GROUP BY 1, 2, 3, 4, 5, 6, 7)
    SELECT level, x >> ({FINEST} - level), y >> ({FINEST} - level), owner_id, coalesce(category_id, {ANY_CATEGORY}),
           exchange_status, visibility, coalesce(district, '{ANY_DISTRICT}'),
           sum(count), sum(latitude), sum(longitude), FALSE
    FROM finest, unnest(ARRAY{list(LEVELS)}) level
    GROUP BY level, 2, 3, owner_id, exchange_status, visibility, GROUPING SETS ((category_id, district), ())
    HAVING sum(count) <> 0 OR sum(latitude) <> 0 OR sum(longitude) <> 0;
"""
ASSETS = "SELECT id, owner_id, category_id, exchange_status, visibility FROM assets_asset"

ADD_TALLIES = f"""
    INSERT INTO assets_placementtally (asset_id, {", ".join(DISTRICT_COLUMNS.values())}, settled)
    SELECT asset_id, {", ".join(f"coalesce(sum(sign) FILTER (WHERE district = '{d}'), 0)" for d in DISTRICT_COLUMNS)},
           FALSE
    FROM ({{changes}}) changed GROUP BY asset_id;
"""

ADD_WORDS = """
    INSERT INTO assets_addressword (word)
    SELECT DISTINCT found.word FROM (SELECT DISTINCT address FROM ({changes}) changed) told,
        unnest(tsvector_to_array(registry_place_words('', address))) found(word)
    WHERE found.word ~ '^[a-z]{{4,}}$'
        AND NOT EXISTS (SELECT 1 FROM assets_addressword known WHERE known.word = found.word);
"""

# Keeps the assets as they are until the change is stored: what is hidden meanwhile must not be counted as shown.
HOLD_ASSETS = "PERFORM 1 FROM assets_asset WHERE id IN (SELECT asset_id FROM {rows}) ORDER BY id FOR SHARE;"
# Whoever changes many at once leaves the adding up to the end of the work, or to whoever comes next.
SETTLE = "PERFORM assets_placementcell_settle({enough}); PERFORM assets_placementtally_settle({enough});"
OFTEN, SELDOM, MANY = 10_000, 200_000, 2_000
ROW = "asset_id, district, latitude, longitude, status, address"


def settle() -> None:
    """Add up whatever is not settled, and file the new words of addresses: the end of a work on many placements."""
    with connection.cursor() as cursor:
        cursor.execute(SETTLE.replace("PERFORM", "SELECT").format(enough=1))
        cursor.execute("SELECT gin_clean_pending_list('placement_words'::regclass)")


def _changed(sign: int, rows: str, condition: str = "") -> str:
    columns = ", ".join(f"r.{name.strip()}" for name in ROW.split(","))
    return f"SELECT {sign} AS sign, {columns} FROM {rows} r {condition}"


def _body(rows: tuple[str, ...], changes: str, words: str) -> str:
    held = " ".join(HOLD_ASSETS.format(rows=name) for name in rows)
    counted = ADD_CELLS.format(changes=changes, assets=ASSETS)
    counted += ADD_TALLIES.format(changes=changes)
    few = f"(SELECT count(*) FROM (SELECT 1 FROM {rows[-1]} LIMIT {MANY}) some_rows) < {MANY}"
    settle = SETTLE.format(enough=f"CASE WHEN {few} THEN {OFTEN} ELSE {SELDOM} END")
    return f"{held} {counted} {words} {settle} RETURN NULL;"


def _differs(other: str) -> str:
    columns = [name.strip() for name in ROW.split(",")]
    here, there = (", ".join(f"{table}.{name}" for name in columns) for table in ("r", "o"))
    return f"JOIN {other} o ON o.id = r.id WHERE ({here}) IS DISTINCT FROM ({there})"


def placement_triggers() -> list[pgtrigger.Trigger]:
    """Triggers that count placements as they come, change and go."""
    left, come = _changed(-1, "old_rows", _differs("new_rows")), _changed(1, "new_rows", _differs("old_rows"))
    new_words = ADD_WORDS.format(changes="SELECT address FROM new_rows")
    kinds = (
        ("insert", pgtrigger.Insert, ("new_rows",), _changed(1, "new_rows"), new_words),
        ("update", pgtrigger.Update, ("old_rows", "new_rows"), f"{left} UNION ALL {come}", new_words),
        ("delete", pgtrigger.Delete, ("old_rows",), _changed(-1, "old_rows"), ""),
    )
    emptied = "".join(f"DELETE FROM assets_{name};" for name in ("placementcell", "placementtally", "addressword"))
    return [
        *(
            _statement_trigger(f"tally_{name}", operation, rows, _body(rows, changes, words))
            for name, operation, rows, changes, words in kinds
        ),
        _statement_trigger("tally_truncate", pgtrigger.Truncate, (), f"{emptied} RETURN NULL;"),
    ]


def asset_triggers() -> list[pgtrigger.Trigger]:
    """Trigger that moves an asset's placements to other cells when it changes hands, category, terms or visibility."""
    dimensions = "owner_id, category_id, exchange_status, visibility"
    here, there = (", ".join(f"{t}.{name.strip()}" for name in dimensions.split(",")) for t in ("n", "o"))
    ids = f"SELECT n.id FROM new_rows n JOIN old_rows o ON o.id = n.id WHERE ({here}) IS DISTINCT FROM ({there})"
    changes = _changed(1, "assets_placement", f"WHERE r.asset_id IN ({ids})")
    taken = _changed(-1, "assets_placement", f"WHERE r.asset_id IN ({ids})")
    body = (
        f"IF NOT EXISTS ({ids}) THEN RETURN NULL; END IF;"
        + ADD_CELLS.format(changes=taken, assets=f"SELECT id, {dimensions} FROM old_rows")
        + ADD_CELLS.format(changes=changes, assets=f"SELECT id, {dimensions} FROM new_rows")
        + f"{SETTLE.format(enough=OFTEN)} RETURN NULL;"
    )
    return [_statement_trigger("move_tallies", pgtrigger.Update, ("old_rows", "new_rows"), body)]


def _statement_trigger(name: str, operation, rows: tuple[str, ...], body: str) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.After,
        level=pgtrigger.Statement,
        operation=operation,
        referencing=pgtrigger.Referencing(**{name.removesuffix("_rows"): name for name in rows}) if rows else None,
        func=body,
    )
