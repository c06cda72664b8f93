"""Which rung of the ladder a margin level stands on. Pure."""

from decimal import Decimal

from risk.enums import MarginState


def rung(level: Decimal | None, *, watch: Decimal, warning: Decimal, liquidation: Decimal) -> MarginState:
    """Levels in per cent; a threshold triggers strictly below it; no margin, no level: normal."""
    if level is None or level >= watch:
        return MarginState.NORMAL
    if level >= warning:
        return MarginState.WATCH
    return MarginState.WARNING if level >= liquidation else MarginState.LIQUIDATION
