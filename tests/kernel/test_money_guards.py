"""What PostgreSQL refuses of money, tried as desk_app with SQL alone. Each test: the same statement, right, is taken."""

from decimal import Decimal

import pytest
from django.db import connection

from accounts.models import Account, AccountFunds, Entry, HouseAccount, Journal, RiskTier
from orders.models import Fill, OrderEvent
from tests.factories.desk import Desk, funds, make_desk
from tests.kernel.raw import code_of, insert, next_id, refusal

pytestmark = pytest.mark.django_db

MONDAY = {"trading_day": "2026-03-02", "recorded_at": "2026-03-02T12:00Z"}
ACROSS, UNBALANCED, OUT_OF_TURN, POSTED = (
    f"DK003 {name}" for name in ("JOURNAL_ACROSS_MARKETS", "UNBALANCED_JOURNAL", "ENTRY_OUT_OF_TURN", "JOURNAL_POSTED")
)


class Ledger:
    """A cash journal by hand, of an account with 1000.00: right as it is."""

    def __init__(self, desk: Desk, account: Account) -> None:
        self.account = account
        self.house = HouseAccount.objects.get(market=desk.market, currency="USD", purpose="CASH_AT_BANK")
        self.journal = {"id": next_id("accounts_journal"), "market_id": desk.market.pk, "kind": "CASH", "reason": "by hand", "request_id": ""}
        self.journal |= {"market_time": desk.at, **MONDAY}

    def lines(self, client: str, house: str, **client_values: object) -> list[dict[str, object]]:
        """A client's line and the house's; the client's follows on from the opening deposit."""
        shared = {"journal_id": self.journal["id"], "kind": "CASH", "currency": "USD", **MONDAY}
        left = {"account_version": 2, "balance_after": Decimal(1000) + Decimal(client)}
        ours = {**shared, "line": 0, "account_id": self.account.pk, "house_account_id": None, "amount": client, **left, **client_values}
        theirs = {"line": 1, "account_id": None, "house_account_id": self.house.pk, "amount": house, "account_version": None, "balance_after": None}
        return [ours, {**ours, **shared, **theirs}]

    def post(self, client: str = "10.00", house: str = "-10.00", *, theirs: dict[str, object] | None = None, **ours: object) -> str | None:
        mine, other = self.lines(client, house, **ours)
        return refusal([insert("accounts_journal", self.journal), insert("accounts_entry", mine, {**other, **(theirs or {})})])


@pytest.fixture
def ledger(desk: Desk) -> Ledger:
    return Ledger(desk, desk.account("1000"))


@pytest.mark.parametrize(("client", "house", "name"), [("10.00", "-10.00", None), ("10.00", "-9.99", UNBALANCED), ("10.00", "10.00", UNBALANCED)])
def test_a_journal_must_sum_to_zero(ledger: Ledger, client: str, house: str, name: str | None) -> None:
    assert ledger.post(client, house) == name


def test_a_journal_must_sum_to_zero_in_each_currency(ledger: Ledger) -> None:
    assert ledger.post(theirs={"currency": "EUR"}) == UNBALANCED


def test_a_journal_has_the_currency_of_its_parties(ledger: Ledger) -> None:
    assert ledger.post(theirs={"currency": "EUR"}, currency="EUR") == ACROSS


def test_money_never_crosses_from_one_market_into_another(desk: Desk, ledger: Ledger) -> None:
    live = make_desk(market_code="LIVE")
    foreign = live.account("1000")
    house = HouseAccount.objects.get(market=live.market, currency="USD", purpose="CASH_AT_BANK")
    assert ledger.post(account_id=foreign.pk) == ACROSS
    assert ledger.post(theirs={"house_account_id": house.pk}) == ACROSS
    ledger.journal["market_id"] = live.market.pk
    assert ledger.post() == ACROSS


def test_entries_that_come_before_their_journal_are_refused(ledger: Ledger) -> None:
    lines, journal = insert("accounts_entry", *ledger.lines("10.00", "-10.00")), insert("accounts_journal", ledger.journal)
    assert refusal([lines, journal]) == ACROSS  # it could follow in another market
    assert refusal([journal, lines]) is None


def test_entries_of_parties_that_do_not_exist_are_refused(ledger: Ledger) -> None:
    assert ledger.post(account_id=10**9) == ACROSS
    assert ledger.post(theirs={"house_account_id": 10**9}) == ACROSS


