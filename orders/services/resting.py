"""Fills resting orders by later ticks: every tick after the one an order was placed at is evaluated, in order, so the same ticks give the same fills.

What is owed to an order is in the table. It is found either because these ticks cross it, or because it is new (`taken_up` false) and has not been compared
yet with the ticks between its `checked_seq` and now. Candidates are picked and compared unlocked; only accounts of orders that cross are locked and looked
at again (`orders.services.filling`). A fill's quote has the source `evaluate` is given, or STORED where the tick was read back.

A large order may take several ticks, each a fill of its own (`Listing.quote_quantity`); each moves its `checked_seq`, so that a pass which is cut short is
taken up by the next where it ended.
"""

from collections.abc import Sequence
from datetime import date, timedelta

from orders.domain.resting import Due, Lead, Resting, dues_of
from orders.exceptions import EvaluationIncomplete
from orders.matching.tape import Tape
from orders.services.filling import Sweep
from orders.services.setbacks import Setbacks
from quotes.domain.dealing import STORED, Dealing, Quote
from quotes.domain.ticks import Tick
from quotes.locks import share_lead
from quotes.selectors.calendars import calendar_of
from quotes.selectors.dealing import dealing_of
from tradingdesk.kernel import sql
from tradingdesk.kernel.locks import command

_IS_RESTING = "market_id = %(market)s AND instrument_id = %(instrument)s AND status IN ('WORKING', 'PARTIALLY_FILLED')"
_COLUMNS = "id, account_id, side = 'BUY', limit_price, checked_seq, quantity - filled_quantity"
NEW = f"SELECT {_COLUMNS}, market_time FROM orders_order WHERE {_IS_RESTING} AND NOT taken_up"
CROSSED = f"""
SELECT {_COLUMNS} FROM orders_order WHERE {_IS_RESTING} AND taken_up AND side = 'BUY' AND limit_price >= %(ask)s
UNION ALL SELECT {_COLUMNS} FROM orders_order WHERE {_IS_RESTING} AND taken_up AND side = 'SELL' AND limit_price <= %(bid)s"""
TAKE_UP = """
UPDATE orders_order SET taken_up = true WHERE id IN (
    SELECT id FROM orders_order WHERE id = ANY(%s) AND status IN ('WORKING', 'PARTIALLY_FILLED') FOR NO KEY UPDATE SKIP LOCKED)"""
MISSED = """
SELECT seq, time, bid, ask, received_at FROM quotes_tick
WHERE market_id = %s AND instrument_id = %s AND trading_day >= %s AND seq > %s AND seq < %s AND flag = 0 ORDER BY seq"""
NO_LATER_TICK = 2**62
ONE_DAY = timedelta(days=1)

setbacks = Setbacks()

New = dict[Resting, date]  # with the market's date when it was placed
Owed = dict[Resting, Due]  # the tick that met it when its fill failed


def evaluate(market_id: int, instrument_id: int, ticks: Sequence[Tick], source: str, *, leader_epoch: int | None = None) -> int:
    """Fills what these ticks cross and takes up new orders; how many fills there were. The same ticks may be evaluated again: nothing is filled twice.

    `ticks` are clean, ascending, recorded already, and follow without a gap those of the call before. Runs its own transactions. Raises NotLeading when
    another process has taken the lead since `leader_epoch`; EvaluationIncomplete when all is done but for accounts that are busy; LockTimeout and
    StreamBusy when nothing more could be done. After any of these the same ticks must be evaluated before later ones.
    """
    lead = Lead(market_id, instrument_id, leader_epoch)
    quotes = [Quote(t.seq, t.time, t.bid, t.ask, source, t.received_at or t.time) for t in ticks]
    new, watched = _new(lead), _crossed(lead, quotes)
    if not new and not watched:
        return 0
    owed = {resting: due for resting in new if (due := setbacks.known(resting))}
    compared = [resting for resting in (*new, *watched) if resting not in owed]
    dealing = _dealing(lead)
    tape = _tape(lead, {resting: new[resting] for resting in compared if resting in new}, quotes, dealing)
    sweep = Sweep(lead, setbacks)
    sweep.run([*owed.values(), *_due(compared, tape, dealing)])
    # What was owed to an order at one tick is not all that the ticks since owe it.
    kept_back = {one.resting.order_id for one in (*sweep.left_out, *sweep.failed)} | {
        one.resting.order_id for one in owed.values() if one.leaves_after
    }
    if seen := [resting.order_id for resting in new if resting.order_id not in kept_back]:
        _take_up(lead, seen)
    if sweep.left_out:
        accounts = sorted({one.resting.account_id for one in sweep.left_out})
        raise EvaluationIncomplete("Some accounts are busy; their orders wait.", accounts=accounts, filled=sweep.filled)
    return sweep.filled


def _where(lead: Lead) -> dict[str, int]:
    return {"market": lead.market_id, "instrument": lead.instrument_id}


def _new(lead: Lead) -> New:
    rows = sql.fetch_all(NEW, _where(lead))
    return {Resting(*row): market_time.date() for *row, market_time in rows if not setbacks.is_waiting(row[0])}


def _crossed(lead: Lead, quotes: Sequence[Quote]) -> list[Resting]:
    if not quotes:
        return []
    extremes = {"ask": min(q.ask for q in quotes), "bid": max(q.bid for q in quotes)}
    return [Resting(*row) for row in sql.fetch_all(CROSSED, {**_where(lead), **extremes})]


def _dealing(lead: Lead) -> Dealing:
    dealing = dealing_of(lead.market_id, lead.instrument_id)
    assert dealing is not None, "only what is listed has ticks"
    return dealing


def _tape(lead: Lead, new: New, quotes: Sequence[Quote], dealing: Dealing) -> Tape:
    return Tape([*_missed(lead, new, quotes), *quotes], calendar_of(dealing.calendar_id).is_open)


def _missed(lead: Lead, new: New, quotes: Sequence[Quote]) -> list[Quote]:
    if not new:
        return []
    since = min(new.values()) - ONE_DAY  # a tick's trading day is never before its date; the day between is for time zones
    after, before = min(resting.checked_seq for resting in new), quotes[0].seq if quotes else NO_LATER_TICK
    rows = sql.fetch_all(MISSED, [lead.market_id, lead.instrument_id, since, after, before])
    return [Quote(seq, time, bid, ask, STORED, received_at) for seq, time, bid, ask, received_at in rows]


def _due(resting_orders: Sequence[Resting], tape: Tape, dealing: Dealing) -> list[Due]:
    due: list[Due] = []
    for resting in resting_orders:
        crossings = tape.crossings(after_seq=resting.checked_seq, is_buy=resting.is_buy, limit_price=resting.limit_price)
        due += dues_of(resting, crossings, dealing.lots_per_quote)
    return due


@command
def _take_up(lead: Lead, order_ids: Sequence[int]) -> None:
    share_lead(lead.market_id, lead.instrument_id, lead.epoch)
    sql.execute(TAKE_UP, [list(order_ids)])
