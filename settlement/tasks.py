"""Jobs on a clock."""

import structlog
from celery import shared_task

from settlement.exceptions import SettlementIncomplete, SettlementRunning
from settlement.services.run import due_markets, settle

log = structlog.get_logger(__name__)


@shared_task(throws=(SettlementRunning, SettlementIncomplete))
def settle_due_markets() -> int:
    """Settles every market whose trading day is over; how many. A market that fails does not stop the others: it is due again next time."""
    done = 0
    for market_id, day in due_markets():
        try:
            settle(market_id, day)
            done += 1
        except (SettlementRunning, SettlementIncomplete) as error:
            log.warning("not settled", market=market_id, day=str(day), code=error.reason_code, **error.extra)
    return done
