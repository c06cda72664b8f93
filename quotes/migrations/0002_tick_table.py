"""The tick table, partitioned by trading day; partitions live in a schema of their own, out of reach of the application's role."""

from django.db import migrations

CREATE = """
CREATE SCHEMA IF NOT EXISTS ticks;
CREATE TABLE quotes_tick (
    trading_day date NOT NULL,
    market_id bigint NOT NULL,
    instrument_id bigint NOT NULL,
    seq bigint NOT NULL,
    "time" timestamptz NOT NULL,
    bid numeric(20, 6) NOT NULL,
    ask numeric(20, 6) NOT NULL,
    last numeric(20, 6),
    last_size numeric(20, 4),
    flag smallint NOT NULL DEFAULT 0,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (trading_day, market_id, instrument_id, seq)
) PARTITION BY RANGE (trading_day);
"""


class Migration(migrations.Migration):
    dependencies = [("quotes", "0001_initial")]

    operations = [migrations.RunSQL(CREATE, "DROP TABLE quotes_tick; DROP SCHEMA ticks CASCADE")]
