"""Refusals of accounts and money."""

from tradingdesk.kernel.errors import DeskError


class InsufficientFunds(DeskError):
    """More is asked for than is available; `extra` has required and available."""

    code = "INSUFFICIENT_FUNDS"


class TooFarBehind(DeskError):
    """Too many trading days lie unsettled between the account and now for one command to make up for."""

    code = "TOO_FAR_BEHIND"
    retryable = True


class UnpricedInstrument(DeskError):
    """A day cannot be settled: something that is held has no price, not even an earlier one."""

    code = "UNPRICED_INSTRUMENT"
