"""The triggers that write history, generated from the models: three on each historied table, three on each table of its many-to-many fields.

A statement's trigger copies the rows it changed, in the columns that the table and its history share, looked up when it runs: so a migration that adds a
column finds history working between its steps. History dates of a row rise strictly, whatever the clock does, in the order of its changes: each is taken
under the row's own lock. A link (an account's agent, a person's group) belongs to the row that owns it, is written under that row's lock, and gives it a
history row with all its links; that needs READ COMMITTED, as everything of ours has. What changed while no trigger watched is written after each migrate.
"""

from django.db.models import Model

from tradingdesk.kernel.history import historied_models, history_of

# By index: what the planner knows of a row with a thousand versions must not make it read them all for every row that has none.
HEAD = "LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off"

COLUMNS = """
CREATE OR REPLACE FUNCTION desk_history_columns(tracked regclass, history regclass, row_name text, noted text[] DEFAULT '{}') RETURNS text
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $body$
    SELECT string_agg(format('%s%I', row_name, t.attname), ', ' ORDER BY t.attnum) FROM pg_attribute t
    WHERE t.attrelid = tracked AND t.attnum > 0 AND NOT t.attisdropped AND (t.attname = ANY (noted) OR EXISTS (
        SELECT FROM pg_attribute h WHERE h.attrelid = history AND h.attname = t.attname AND h.attnum > 0 AND NOT h.attisdropped))
$body$"""

# links: per many-to-many field its table, the column of the owner in it, and its history table. `source` names the rows to write "r". The newest date is
# asked of a sum, not of the column: by the column's own index the planner would walk all of history back for a row that has none.
WRITE = """
CREATE OR REPLACE FUNCTION desk_history_sql(tracked regclass, history regclass, key text, links text[], source text, kind text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $body$
DECLARE
    statement text := format($sql$
        WITH written AS (
            INSERT INTO %1$s (%2$s, history_date, history_type, history_change_reason, history_user_id,
                              history_request_id, history_role, history_application)
            SELECT %3$s, greatest(clock_timestamp(), (SELECT max(h.history_date + interval '1 microsecond') FROM %1$s h WHERE h.%4$I = r.%4$I)), %5$L,
                nullif(current_setting('desk.reason', true), ''), nullif(current_setting('desk.actor', true), '')::bigint,
                left(coalesce(current_setting('desk.request_id', true), ''), 64), session_user, current_setting('application_name')
            FROM %6$s ORDER BY r.%4$I
            RETURNING history_id, %4$I AS owner_key)$sql$,
        history, desk_history_columns(tracked, history, ''), desk_history_columns(tracked, history, 'r.'), key, kind, source);
BEGIN
    FOR i IN 1 .. coalesce(array_length(links, 1), 0) BY 3 LOOP
        statement := statement || format(
            ', link_%s AS (INSERT INTO %s (%s, history_id) SELECT %s, w.history_id FROM written w JOIN %s p ON p.%I = w.owner_key)',
            i, links[i + 2]::regclass, desk_history_columns(links[i]::regclass, links[i + 2]::regclass, ''),
            desk_history_columns(links[i]::regclass, links[i + 2]::regclass, 'p.'), links[i]::regclass, links[i + 1]);
    END LOOP;
    RETURN statement || ' SELECT FROM written';
END $body$"""

# Arguments: history table, key, noted columns, links
ROWS = f"""
CREATE OR REPLACE FUNCTION desk_history() RETURNS trigger {HEAD} AS $guard$
DECLARE
    noted text[] := string_to_array(TG_ARGV[2], ',');
    source text := CASE TG_OP WHEN 'INSERT' THEN 'new_rows r' WHEN 'DELETE' THEN 'old_rows r' ELSE format(
        'new_rows r JOIN old_rows o ON o.%1$I = r.%1$I AND ROW(%2$s) IS DISTINCT FROM ROW(%3$s)', TG_ARGV[1],
        desk_history_columns(TG_RELID, TG_ARGV[0]::regclass, 'r.', noted), desk_history_columns(TG_RELID, TG_ARGV[0]::regclass, 'o.', noted)) END;
BEGIN
    EXECUTE desk_history_sql(TG_RELID, TG_ARGV[0]::regclass, TG_ARGV[1], TG_ARGV[3:], source,
                             CASE TG_OP WHEN 'INSERT' THEN '+' WHEN 'DELETE' THEN '-' ELSE '~' END);
    RETURN NULL;
END $guard$"""

# Arguments: owner's table, owner's column here, owner's history table, key and links. Two that link the same owner at once wait for each other here.
LINKS = f"""
CREATE OR REPLACE FUNCTION desk_history_link() RETURNS trigger {HEAD} AS $guard$
DECLARE
    rows text := CASE TG_OP WHEN 'INSERT' THEN 'new_rows' WHEN 'DELETE' THEN 'old_rows'
        ELSE '((TABLE new_rows EXCEPT TABLE old_rows) UNION ALL (TABLE old_rows EXCEPT TABLE new_rows))' END;
    owners text := format('%1$s r WHERE r.%2$I IN (SELECT l.%3$I FROM %4$s l)', TG_ARGV[0]::regclass, TG_ARGV[3], TG_ARGV[1], rows);
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'HISTORY_NEEDS_READ_COMMITTED: % of %', TG_OP, TG_TABLE_NAME USING ERRCODE = 'DK007';
    END IF;
    EXECUTE format('SELECT FROM %s ORDER BY r.%I FOR NO KEY UPDATE', owners, TG_ARGV[3]);
    EXECUTE desk_history_sql(TG_ARGV[0]::regclass, TG_ARGV[2]::regclass, TG_ARGV[3], TG_ARGV[4:], owners, '~');
    RETURN NULL;
END $guard$"""

