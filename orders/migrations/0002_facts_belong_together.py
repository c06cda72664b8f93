"""Foreign keys from accounts' rows to orders' rows: accounts lies below orders, so its models hold plain numbers and the database holds the rule.

Deferred, because the rows of one transaction refer to each other; a deferred key costs a few microseconds a row.
"""

from django.db import migrations

LINKS = [
    ("accounts_freeze", "order_id", "orders_order"),
    ("accounts_journal", "fill_id", "orders_fill"),
    ("accounts_lot", "opening_fill_id", "orders_fill"),
    ("accounts_lotchange", "fill_id", "orders_fill"),
]


def add(table: str, column: str, target: str) -> str:
    return (
        f"ALTER TABLE {table} ADD CONSTRAINT {table}_{column}_fk FOREIGN KEY ({column}) REFERENCES {target} (id) DEFERRABLE INITIALLY DEFERRED"
    )


class Migration(migrations.Migration):
    dependencies = [("orders", "0001_initial"), ("accounts", "0002_initial")]

    operations = [
        migrations.RunSQL(add(table, column, target), f"ALTER TABLE {table} DROP CONSTRAINT {table}_{column}_fk")
        for table, column, target in LINKS
    ]
