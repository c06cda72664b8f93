"""Accounts are opened, funded and paid out by services: exact, balanced, and refused without a trace."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.enums import HousePurpose
from accounts.exceptions import InsufficientFunds
from accounts.models import Account, AccountFunds, Entry, HouseAccount, Journal, User
from accounts.selectors import account_for, accounts_for, figures, ledger_entries, positions, tradable_by
from accounts.services.cash import post_cash
from accounts.services.opening import open_account
from accounts.services.standing import change_standing, possible_actions
from settlement.services.run import settle
from tests.factories.books import assert_books_are_right
from tests.factories.desk import MONDAY, Desk, funds, make_desk
from tradingdesk.kernel.errors import Conflict, InvalidRequest, InvalidTransition, NotFound

pytestmark = pytest.mark.django_db
D = Decimal


def opened(desk: Desk, **fields: Any) -> Account:
    return open_account(**{"number": "N-1", "name": "", "owner": desk.trader, "market": desk.market, "tier": desk.tier, **fields})


def test_an_account_begins_with_nothing_and_its_house_accounts_stand_ready(desk: Desk) -> None:
    agent = User.objects.create_user("agent")
    with desk.now():
        account = opened(desk, number=" N-1 ", currency=" eur ", agents=[agent])
    assert (account.number, account.name, account.currency, account.status, account.opened_at) == ("N-1", "N-1", "EUR", "ACTIVE", desk.at)
    assert list(account.agents.all()) == [agent]
    f = funds(account)
    assert (f.balance, f.frozen_margin, f.frozen_fee, f.margin, f.version, f.settled_through) == (0, 0, 0, 0, 0, None)
    assert set(HouseAccount.objects.filter(currency="EUR").values_list("purpose", flat=True)) == set(HousePurpose.values)
    opened(desk, number="N-2", currency="EUR")
    assert HouseAccount.objects.filter(currency="EUR").count() == len(HousePurpose)


def test_an_account_opened_in_a_settled_market_owes_nothing_to_the_days_before(desk: Desk) -> None:
    with desk.now():
        settle(desk.market.pk)
        account = opened(desk)
    assert funds(account).settled_through == MONDAY.date()


@pytest.mark.parametrize(
    "fields",
    [
        {"number": ""},
        {"number": "  "},
        {"number": "x" * 33},
        {"number": "N\x001"},
        {"name": "x" * 101},
        {"currency": ""},
        {"currency": "US"},
        {"currency": "USDT"},
        {"currency": "U$D"},
        {"currency": "ÜÄÖ"},
    ],
)
def test_what_cannot_be_an_account_is_refused(desk: Desk, fields: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest):
        opened(desk, **fields)
    assert (Account.objects.count(), AccountFunds.objects.count()) == (0, 0)


def test_a_number_is_given_once_over_all_markets(desk: Desk) -> None:
    opened(desk)
    other = make_desk(market_code="OTHER")
    with pytest.raises(Conflict) as refusal:
        opened(other)
    assert refusal.value.extra == {"number": "N-1"}
    assert Account.objects.count() == 1


def test_a_deposit_is_a_balanced_journal_with_its_reason(desk: Desk) -> None:
    account = desk.account("0")
    with desk.now():
        journal_id = post_cash(account.pk, D("1234.56"), reason="Wire 77", actor_id=desk.trader.pk, request_id="r-1")
    journal = Journal.objects.get(pk=journal_id)
    assert (journal.kind, journal.reason, journal.actor, journal.request_id, journal.trading_day) == (
        "CASH",
        "Wire 77",
        desk.trader,
        "r-1",
        MONDAY.date(),
    )
    assert sorted(journal.entries.values_list("amount", flat=True)) == [D("-1234.56"), D("1234.56")]
    client, house = journal.entries.get(account=account), journal.entries.get(account=None)
    assert (client.balance_after, client.account_version, client.frozen_after, client.margin_after) == (D("1234.56"), 1, 0, 0)
    assert (house.house_account.purpose, house.account_version) == ("CASH_AT_BANK", None)
    assert_books_are_right()


@pytest.mark.parametrize("amount", ["0", "0.00", "0.005", "-0.001", "10.001", "NaN", "Infinity", "-Infinity", "1000000000000000000", "1e30"])
def test_an_amount_that_is_not_whole_cents_is_refused(desk: Desk, amount: str) -> None:
    account = desk.account("1000")
    with pytest.raises(InvalidRequest):
        post_cash(account.pk, D(amount), reason="No")
    assert (funds(account).version, funds(account).balance, Entry.objects.count()) == (1, D(1000), 2)


@pytest.mark.parametrize("reason", ["", "  ", "\n", "x" * 201])
def test_cash_without_a_reason_that_can_be_kept_is_refused(desk: Desk, reason: str) -> None:
    account = desk.account("1000")
    with pytest.raises(InvalidRequest):
        post_cash(account.pk, D(1), reason=reason)
    assert funds(account).version == 1


def test_cash_for_nobody_is_not_found(db: None) -> None:
    with pytest.raises(NotFound):
        post_cash(999_999, D(1), reason="Nobody")


@pytest.mark.parametrize(
    ("bid", "withdrawable"),
    [
        # 20,000 − fee 5 − margin 10,002.50 − frozen 0 = 9,992.50; a loss since 2000.50 counts, a profit is never paid out
        ("2000.00", "9942.50"),
        ("1990.00", "8942.50"),
        ("2050.00", "9992.50"),
    ],
)
def test_no_more_is_paid_out_than_is_free(desk: Desk, bid: str, withdrawable: str) -> None:
    account = desk.account("20000")
    desk.buy(account, 1)
    desk.quote(bid, str(D(bid) + 1))
    with pytest.raises(InsufficientFunds) as refusal:
        post_cash(account.pk, -(D(withdrawable) + D("0.01")), reason="All of it")
    assert refusal.value.extra == {"required": str((D(withdrawable) + D("0.01")).normalize()), "available": str(D(withdrawable).normalize())}
    assert funds(account).version == 2
    post_cash(account.pk, -D(withdrawable), reason="All of it")
    assert funds(account).balance == D("19995.00") - D(withdrawable)
    assert_books_are_right()


def test_a_profit_is_not_paid_out_even_where_it_counts_for_margin(desk: Desk) -> None:
    desk.tier.floating = "ALL"
    desk.tier.save()
    account = desk.account("20000")
    desk.buy(account, 1)
    desk.quote("2050.00", "2050.50")
    assert figures(account.pk).available == D("9992.50") + D("4950.00")
    with pytest.raises(InsufficientFunds):
        post_cash(account.pk, D("-9992.51"), reason="Profit")


def test_what_orders_have_frozen_is_not_paid_out(desk: Desk) -> None:
    account = desk.account("20000")
    desk.buy(account, 1, "1900.00")  # freezes 9,505.00
    with pytest.raises(InsufficientFunds):
        post_cash(account.pk, D("-10495.01"), reason="Too much")
    post_cash(account.pk, D("-10495.00"), reason="The rest")
    assert figures(account.pk).available == 0
    assert_books_are_right()


def test_figures_and_positions_add_up(desk: Desk) -> None:
    account = desk.account("100000")
    desk.buy(account, 2)
    desk.quote("2010.00", "2010.50")
    desk.buy(account, 2)
    desk.close_long(account, 1, "2100.00")
    shown, [position] = figures(account.pk), positions(account.pk)
    # balance 100,000 − 20; margin 2 × 10,002.50 + 2 × 10,052.50; floating 2 × 950 − 2 × 50; frozen the fee of the close
    assert (shown.balance, shown.margin, shown.floating, shown.frozen) == (D(99_980), D(40_110), D(1_800), D(5))
    assert (shown.equity, shown.available) == (D(101_780), D(99_980) - 5 - 40_110)
    assert shown.margin_level == D("253.75")  # 101,780 ÷ 40,110
    assert (position.quantity, position.closable, position.average_price, position.mark) == (4, 3, D("2005.50"), D("2010.00"))
    assert (position.floating, position.margin) == (shown.floating, shown.margin)


def test_an_account_without_positions_has_no_margin_level(desk: Desk) -> None:
    account = desk.account("100")
    assert (figures(account.pk).margin_level, positions(account.pk)) == (None, [])
    for read in (figures, positions):
        with pytest.raises(NotFound):
            read(999_999)


def test_ledger_entries_come_newest_first(desk: Desk) -> None:
    account = desk.account("100000")
    desk.buy(account, 1)
    desk.close_long(account, 1)
    kinds = [entry.kind for entry in ledger_entries(account.pk, 3)]
    assert kinds == ["FEE", "REALISED_PNL", "FEE"]


def test_owners_and_agents_see_their_accounts_and_nobody_elses(desk: Desk) -> None:
    agent, stranger = User.objects.create_user("agent"), User.objects.create_user("stranger")
    account = desk.account("100", agents=[agent])
    other = desk.account("100", owner=stranger)
    assert set(accounts_for(agent)) == set(tradable_by(desk.trader)) == {account}
    assert account_for(agent, account.number) == account
    for number in (other.number, "nothing", "", "N\x00"):
        with pytest.raises(NotFound):
            account_for(agent, number)


def test_suspending_keeps_resting_orders_and_denies_new_ones(desk: Desk) -> None:
    account = desk.account("100000")
    desk.buy(account, 1, "1990.00")
    change_standing(account.pk, "SUSPEND", reason="Calls not answered")
    assert desk.buy(account, 1).reason == "ACCOUNT_NOT_ACTIVE"
    assert desk.quote("1980.00", "1980.50") == 1
    assert possible_actions("SUSPENDED") == ["REACTIVATE"]
    with pytest.raises(InvalidTransition):
        change_standing(account.pk, "SUSPEND", reason="Again")
    with pytest.raises(NotFound):
        change_standing(999_999, "SUSPEND", reason="Nobody")
    change_standing(account.pk, "REACTIVATE", reason="Answered")
    assert desk.buy(account, 1).status == "FILLED"
    assert_books_are_right()


def test_cash_after_the_prices_are_fixed_belongs_to_the_next_day(desk: Desk) -> None:
    account = desk.account("100")
    with desk.now():
        settle(desk.market.pk)
        journal_id = post_cash(account.pk, D(5), reason="Late")
    assert Journal.objects.get(pk=journal_id).trading_day == MONDAY.date() + timedelta(days=1)
