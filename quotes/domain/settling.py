"""Settlement price arithmetic. Pure."""

from decimal import ROUND_HALF_UP, Decimal

SMALLEST_PRICE_STEP = Decimal("0.000001")  # what a price column holds


def settlement_mid(bid: Decimal, ask: Decimal, tick_size: Decimal) -> Decimal:
    """The middle of a quote on the instrument's price grid, halves up; a tick size of 0 means the finest grid there is."""
    step = tick_size or SMALLEST_PRICE_STEP
    return ((bid + ask) / (2 * step)).quantize(Decimal(1), ROUND_HALF_UP) * step
