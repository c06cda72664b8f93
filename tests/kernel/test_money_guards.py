"""What PostgreSQL refuses of money, tried as desk_app with SQL alone. Each test: the same statement, right, is taken."""

import pytest
from django.db import connection

from accounts.models import Account, AccountFunds, Entry, HouseAccount, Journal, RiskTier
from orders.models import Fill, OrderEvent
from tests.factories.desk import Desk, make_desk
from tests.kernel.raw import code_of

pytestmark = pytest.mark.django_db

JOURNAL = """
INSERT INTO accounts_journal (market_id, kind, trading_day, reason, request_id, market_time, recorded_at)
VALUES (%s, 'CASH', '2026-03-02', 'by hand', '', now(), now()) RETURNING id"""
ENTRIES = """
INSERT INTO accounts_entry (journal_id, account_id, house_account_id, kind, currency, amount, account_version, trading_day, recorded_at, line)
VALUES (%s, %s, NULL, 'CASH', %s, %s, 1, '2026-03-02', now(), (SELECT count(*) FROM accounts_entry)),
    (%s, NULL, %s, 'CASH', %s, %s, NULL, '2026-03-02', now(), (SELECT count(*) + 1 FROM accounts_entry))"""


class Ledger:
    """A journal to write entries into, by hand."""

    def __init__(self, desk: Desk, account: Account) -> None:
        self.account = account
        self.house = HouseAccount.objects.get(market=desk.market, currency="USD", purpose="CASH_AT_BANK")
        with connection.cursor() as cursor:
            cursor.execute(JOURNAL, [desk.market.pk])
            self.journal = cursor.fetchone()[0]

    def post(
        self, client: str, house: str, *, account: int | None = None, house_account: int | None = None, currencies: tuple[str, str] = ("USD", "USD")
    ):
        params = [self.journal, account or self.account.pk, currencies[0], client]
        return code_of(ENTRIES, [*params, self.journal, house_account or self.house.pk, currencies[1], house])


@pytest.fixture
def ledger(desk: Desk) -> Ledger:
    return Ledger(desk, desk.account("1000"))


@pytest.mark.parametrize(("client", "house", "code"), [("10.00", "-10.00", None), ("10.00", "-9.99", "DK003"), ("10.00", "10.00", "DK003")])
def test_a_journal_must_sum_to_zero(ledger: Ledger, client: str, house: str, code: str | None) -> None:
    assert ledger.post(client, house) == code


def test_a_journal_must_sum_to_zero_in_each_currency(ledger: Ledger) -> None:
    assert ledger.post("10.00", "-10.00", currencies=("USD", "EUR")) == "DK003"


def test_a_journal_has_the_currency_of_its_parties(ledger: Ledger) -> None:
    assert ledger.post("10.00", "-10.00", currencies=("EUR", "EUR")) == "DK003"


def test_money_never_crosses_from_one_market_into_another(desk: Desk, ledger: Ledger) -> None:
    live = make_desk(market_code="LIVE")
    foreign = live.account("1000")
    house = HouseAccount.objects.get(market=live.market, currency="USD", purpose="CASH_AT_BANK")
    assert ledger.post("10.00", "-10.00", account=foreign.pk) == "DK003"
    assert ledger.post("10.00", "-10.00", house_account=house.pk) == "DK003"
    assert ledger.post("10.00", "-10.00") is None


def test_entries_that_come_before_their_journal_are_refused(desk: Desk, ledger: Ledger) -> None:
    ledger.journal += 1_000_000  # the key is deferred: the journal could follow, in another market
    assert ledger.post("10.00", "-10.00") == "DK003"


def test_entries_that_come_before_their_party_are_refused(ledger: Ledger) -> None:
    assert ledger.post("10.00", "-10.00", account=10**9) == "DK003"
    assert ledger.post("10.00", "-10.00", house_account=10**9) == "DK003"


def test_a_posted_journal_takes_no_further_entries(desk: Desk, ledger: Ledger) -> None:
    posted = Journal.objects.filter(entries__account=ledger.account).distinct().get()  # the opening deposit
    fresh, ledger.journal = ledger.journal, posted.pk
    assert ledger.post("10.00", "-10.00") == "DK003"
    ledger.journal = fresh
    assert ledger.post("10.00", "-10.00") is None


def test_entries_of_one_journal_in_two_statements_are_refused(ledger: Ledger) -> None:
    params = [ledger.journal, ledger.account.pk, "USD", "10.00", ledger.journal, ledger.house.pk, "USD", "-10.00"]
    with connection.cursor() as cursor:
        cursor.execute(ENTRIES, params)
    assert code_of(ENTRIES, params) == "DK003"


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
    nobody = ENTRIES.replace("VALUES (%s, %s, NULL", "VALUES (%s, NULL, NULL", 1)
    assert code_of(nobody, [ledger.journal, "USD", "10", ledger.journal, ledger.house.pk, "USD", "-10"]) == "23514"
    both = ENTRIES.replace("VALUES (%s, %s, NULL", "VALUES (%s, %s, " + str(ledger.house.pk), 1)
    assert code_of(both, [ledger.journal, ledger.account.pk, "USD", "10", ledger.journal, ledger.house.pk, "USD", "-10"]) == "23514"


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
        ("frozen_margin = 1, balance = -1", "DK004"),
        ("balance = -5000", None),  # losses, fees, closes and settlement are never refused
        ("margin = 5000", None),
        ("frozen_fee = 5000", None),  # the fee of a closing order
        ("frozen_margin = 1, balance = 'NaN'", "DK004"),
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
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_accountfunds SET balance = 1000, margin = 0 WHERE account_id = %s", [account.pk])
    return code_of("UPDATE accounts_accountfunds SET frozen_margin = 1100, floating_loss = -100 WHERE account_id = %s", [account.pk])


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
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_accountfunds SET balance = -1 WHERE account_id = %s", [account.pk])
    fall = "UPDATE accounts_accountfunds SET frozen_margin = frozen_margin - %s WHERE account_id = %s"
    assert code_of(fall, [1, account.pk]) is None
    assert code_of(fall, [-1, account.pk]) == "DK004"


def test_a_row_of_orders_cannot_point_to_nothing(desk: Desk) -> None:
    account = desk.account("1000")
    orphan = JOURNAL.replace("(market_id", "(fill_id, market_id").replace("VALUES (%s", "VALUES (999999, %s").replace(" RETURNING id", "")
    assert code_of(orphan, [desk.market.pk]) == "23503"
    freeze = """
    INSERT INTO accounts_freeze (account_id, instrument_id, order_id, status, side, is_closing, quantity, margin, fee, captured_quantity, captured_margin,
        captured_fee, released_quantity, released_margin, released_fee, created_at)
    VALUES (%s, %s, 999999, 'OPEN', 'LONG', false, 1, 1, 1, 0, 0, 0, 0, 0, 0, now())"""
    assert code_of(freeze, [account.pk, desk.gold.pk]) == "23503"


@pytest.mark.parametrize("model", [Entry, Journal, OrderEvent, Fill], ids=lambda model: model.__name__)
@pytest.mark.parametrize("statement", ["UPDATE {} SET recorded_at = now()", "DELETE FROM {}", "TRUNCATE {}"])
def test_posted_rows_bind_the_application(desk: Desk, model: type, statement: str) -> None:
    desk.buy(desk.account("100000"), 1)
    assert code_of(statement.format(model._meta.db_table)) == "42501"