def test_a_journal_without_entries_is_refused(ledger: Ledger) -> None:
    assert refusal([insert("accounts_journal", ledger.journal)]) == "23503 accounts_journal_has_entries"


def test_a_posted_journal_takes_no_further_entries(ledger: Ledger) -> None:
    posted = Journal.objects.filter(entries__account=ledger.account).distinct().get()  # the opening deposit
    mine, other = ({**line, "journal_id": posted.pk} for line in ledger.lines("10.00", "-10.00"))
    assert refusal([insert("accounts_entry", mine, other)]) == "23505 accounts_entry_line"
    assert refusal([insert("accounts_entry", {**mine, "line": 2}, {**other, "line": 3})]) == POSTED


def test_entries_of_one_journal_in_two_statements_are_refused(ledger: Ledger) -> None:
    # Each half sums to zero.
    halves = [ledger.lines("10.00", "-10.00"), [{**line, "line": line["line"] + 2} for line in ledger.lines("10.00", "-10.00", balance_after=1020)]]
    journal = insert("accounts_journal", ledger.journal)
    assert refusal([journal, *(insert("accounts_entry", *half) for half in halves)]) == POSTED
    assert refusal([journal, insert("accounts_entry", *halves[0], *halves[1])]) is None


@pytest.mark.parametrize(
    "wrong",
    [{"balance_after": 1000}, {"balance_after": 10}, {"balance_after": None}, {"balance_after": "NaN"}, {"account_version": 0}, {"id": -1}],
    ids=str,
)
def test_an_entry_follows_on_from_what_the_account_stood_at(ledger: Ledger, wrong: dict[str, object]) -> None:
    assert ledger.post(**{"id": next_id("accounts_entry"), **wrong}, theirs={"id": next_id("accounts_entry")}) == OUT_OF_TURN


def test_an_entry_of_an_account_without_funds_is_refused(desk: Desk, ledger: Ledger) -> None:
    bare = Account.objects.create(number="BARE", name="Without funds", owner=desk.trader, market=desk.market, tier=desk.tier, opened_at=desk.at)
    assert ledger.post(account_id=bare.pk, balance_after=None) == OUT_OF_TURN


@pytest.mark.parametrize("amount", ["10.00", "-5000.00"])
def test_the_balance_moves_with_its_entry_and_by_nothing_else(ledger: Ledger, amount: str) -> None:
    for statement in (insert("accounts_journal", ledger.journal), insert("accounts_entry", *ledger.lines(amount, str(-Decimal(amount))))):
        with connection.cursor() as cursor:
            cursor.execute(*statement)
    assert (funds(ledger.account).balance, funds(ledger.account).version) == (1000 + Decimal(amount), 2)
    assert refusal([("UPDATE accounts_accountfunds SET balance = balance + 1 WHERE account_id = %s", [ledger.account.pk])]) == "42501"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("market_id = %s", "DK001"),
        ("currency = 'EUR'", "DK001"),
        ("id = id + 1000000", "DK001"),
        ("currency = currency, market_id = market_id, name = 'Another name'", None),
    ],
)
def test_an_account_stays_in_its_market_and_currency(desk: Desk, change: str, code: str | None) -> None:
    elsewhere = make_desk(market_code="LIVE").market.pk
    account = desk.account("1000")
    params = [elsewhere] if "%s" in change else []
    assert code_of(f"UPDATE accounts_account SET {change} WHERE id = %s", [*params, account.pk]) == code


@pytest.mark.parametrize("change", ["market_id = %s", "currency = 'EUR'", "purpose = 'BONUS'", "id = id + 1000000"])
def test_a_house_account_stays_what_it_is(desk: Desk, change: str) -> None:
    elsewhere = make_desk(market_code="LIVE").market.pk
    desk.account("1000")
    house = HouseAccount.objects.filter(market=desk.market).first()
    params = [elsewhere] if "%s" in change else []
    assert code_of(f"UPDATE accounts_houseaccount SET {change} WHERE id = %s", [*params, house.pk]) == "DK001"


