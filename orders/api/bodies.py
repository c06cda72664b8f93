"""What the API says about an order, an event, a fill: numbers as text, times in ISO 8601 UTC."""

from typing import Any

from orders.models import Fill, Order, OrderEvent
from tradingdesk.kernel.money import average, text


def order_body(order: Order) -> dict[str, Any]:
    """One order as it stands; needs account, market and instrument at hand, and what it still freezes (`selectors.orders_of`)."""
    return {
        "order_id": order.pk,
        "client_order_id": order.client_order_id,
        "account": order.account.number,
        "market": order.market.code,
        "instrument": order.instrument.symbol,
        "side": order.side,
        "effect": order.effect,
        "type": order.type,
        "time_in_force": order.time_in_force,
        "quantity": text(order.quantity),
        "limit_price": text(order.limit_price),
        "status": order.status,
        "reason": order.reason or None,
        "detail": order.detail,
        "filled_quantity": text(order.filled_quantity),
        "average_price": text(average(order.average_price)),
        "realised_pnl": text(order.realised_pnl),
        "fees": text(order.fees),
        "frozen_margin": text(order.frozen_margin),  # type: ignore[attr-defined]
        "frozen_fee": text(order.frozen_fee),  # type: ignore[attr-defined]
        "trading_day": order.trading_day,
        "placed_at": order.placed_at,
        "ended_at": order.ended_at,
    }


def event_body(event: OrderEvent) -> dict[str, Any]:
    """One step, with the account's amounts after it."""
    return {
        "step": event.step,
        "status": event.status,
        "fill_id": event.fill_id,
        "data": event.data,
        "account_version": event.account_version,
        "balance_after": text(event.balance_after),
        "frozen_after": text(event.frozen_after),
        "margin_after": text(event.margin_after),
        "market_time": event.market_time,
        "recorded_at": event.recorded_at,
    }


def fill_body(fill: Fill) -> dict[str, Any]:
    """One execution, with the quote it was made at and its share of the order's freeze."""
    quote = {"seq": fill.quote_seq, "bid": text(fill.quote_bid), "ask": text(fill.quote_ask), "time": fill.quote_time, "source": fill.quote_source}
    return {
        "fill_id": fill.pk,
        "side": fill.side,
        "effect": fill.effect,
        "quantity": text(fill.quantity),
        "price": text(fill.price),
        "fee": text(fill.fee),
        "realised_pnl": text(fill.realised_pnl),
        "captured_margin": text(fill.captured_margin),
        "captured_fee": text(fill.captured_fee),
        "quote": quote,
        "trading_day": fill.trading_day,
        "recorded_at": fill.recorded_at,
    }
