"""A state machine is one table keyed by (status, event); its guard trigger in PostgreSQL is generated from the same table.

The trigger does not replace the lock: two cancels at once both pass it, because the second goes from CANCELED to CANCELED. The account lock makes the
second one look again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tradingdesk.kernel.errors import InvalidTransition


@dataclass(frozen=True)
class TransitionTable:
    """`rows[(status, event)]` is the next status; `initial` are the statuses a row may be born with."""

    name: str
    initial: frozenset[str]
    rows: Mapping[tuple[str, str], str]

    def __post_init__(self) -> None:
        object.__setattr__(self, "rows", MappingProxyType({(str(s), str(e)): str(t) for (s, e), t in self.rows.items()}))
        object.__setattr__(self, "initial", frozenset(map(str, self.initial)))

    def next_status(self, status: str, event: str) -> str:
        """The status after `event`; raises InvalidTransition when the table has no such row."""
        try:
            return self.rows[str(status), str(event)]
        except KeyError:
            raise InvalidTransition(f"{self.name} {status} does not take {event}.", status=str(status), event=str(event)) from None

    @property
    def statuses(self) -> frozenset[str]:
        """Every status the table mentions."""
        return self.initial | {s for s, _ in self.rows} | set(self.rows.values())

    @property
    def terminal(self) -> frozenset[str]:
        """Statuses that nothing leaves."""
        return self.statuses - {s for s, _ in self.rows}

    @property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """Every (from, to) the table allows, events left out."""
        return frozenset((s, t) for (s, _), t in self.rows.items() if s != t)

    def guard_sql(self, table: str, column: str = "status") -> list[str]:
        """Statements that make PostgreSQL refuse any other change of `column`; harmless to run again."""
        allowed = ", ".join(f"('{s}', '{t}')" for s, t in sorted(self.pairs))
        born = ", ".join(f"'{s}'" for s in sorted(self.initial))
        function = f"{table}_{column}_guard"
        return [
            f"""
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.{column} NOT IN ({born}) THEN
            RAISE EXCEPTION 'INVALID_TRANSITION: {self.name} cannot begin as %', NEW.{column} USING ERRCODE = 'DK002';
        END IF;
    ELSIF (OLD.{column}, NEW.{column}) NOT IN ({allowed}) THEN
        RAISE EXCEPTION 'INVALID_TRANSITION: {self.name} % from % to %', OLD.id, OLD.{column}, NEW.{column} USING ERRCODE = 'DK002';
    END IF;
    RETURN NEW;
END $guard$""",
            f"CREATE OR REPLACE TRIGGER {function}_insert BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()",
            f"CREATE OR REPLACE TRIGGER {function}_update BEFORE UPDATE OF {column} ON {table} FOR EACH ROW "
            f"WHEN (OLD.{column} IS DISTINCT FROM NEW.{column}) EXECUTE FUNCTION {function}()",
        ]
