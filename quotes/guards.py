"""The one piece of structure the running desk may add: a day's tick partition, made by a function of the owner's in a schema of its own."""

ENSURE_PARTITION = """
CREATE OR REPLACE FUNCTION quotes_ensure_tick_partition(day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $body$
BEGIN
    IF to_regclass(format('ticks.day_%s', to_char(day, 'YYYYMMDD'))) IS NULL THEN
        PERFORM pg_advisory_xact_lock(7103, to_char(day, 'YYYYMMDD')::int);
        EXECUTE format('CREATE TABLE IF NOT EXISTS ticks.day_%s PARTITION OF quotes_tick FOR VALUES FROM (%L) TO (%L)',
                       to_char(day, 'YYYYMMDD'), day, day + 1);
    END IF;
END $body$"""


def statements() -> list[str]:
    """Idempotent, after every migrate."""
    return [ENSURE_PARTITION]