def test_an_entry_has_one_party(ledger: Ledger) -> None:
    assert ledger.post(account_id=None) == "23514 accounts_entry_one_party"
    assert ledger.post(house_account_id=ledger.house.pk) == "23514 accounts_entry_one_party"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("frozen_margin = 1000", None),
        ("frozen_margin = 1000.01", "DK004"),
        ("frozen_margin = 990, frozen_fee = 10", None),
        ("frozen_margin = 990, frozen_fee = 10.01", "DK004"),
        ("frozen_margin = 900, margin = 100.01", "DK004"),
        ("frozen_margin = 900, floating_loss = 100.01", "DK004"),
        ("frozen_margin = 1100, floating_loss = -100", "DK004"),  # a tier where only losses count, and no lot
        ("margin = 5000", None),
        ("frozen_fee = 5000", None),  # the fee of a closing order
        ("frozen_margin = 1, floating_loss = 'NaN'", "DK004"),
        ("frozen_margin = -1", "23514"),
        ("version = version - 1", "DK004"),
        ("version = version", None),
    ],
)
def test_frozen_margin_never_rises_beyond_what_is_available(desk: Desk, change: str, code: str | None) -> None:
    account = desk.account("1000")
    assert code_of(f"UPDATE accounts_accountfunds SET {change} WHERE account_id = %s", [account.pk]) == code


def freeze_1100_on_1000_and_a_profit_of_100(desk: Desk, floating: str, *, holds: bool) -> str | None:
    tier = RiskTier.objects.create(name=f"{floating} {holds}", floating=floating)
    account = desk.account("12000", tier=tier)
    if holds:
        desk.buy(account, 1)
    fits = "margin = balance - 1000, frozen_margin = 1100, floating_loss = -100"
    return code_of(f"UPDATE accounts_accountfunds SET {fits} WHERE account_id = %s", [account.pk])


@pytest.mark.parametrize(("floating", "code"), [("ALL", None), ("GAINS_ONLY", None), ("LOSSES_ONLY", "DK004"), ("NONE", "DK004")])
def test_a_floating_profit_pays_for_frozen_margin_only_where_the_tier_says_so(desk: Desk, floating: str, code: str | None) -> None:
    assert freeze_1100_on_1000_and_a_profit_of_100(desk, floating, holds=True) == code


def test_a_floating_profit_without_an_open_lot_pays_for_nothing(desk: Desk) -> None:
    assert freeze_1100_on_1000_and_a_profit_of_100(desk, "ALL", holds=False) == "DK004"


@pytest.mark.parametrize("column", ["balance", "frozen_margin", "frozen_fee", "margin", "floating_loss", "version", None])
def test_funds_begin_with_nothing(desk: Desk, column: str | None) -> None:
    account = Account.objects.create(number="BARE", name="Without funds", owner=desk.trader, market=desk.market, tier=desk.tier, opened_at=desk.at)
    names = [f.column for f in AccountFunds._meta.concrete_fields if f.column not in {"account_id", "settled_through"}]
    values = ", ".join("1" if name == column else "0" for name in names)
    insert = f"INSERT INTO accounts_accountfunds (account_id, {', '.join(names)}) VALUES (%s, {values})"
    assert code_of(insert, [account.pk]) == ("DK004" if column else None)


def test_frozen_margin_may_fall_while_available_is_negative(desk: Desk) -> None:
    account = desk.account("20000")
    desk.buy(account, 1, "1900.00")  # freezes 9,500.00
    change = "UPDATE accounts_accountfunds SET margin = 20000, frozen_margin = frozen_margin - %s WHERE account_id = %s"
    assert code_of(change, [1, account.pk]) is None
    assert code_of(change, [-1, account.pk]) == "DK004"


def test_a_journal_cannot_point_to_a_fill_that_is_not_there(ledger: Ledger) -> None:
    ledger.journal |= {"kind": "FILL", "fill_id": 999_999}
    assert ledger.post() == "23503 accounts_journal_fill_id_fk"


@pytest.mark.parametrize("model", [Entry, Journal, OrderEvent, Fill], ids=lambda model: model.__name__)
@pytest.mark.parametrize("statement", ["UPDATE {} SET recorded_at = now()", "DELETE FROM {}", "TRUNCATE {}"])
def test_posted_rows_bind_the_application(desk: Desk, model: type, statement: str) -> None:
    desk.buy(desk.account("100000"), 1)
    assert code_of(statement.format(model._meta.db_table)) == "42501"
