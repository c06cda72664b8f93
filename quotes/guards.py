"""The one piece of structure the running desk may add: a day's tick partition, made by a function of the owner's in a schema of its own.

The function runs with the owner's rights: nobody but desk_app may call it, no schema of the caller's is searched before ours, and the day lies within
bounds, so that neither a broken feed nor a stranger fills the disk with empty tables.
"""

from tradingdesk.kernel.guards import APP_ROLE

ENSURE_PARTITION = """
CREATE OR REPLACE FUNCTION quotes_ensure_tick_partition(day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $body$
BEGIN
    IF day IS NULL OR day < DATE '1970-01-01' OR day > (now() + interval '1 year')::date THEN
        RAISE EXCEPTION 'TICK_DAY_OUT_OF_RANGE: % is before 1970 or more than a year ahead', day USING ERRCODE = 'DK006';
    END IF;
    IF to_regclass(format('ticks.day_%s', to_char(day, 'YYYYMMDD'))) IS NULL THEN
        PERFORM pg_advisory_xact_lock(7103, to_char(day, 'YYYYMMDD')::int);
        EXECUTE format('CREATE TABLE IF NOT EXISTS ticks.day_%s PARTITION OF quotes_tick FOR VALUES FROM (%L) TO (%L)',
                       to_char(day, 'YYYYMMDD'), day, day + 1);
    END IF;
END $body$"""


def statements() -> list[str]:
    """Idempotent, after every migrate."""
    return [ENSURE_PARTITION, "REVOKE EXECUTE ON FUNCTION quotes_ensure_tick_partition(date) FROM PUBLIC"]


def grants() -> list[str]:
    """The market process and imports call it."""
    return [f"GRANT EXECUTE ON FUNCTION quotes_ensure_tick_partition(date) TO {APP_ROLE}"]
