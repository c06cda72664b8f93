"""What PostgreSQL refuses of a settlement run: any status but RUNNING, and DONE after it."""

from settlement.domain.transitions import RUN


def statements() -> list[str]:
    """Generated from the Python table."""
    return RUN.guard_sql("settlement_settlementrun")
