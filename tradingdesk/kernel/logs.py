"""What the log is spared: the traceback of a refusal. A 403, a 404 and an absent or full database are one line each; a bug keeps its traceback."""

import logging

from tradingdesk.kernel.outages import outage

SERVER_ERROR = 500


class OneLine(logging.Filter):
    """Takes the traceback off what is no bug of ours."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and (getattr(record, "status_code", SERVER_ERROR) < SERVER_ERROR or outage(error)):
            record.exc_info = record.exc_text = None
        return True
