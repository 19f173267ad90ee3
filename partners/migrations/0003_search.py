"""What search stands on in the database: words without accents, stemmed in both languages, and their trigrams."""

from django.contrib.postgres.operations import TrigramExtension, UnaccentExtension
from django.db import migrations

# The extension's own function may change with the search path, so no index may rest on it; this one may.
PLAIN = """
    CREATE FUNCTION registry_plain(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ SELECT lower(public.unaccent('public.unaccent'::regdictionary, $1)) $$
"""

CONFIGURATIONS = [("registry_italian", "italian_stem"), ("registry_english", "english_stem"), ("registry_simple", "simple")]


def configuration(name: str, dictionary: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE TEXT SEARCH CONFIGURATION {name} (COPY = simple);"
        f"ALTER TEXT SEARCH CONFIGURATION {name} ALTER MAPPING FOR asciiword, asciihword, hword_asciipart, word, hword,"
        f" hword_part WITH unaccent, {dictionary};",
        f"DROP TEXT SEARCH CONFIGURATION {name};",
    )


class Migration(migrations.Migration):

    dependencies = [
        ('partners', '0002_deletions_found'),
    ]

    operations = [
        TrigramExtension(),
        UnaccentExtension(),
        migrations.RunSQL(PLAIN, "DROP FUNCTION registry_plain(text)"),
        *(configuration(*each) for each in CONFIGURATIONS),
    ]
