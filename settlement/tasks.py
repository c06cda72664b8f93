"""Jobs on a clock."""

import structlog
from celery import shared_task

from settlement.enums import VerificationSource
from settlement.exceptions import VerificationRunning
from settlement.selectors import due_markets
from settlement.services.run import settle
from settlement.services.verification import verify

log = structlog.get_logger(__name__)
MOST_ROUNDS = 40  # days a desk that was away makes up for in one go; the rest follow at the next


@shared_task
def settle_due_markets() -> int:
    """Settles every market whose trading day is over, day after day; how many days. A market that fails does not stop the others: it stays due."""
    done, failed = 0, set()
    for _ in range(MOST_ROUNDS):
        due = [(market_id, day) for market_id, day in due_markets() if market_id not in failed]
        if not due:
            break
        for market_id, day in due:
            try:
                settle(market_id, day)
                done += 1
            except Exception as error:  # every step is a transaction of its own; the day stays due
                failed.add(market_id)
                log.warning("not settled", market=market_id, day=str(day), error=f"{type(error).__name__}: {error}")
    return done


@shared_task(throws=(VerificationRunning,))
def verify_books() -> int:
    """Verifies the books of every market; how many breaks there are. Refused while another verification runs: that one tells the same."""
    return verify(source=VerificationSource.SCHEDULE).found
