"""The steps of a settlement. Each may be run again from anywhere in its middle; each returns what it did, for the record."""

import hashlib
from collections.abc import Iterator
from itertools import islice
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Count, Q, Sum

from accounts.models import AccountDay, AccountFunds, Lot
from accounts.services.days import settle_accounts
from quotes.services import settlement_prices
from settlement.exceptions import SettlementIncomplete
from settlement.models import SettlementRun, ZeroSumProof
from settlement.selectors import unequal_accounts, zero_sum_rows
from tradingdesk.kernel import money

log = structlog.get_logger(__name__)
CHUNK = 200  # accounts in one transaction: some 50 ms of locks
SUMMED = ("opening_balance", "cash", "realised_pnl", "holding_pnl", "fees", "compensation", "closing_balance", "frozen", "margin", "margin_call")


def fix_prices(run: SettlementRun) -> dict[str, Any]:
    """From here on bookings belong to the next trading day. Raises SettlementIncomplete when something that is held has no price."""
    prices = settlement_prices.fix(run.market_id, run.trading_day)
    held = Lot.objects.filter(account__market_id=run.market_id, quantity__gt=0, trading_day__lte=run.trading_day)
    unpriced = sorted(set(held.exclude(instrument_id__in=prices).values_list("instrument__symbol", flat=True)))
    if unpriced:
        raise SettlementIncomplete(f"There is no settlement price for {', '.join(unpriced)}.", instruments=unpriced)
    return {"prices": {str(instrument_id): money.text(price) for instrument_id, price in prices.items()}}


def mark_accounts(run: SettlementRun) -> dict[str, Any]:
    """Every account that is behind: day orders expired, lots marked, fees charged, margin set, the day's row written. One bad account never stops
    the others.
    """
    behind = AccountFunds.objects.filter(account__market_id=run.market_id).filter(
        Q(settled_through__isnull=True) | Q(settled_through__lt=run.trading_day)
    )
    ids = iter(list(behind.order_by("account_id").values_list("account_id", flat=True)))
    settled = 0
    failed: list[int] = []
    while chunk := list(islice(ids, CHUNK)):
        settled += _settle_chunk(chunk, failed)
    if failed:
        raise SettlementIncomplete(f"{len(failed)} accounts could not be settled; the others are.", accounts=failed[:100], settled=settled)
    return {"account_days": settled}


def _settle_chunk(account_ids: list[int], failed: list[int]) -> int:
    # A chunk that fails is halved until the guilty account stands alone.
    try:
        return settle_accounts(account_ids)
    except Exception as error:  # its transaction is undone, whatever it was; the other accounts go on
        if len(account_ids) == 1:
            log.error("account not settled", account=account_ids[0], error=str(error))
            failed.append(account_ids[0])
            return 0
    middle = len(account_ids) // 2
    return _settle_chunk(account_ids[:middle], failed) + _settle_chunk(account_ids[middle:], failed)


def take_snapshot(run: SettlementRun) -> dict[str, Any]:
    """Totals per currency and a hash over the day's account rows, on the run."""
    days = AccountDay.objects.filter(market_id=run.market_id, trading_day=run.trading_day)
    sums: Any = days.values("currency").annotate(accounts=Count("id"), **{f"sum_{name}": Sum(name) for name in SUMMED}).order_by("currency")
    run.totals = {row["currency"]: {name: money.text(row[f"sum_{name}"]) for name in SUMMED} for row in sums}
    run.accounts = sum(row["accounts"] for row in sums)
    run.hash = _hash(days.order_by("account_id").values_list("account_id", "currency", *SUMMED).iterator())
    run.save(update_fields=["totals", "accounts", "hash"])
    return {"accounts": run.accounts, "hash": run.hash}


def _hash(rows: Iterator[tuple[Any, ...]]) -> str:
    digest = hashlib.sha256()
    for row in rows:
        digest.update(("|".join(map(str, row)) + "\n").encode())
    return digest.hexdigest()


def prove(run: SettlementRun) -> dict[str, Any]:
    """Client P&L + house P&L + fees + cash (deficits written off included) = 0, per currency and instrument; and every closing balance is the sum of the
    account's entries.
    """
    earlier = SettlementRun.objects.filter(market_id=run.market_id, trading_day__lt=run.trading_day).order_by("-trading_day").first()
    rows = zero_sum_rows(run.market_id, earlier.trading_day if earlier else None, run.trading_day)
    names = ("currency", "instrument_id", "client_pnl", "client_fees", "client_cash", "house_pnl", "house_fees", "house_cash", "difference")
    with transaction.atomic(durable=True):
        if not run.proofs.exists():
            ZeroSumProof.objects.bulk_create(ZeroSumProof(run=run, **dict(zip(names, row, strict=True))) for row in rows)
    unequal = unequal_accounts(run.market_id, run.trading_day)
    differences = [f"{row[0]} {row[1]}: {row[8]}" for row in rows if row[8]]
    if unequal or differences:
        log.error("settlement does not add up", run=run.pk, accounts=unequal[:100], differences=differences)
    return {"lines": len(rows), "differences": differences, "unequal_accounts": unequal[:100]}
