"""Refusals of accounts and money."""

from tradingdesk.kernel.errors import DeskError


class InsufficientFunds(DeskError):
    """More is asked for than is available; `extra` has required and available."""

    code = "INSUFFICIENT_FUNDS"
