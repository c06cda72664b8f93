"""What a scenario begins with: positions carried into trading day 1, settled at the previous settlement prices, and balances.

Two days before day 1 the positions are booked as deals at their open prices and settled; the day before it each account's cash is brought to its balance.
No fee and no margin is in force then, and nothing of those days belongs to the result.
"""

from decimal import Decimal

from accounts.models import AccountFunds
from accounts.services.cash import post_cash
from orders.enums import Effect, Side
from orders.services.deals import DealRequest, book_deals
from quotes.services.script import advance
from settlement.services.run import settle
from tradingdesk.desk.scenario.errors import ScenarioError
from tradingdesk.desk.scenario.scenario import previous_weekday
from tradingdesk.desk.scenario.stage import Stage, instant

UNLIMITED = Decimal(10) ** 14  # hundred thousand times what such tables trade for; what it comes to is not told


def begin(stage: Stage) -> None:
    """Brings the stage to the first moment of trading day 1."""
    day_before = previous_weekday(stage.scenario.start)
    prices = {stage.instruments[contract.symbol].pk: contract.previous_settlement for contract in stage.scenario.instruments}
    if any(client.positions for client in stage.scenario.accounts):
        earlier = previous_weekday(day_before)
        advance(stage.market.pk, instant(earlier))
        _carry(stage)
        settle(stage.market.pk, earlier, prices=prices)
    advance(stage.market.pk, instant(day_before))
    _fund(stage)
    settle(stage.market.pk, day_before, prices=prices)
    _limit_orders(stage)
    advance(stage.market.pk, instant(stage.scenario.start))


def _carry(stage: Stage) -> None:
    deals, places = [], []
    for index, client in enumerate(stage.scenario.accounts):
        for place, carried in enumerate(client.positions):
            places.append(f"accounts[{index}].positions[{place}]")
            deals.append(
                DealRequest(
                    account_id=stage.accounts[client.id].pk,
                    instrument_id=stage.instruments[carried.symbol].pk,
                    side=Side.BUY if carried.side == "long" else Side.SELL,
                    effect=Effect.OPEN,
                    quantity=carried.qty,
                    price=carried.open_price,
                    client_order_id=f"carried-{place}",
                    actor_id=stage.owner.pk,
                )
            )
    for where, outcome in zip(places, book_deals(deals), strict=True):
        if outcome.is_denied:
            raise ScenarioError(where, outcome.message)


def _fund(stage: Stage) -> None:
    for client in stage.scenario.accounts:
        account = stage.accounts[client.id]
        wanted = UNLIMITED if client.balance is None else client.balance
        missing = wanted - AccountFunds.objects.values_list("balance", flat=True).get(pk=account.pk)
        if missing:
            post_cash(account.pk, missing, reason="Balance at the beginning of the scenario", actor_id=stage.owner.pk)


def _limit_orders(stage: Stage) -> None:
    # Only now: what is carried may be more than one order.
    for contract in stage.scenario.instruments:
        if contract.max_order_qty is not None:
            instrument = stage.instruments[contract.symbol]
            instrument.max_order_quantity = contract.max_order_qty
            instrument.save(update_fields=["max_order_quantity"])
