"""The desk and the clerk side by side: each is told the same, both must answer the same, and their books must be the same."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from fractions import Fraction
from typing import Any

from django.db import connection

from accounts.exceptions import InsufficientFunds
from accounts.services.cash import post_cash
from orders.models import Order as OrderRow
from orders.services.cancellation import cancel_orders
from orders.services.placement import place_orders
from quotes.models import Listing
from settlement.exceptions import DayNotSettleable
from settlement.services.run import settle
from tests.factories.books import broken_invariants
from tests.factories.desk import MONDAY
from tests.proofs import desks
from tests.proofs.desks import Traded
from tests.proofs.market import Market
from tests.proofs.reading import differences, expected_account, expected_market, stored_accounts, stored_markets
from tests.proofs.terms import ODD, PLAIN, decimal
from tests.proofs.things import Account, Lot, Order, Wish
from tradingdesk.kernel import clock

F = Fraction
FIRST_QUOTE = (F(2000), F(4001, 2))
TERMS, SIZES = (PLAIN, ODD), (2, 1)  # the markets, and how many accounts each has

Where = tuple[int, int]  # a market and an account of it
Fed = tuple[Any, Fraction, Fraction]  # time, bid, ask of a tick


def opened() -> list[Traded]:
    """The desk's markets as every story finds them: one quote, and accounts with nothing in them."""
    return [desks.traded(terms, accounts) for terms, accounts in zip(TERMS, SIZES, strict=True)]


