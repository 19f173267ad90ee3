from django.db import migrations

# In functions, so that the plans, which take longer than the work, are kept for the length of a connection.
ADMISSION = """
    -- Count a request of `told_subject` in the minute of the database's clock.
    CREATE FUNCTION registry_count(told_subject text, OUT requests integer, OUT seconds_left integer)
    LANGUAGE plpgsql AS $$
    DECLARE now bigint := floor(extract(epoch FROM statement_timestamp()));
    BEGIN
        seconds_left := 60 - now % 60;
        INSERT INTO partners_requestwindow AS counted (subject, minute, requests)
        VALUES (told_subject, now / 60, 1)
        ON CONFLICT ON CONSTRAINT partners_requestwindow_pkey DO UPDATE SET requests = counted.requests + 1
        RETURNING counted.requests INTO registry_count.requests;
    END $$;

    -- The credential in force that a token names and proves, counted; the partners that it answers for.
    CREATE FUNCTION registry_admit(told_prefix text, told_hash text) RETURNS TABLE (
        requests integer, seconds_left integer, partner_ids bigint[],
        id bigint, partner_id bigint, name varchar, access varchar, resources varchar[], prefix varchar
    ) LANGUAGE plpgsql AS $$
    DECLARE now bigint := floor(extract(epoch FROM statement_timestamp()));
    BEGIN
        RETURN QUERY
        WITH caller AS (
            SELECT known.id, known.partner_id, known.name, known.access, known.resources, known.prefix
            FROM partners_apicredential known
            WHERE known.prefix = told_prefix AND known.secret_hash = told_hash AND known.revoked_at IS NULL
                AND (known.expires_at IS NULL OR known.expires_at > statement_timestamp())
        ), counted AS (
            INSERT INTO partners_requestwindow AS asked (subject, minute, requests)
            SELECT 'credential:' || caller.id, now / 60, 1 FROM caller
            ON CONFLICT ON CONSTRAINT partners_requestwindow_pkey DO UPDATE SET requests = asked.requests + 1
            RETURNING asked.requests
        )
        SELECT counted.requests, (60 - now % 60)::integer, ARRAY(
            WITH RECURSIVE answered(id) AS (
                SELECT caller.partner_id
                UNION SELECT old.id FROM partners_partner old JOIN answered ON old.successor_id = answered.id
            )
            SELECT answered.id FROM answered
        ), caller.*
        FROM caller, counted;
    END $$
"""
DROP_ADMISSION = "DROP FUNCTION registry_admit(text, text); DROP FUNCTION registry_count(text)"


class Migration(migrations.Migration):
    """Functions that know a credential and count requests, in one statement."""

    dependencies = [("partners", "0005_changes_and_systems")]

    operations = [migrations.RunSQL(ADMISSION, DROP_ADMISSION)]
