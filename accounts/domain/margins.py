"""What lots occupy together (rules/futures.md §5.4). Pure.

Within a margin group (a product that is charged by its larger side, all delivery months together) the larger of the two sides counts; what belongs to no group
counts in full.
"""

from collections.abc import Iterable
from decimal import Decimal

from accounts.enums import PositionSide
from tradingdesk.kernel import money
from tradingdesk.kernel.money import ZERO

Margined = tuple[str, str, Decimal]  # margin group, side, margin by itself


def charged(margined: Iterable[Margined]) -> Decimal:
    """The margin that is charged for all of them."""
    total = ZERO
    groups: dict[str, dict[str, Decimal]] = {}
    for group, side, margin in margined:
        if not group:
            total += margin
            continue
        sides = groups.setdefault(group, {PositionSide.LONG: ZERO, PositionSide.SHORT: ZERO})
        sides[side] += margin
    return total + sum((max(sides.values()) for sides in groups.values()), ZERO)


def increment(held: Iterable[Margined], added: Margined) -> Decimal:
    """By how much the charge grows when this is added to what is held; never below zero, never above its own margin."""
    group, _, margin = added
    if not group:
        return margin
    same = [one for one in held if one[0] == group]
    return charged([*same, added]) - charged(same)


def open_share(gross_margin: Decimal, open_quantity: Decimal, quantity: Decimal) -> Decimal:
    """What the part of a pending order that is still open would occupy by itself, in cents, rounded up."""
    return gross_margin if open_quantity == quantity else money.cents_up(gross_margin * open_quantity / quantity)