CATCH_UP = f"""
CREATE OR REPLACE FUNCTION desk_history_catch_up(tracked regclass, history regclass, key text, links text[]) RETURNS void {HEAD} AS $body$
DECLARE
    last text := format('(SELECT DISTINCT ON (%1$I) * FROM %2$s ORDER BY %1$I, history_date DESC, history_id DESC)', key, history);
    live text := format('%1$s r LEFT JOIN %2$s l ON l.%3$I = r.%3$I AND l.history_type <> ''-''', tracked, last, key);
    changed text := format('ROW(%s) IS DISTINCT FROM ROW(%s)', desk_history_columns(tracked, history, 'r.'), desk_history_columns(tracked, history, 'l.'));
BEGIN
    FOR i IN 1 .. coalesce(array_length(links, 1), 0) BY 3 LOOP
        changed := changed || format(
            ' OR (SELECT array_agg(p.id ORDER BY p.id) FROM %s p WHERE p.%I = r.%I) IS DISTINCT FROM '
            '(SELECT array_agg(h.id ORDER BY h.id) FROM %s h WHERE h.history_id = l.history_id)',
            links[i]::regclass, links[i + 1], key, links[i + 2]::regclass);
    END LOOP;
    PERFORM set_config('desk.reason', 'Found at migrate: changed while no history was kept', true);
    EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', tracked);
    EXECUTE desk_history_sql(tracked, history, key, links, live || ' WHERE l.history_id IS NULL', '+');
    EXECUTE desk_history_sql(tracked, history, key, links, live || format(' WHERE l.history_id IS NOT NULL AND (%s)', changed), '~');
    EXECUTE desk_history_sql(tracked, history, key, links, format(
        '%1$s r WHERE r.history_type <> ''-'' AND NOT EXISTS (SELECT FROM %2$s t WHERE t.%3$I = r.%3$I)', last, tracked, key), '-');
END $body$"""

FUNCTIONS = ("desk_history()", "desk_history_link()", "desk_history_catch_up(regclass, regclass, text, text[])")
EVENTS = {"INSERT": "NEW TABLE AS new_rows", "UPDATE": "OLD TABLE AS old_rows NEW TABLE AS new_rows", "DELETE": "OLD TABLE AS old_rows"}


def links_of(model: type[Model]) -> list[tuple[str, str, str]]:
    """(table, column of the owner, history table) of each many-to-many field in its history, by table: the fields are kept as a set, and the guards are
    to be the same text in every process.
    """
    found = []
    for field in history_of(model)._history_m2m_fields:
        kept = getattr(history_of(model), field.name).model
        found.append((field.m2m_db_table(), field.m2m_column_name(), kept._meta.db_table))
    return sorted(found)


def row_arguments(model: type[Model]) -> list[str]:
    """What the triggers of a historied table are told."""
    history = history_of(model)
    noted = [str(f.column) for f in model._meta.concrete_fields if f.name in history.noted_fields]
    return [history._meta.db_table, str(model._meta.pk.column), ",".join(noted), *(name for link in links_of(model) for name in link)]


def link_arguments(model: type[Model], owner_column: str) -> list[str]:
    """What those of a table of links are told."""
    links = (name for link in links_of(model) for name in link)
    return [model._meta.db_table, owner_column, history_of(model)._meta.db_table, str(model._meta.pk.column), *links]


def triggers_sql(table: str, function: str, arguments: list[str]) -> list[str]:
    """After each statement of each kind; TRUNCATE, which no history could follow, is refused, and so is another key."""
    told = ", ".join(f"'{argument}'" for argument in arguments)
    return [
        *(
            f"CREATE OR REPLACE TRIGGER {table}_history_{event.lower()} AFTER {event} ON {table} REFERENCING {rows} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {function}({told})"
            for event, rows in EVENTS.items()
        ),
        f"CREATE OR REPLACE TRIGGER {table}_history_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION desk_refuse_change('HISTORIED')",
    ]


def key_sql(model: type[Model]) -> str:
    """A row's history is found by its key, which therefore stays."""
    table, key = model._meta.db_table, model._meta.pk.column
    return (
        f"CREATE OR REPLACE TRIGGER {table}_history_key BEFORE UPDATE OF {key} ON {table} FOR EACH ROW "
        f"WHEN (OLD.{key} <> NEW.{key}) EXECUTE FUNCTION desk_refuse_change('HISTORIED')"
    )


def statements() -> list[str]:
    """Functions that nobody else may call or hang on a table of their own, then each table's triggers, then what they missed."""
    found = [COLUMNS, WRITE, ROWS, LINKS, CATCH_UP, *(f"REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC" for function in FUNCTIONS)]
    for model in historied_models():
        found += [*triggers_sql(model._meta.db_table, "desk_history", row_arguments(model)), key_sql(model)]
        for table, owner_column, _ in links_of(model):
            found += triggers_sql(table, "desk_history_link", link_arguments(model, owner_column))
        links = ", ".join(f"'{name}'" for link in links_of(model) for name in link)
        table, history, key = model._meta.db_table, history_of(model)._meta.db_table, model._meta.pk.column
        found.append(f"SELECT desk_history_catch_up('{table}', '{history}', '{key}', ARRAY[{links}]::text[])")
    return found