class Both:
    """`at` is the time of both; `steps` counts what happened in all stories."""

    steps = 0

    def __init__(self, traded: list[Traded]) -> None:
        desks.unexpected.clear()
        self.traded, self.at, self.orders_named = traded, MONDAY + timedelta(seconds=1), 0
        self.kept = [Market(terms, self.at) for terms in TERMS]
        for market, of_desk in zip(self.kept, traded, strict=True):
            market.tick(self.at, *FIRST_QUOTE)
            market.accounts = {n: self._account(n, market) for n in range(len(of_desk.accounts))}
            self._desk(of_desk.restart)

    def _account(self, number: int, market: Market) -> Account:
        return Account(number, market.terms.trading_day(self.at), market.terms.is_charged_by_larger_side)

    @property
    def accounts(self) -> list[Where]:
        return [(m, number) for m, market in enumerate(self.kept) for number in market.accounts]

    @property
    def orders(self) -> list[tuple[int, Order]]:
        return [(m, order) for m, market in enumerate(self.kept) for order in market.orders]

    @property
    def lots(self) -> list[tuple[Where, Lot]]:
        return [((m, account.number), lot) for m, market in enumerate(self.kept) for account in market.accounts.values() for lot in account.lots]

    def time_passes(self, seconds: int) -> None:
        self.at += timedelta(seconds=seconds)
        for market in self.kept:
            market.now = self.at

    def cash(self, where: Where, amount: Fraction) -> None:
        market, number = where
        booked = self._clerk(lambda: self.kept[market].cash(number, amount))
        try:
            self._desk(lambda: post_cash(self.traded[market].accounts[number].pk, decimal(amount), reason="Proof"))
        except InsufficientFunds:
            assert not booked, "refused, and could have been paid"
        else:
            assert booked, "paid, and could not have been"

    def place(self, asked: Sequence[tuple[int, Wish]]) -> None:
        """One batch."""
        requests = [self.traded[m].request(wish) for m, wish in asked]
        said = [(o.status, o.reason, F(o.filled_quantity), o.replayed) for o in self._desk(lambda: place_orders(requests))]
        assert said == self._clerk(lambda: self._placed(asked))

    def _placed(self, asked: Sequence[tuple[int, Wish]]) -> list[tuple[Any, ...]]:
        self._touch((m, wish.account) for m, wish in asked)
        return [self._answer(self.kept[m], wish) for m, wish in asked]

    def _answer(self, market: Market, wish: Wish) -> tuple[Any, ...]:
        account = market.accounts[wish.account]
        first = next((order for order in account.orders if order.wish.name == wish.name), None)
        if first is not None and first.wish != wish:
            return "DENIED", "DUPLICATE_ID", F(0), False
        order = first or market.place(account, wish)
        return order.status, order.reason, order.filled, first is not None

    def cancel(self, chosen: Sequence[tuple[int, Order]]) -> None:
        ids = [self._order_id(m, order) for m, order in chosen]
        said = [(o.status, o.replayed) for o in self._desk(lambda: cancel_orders(ids))]
        assert said == self._clerk(lambda: self._canceled(chosen))

    def _order_id(self, market: int, order: Order) -> int:
        account = self.traded[market].accounts[order.wish.account]
        return OrderRow.objects.values_list("pk", flat=True).get(account=account, client_order_id=order.wish.name)

    def _canceled(self, chosen: Sequence[tuple[int, Order]]) -> list[tuple[str, bool]]:
        self._touch((m, order.wish.account) for m, order in chosen)
        rested = [order.rests for _, order in chosen]
        for m, order in chosen:
            self.kept[m].cancel(self.kept[m].accounts[order.wish.account], order)
        return [(order.status, not did) for (_, order), did in zip(chosen, rested, strict=True)]

    def take(self, market: int, ticks: Sequence[Fed], *, seen: bool) -> None:
        """Ticks come in; the market process shows them to the orders, or ends before that."""
        fed = [(at, decimal(bid), decimal(ask)) for at, bid, ask in ticks]
        self._desk(lambda: self.traded[market].take(fed, seen=seen))

        def kept() -> None:
            for tick in ticks:
                self.kept[market].tick(*tick)
            if seen:
                self.kept[market].evaluate()

        self._clerk(kept)

    def restart(self, market: int) -> None:
        self._desk(self.traded[market].restart)
        self._clerk(self.kept[market].evaluate)

    def settle(self, market: int) -> None:
        """The next day, if it has come."""
        kept, pk, day = self.kept[market], self.traded[market].desk.market.pk, self.kept[market].next_run
        try:
            run = self._desk(lambda: settle(pk, day))
        except DayNotSettleable:
            assert day > kept.today
            return
        assert day <= kept.today
        assert (list(run.proofs.exclude(difference=0)), run.steps.get(name="PROOF").detail["unequal_accounts"]) == ([], [])
        self._clerk(kept.settle)

    def quotes_are_for(self, market: int, lots: Fraction | None) -> None:
        Listing.objects.filter(market=self.traded[market].desk.market).update(quote_quantity=None if lots is None else decimal(lots))
        self.kept[market].per_quote = lots
        self._clerk(lambda: None)

    def compare(self) -> None:
        """Right by themselves, and the same."""
        assert not desks.unexpected, desks.unexpected
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what would be found at commit
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        found = dict(self._differences())
        assert not found, found
        assert broken_invariants() == {}

    def _differences(self) -> Iterator[tuple[Any, Any]]:
        markets, accounts = stored_markets(), stored_accounts()
        for market, kept in zip(self.traded, self.kept, strict=True):
            yield from differences(markets[market.desk.market.pk], expected_market(kept)).items()
            for row, account in zip(market.accounts, kept.accounts.values(), strict=True):
                for name, values in differences(accounts[row.pk], expected_account(account)).items():
                    yield (row.number, name), values

    def _desk(self, act: Callable[[], Any]) -> Any:
        with clock.fixed(self.at):
            return act()

    def _clerk(self, act: Callable[[], Any]) -> Any:
        self.time_passes(0)
        Both.steps += 1
        return act()

    def _touch(self, places: Iterable[Where]) -> None:
        # One command touches all its accounts before it does anything to one of them.
        touched = sorted(set(places))
        for m, market in enumerate(self.kept):
            market.touch([market.accounts[number] for of, number in touched if of == m])
