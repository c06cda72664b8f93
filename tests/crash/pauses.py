"""Makes PostgreSQL stand still at the n-th writing statement, or just before a commit, of whatever is done in a database: to kill somebody exactly there.

Triggers of the test's own count the statements in a sequence, which no rollback winds back, and wait for an advisory lock that the test holds.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from tests.crash.machines import until

LOCK = 990_099
FUNCTIONS = f"""
CREATE SEQUENCE pause_places;
CREATE TABLE pause_at (place bigint NOT NULL);
INSERT INTO pause_at VALUES (0);
GRANT SELECT ON pause_at TO desk_app;
GRANT USAGE ON SEQUENCE pause_places TO desk_app;
CREATE FUNCTION pause_here() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF nextval('pause_places') = (SELECT place FROM pause_at) THEN PERFORM pg_advisory_xact_lock_shared({LOCK}, 1); END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION pause_before_commit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('crash.committing', true) IS DISTINCT FROM txid_current()::text THEN
        PERFORM set_config('crash.committing', txid_current()::text, true);
        IF nextval('pause_places') = (SELECT place FROM pause_at) THEN PERFORM pg_advisory_xact_lock_shared({LOCK}, 1); END IF;
    END IF;
    RETURN NULL;
END $$;
"""
WRITTEN = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename ~ '^(orders|accounts|settlement|quotes)_' ORDER BY 1"
WAITING = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND NOT granted"
SET = "UPDATE pause_at SET place = %s"


def install(owner: psycopg.Connection[Any]) -> None:
    """Once per database."""
    owner.execute(FUNCTIONS)
    for (table,) in owner.execute(WRITTEN).fetchall():
        owner.execute(f"CREATE TRIGGER pause_here BEFORE INSERT OR UPDATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION pause_here()")
        if table != "quotes_tick":
            owner.execute(
                f"CREATE CONSTRAINT TRIGGER pause_before_commit AFTER INSERT OR UPDATE ON {table} DEFERRABLE INITIALLY DEFERRED "
                "FOR EACH ROW EXECUTE FUNCTION pause_before_commit()"
            )


@contextmanager
def pause(owner: psycopg.Connection[Any], place: int) -> Iterator[None]:
    """Who comes to the n-th place from now stands still there while the block runs."""
    owner.execute("SELECT setval('pause_places', 1, false)")
    owner.execute(SET, [place])
    owner.execute("SELECT pg_advisory_lock(%s, 1)", [LOCK])
    try:
        yield
    finally:
        if not owner.closed and not owner.broken:
            owner.execute(SET, [0])
            owner.execute("SELECT pg_advisory_unlock(%s, 1)", [LOCK])


def standing_still(owner: psycopg.Connection[Any]) -> int | None:
    """The backend that waits at the place, if one does."""
    row = owner.execute(WAITING, [LOCK]).fetchone()
    return row[0] if row else None


def wait_for(owner: psycopg.Connection[Any], is_over: Any) -> int | None:
    """The backend that has come to the place; None when it is over without."""
    found = until(lambda: standing_still(owner) or (is_over() and "over"), what="the place")
    return None if found == "over" else int(found)
