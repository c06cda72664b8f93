"""Refusals of settlement."""

from http import HTTPStatus

from tradingdesk.kernel.errors import DeskError


class SettlementRunning(DeskError):
    """Somebody else is settling this market right now."""

    code = "SETTLEMENT_RUNNING"
    http_status = HTTPStatus.CONFLICT
    retryable = True


class DayNotSettleable(DeskError):
    """The day lies ahead, or behind one that is settled already."""

    code = "DAY_NOT_SETTLEABLE"
    http_status = HTTPStatus.CONFLICT


class SettlementIncomplete(DeskError):
    """Some accounts could not be settled; all others are, and the run goes on from here when it is started again."""

    code = "SETTLEMENT_INCOMPLETE"
    retryable = True


class VerificationRunning(DeskError):
    """Somebody else is verifying the books right now."""

    code = "VERIFICATION_RUNNING"
    http_status = HTTPStatus.CONFLICT
    retryable = True
