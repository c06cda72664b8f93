"""What orders raise beyond the kernel's refusals."""

from http import HTTPStatus

from tradingdesk.kernel.errors import DeskError


class NotRecorded(DeskError):
    """The desk cannot write this order down, though it has nothing against it: its own error, in the log. Nothing was changed."""

    code = "NOT_RECORDED"
    http_status = HTTPStatus.INTERNAL_SERVER_ERROR


class EvaluationIncomplete(DeskError):
    """Some accounts were busy; their orders have not seen these ticks, all others have. Evaluating the same ticks again makes up for it."""

    code = "EVALUATION_INCOMPLETE"
    http_status = HTTPStatus.SERVICE_UNAVAILABLE
    retryable = True
