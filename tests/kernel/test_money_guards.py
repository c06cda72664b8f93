"""What PostgreSQL refuses of money and of the order sequence, tried as desk_app with SQL alone. Each test: the same statement, right, is taken."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import Account, Entry, HouseAccount, Journal
from orders.enums import OrderStep
from orders.models import Fill, Order, OrderEvent
from tests.factories.desk import Desk, make_desk
from tests.kernel.raw import code_of, copy_of

pytestmark = pytest.mark.django_db

JOURNAL = """
INSERT INTO accounts_journal (market_id, kind, trading_day, reason, request_id, market_time, recorded_at)
VALUES (%s, 'CASH', '2026-03-02', 'by hand', '', now(), now()) RETURNING id"""
ENTRIES = """
INSERT INTO accounts_entry (journal_id, account_id, house_account_id, kind, currency, amount, account_version, trading_day, recorded_at)
VALUES (%s, %s, NULL, 'CASH', %s, %s, 1, '2026-03-02', now()), (%s, NULL, %s, 'CASH', %s, %s, NULL, '2026-03-02', now())"""
EVENT = """
INSERT INTO orders_orderevent (order_id, account_id, fill_id, step, status, data, request_id, market_time, recorded_at)
VALUES (%s, %s, %s, %s, 'WORKING', '{}', '', now(), now())"""


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
        ("frozen_margin = 1100, floating_loss = -100", None),  # a tier where profits count
        ("frozen_margin = 1, balance = -1", "DK004"),
        ("balance = -5000", None),  # losses, fees, closes and settlement are never refused
        ("margin = 5000", None),
        ("frozen_fee = 5000", None),  # the fee of a closing order
        ("frozen_margin = -1", "23514"),
        ("version = version - 1", "DK004"),
        ("version = version", None),
    ],
)
def test_frozen_margin_never_rises_beyond_what_is_available(desk: Desk, change: str, code: str | None) -> None:
    account = desk.account("1000")
    assert code_of(f"UPDATE accounts_accountfunds SET {change} WHERE account_id = %s", [account.pk]) == code


def test_frozen_margin_may_fall_while_available_is_negative(desk: Desk) -> None:
    account = desk.account("20000")
    desk.buy(account, 1, "1900.00")  # freezes 9,500.00
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_accountfunds SET balance = -1 WHERE account_id = %s", [account.pk])
    fall = "UPDATE accounts_accountfunds SET frozen_margin = frozen_margin - %s WHERE account_id = %s"
    assert code_of(fall, [1, account.pk]) is None
    assert code_of(fall, [-1, account.pk]) == "DK004"


@pytest.fixture
def walked(desk: Desk) -> Callable[..., str | None]:
    """Tries one more event on an order that was filled (with its fill) or rests (without)."""
    account = desk.account("100000")
    orders = {"FILLED": desk.buy(account, 1).order_id, "WORKING": desk.buy(account, 1, "1900.00").order_id}
    fill_id = Fill.objects.get(order_id=orders["FILLED"]).pk

    def attempt(status: str, step: str, *, with_fill: bool = False) -> str | None:
        return code_of(EVENT, [orders[status], account.pk, fill_id if with_fill else None, step])

    return attempt


@pytest.mark.parametrize("step", OrderStep.values)
def test_no_step_of_a_filled_order_is_repeated(walked: Callable[..., str | None], step: str) -> None:
    of_fill = step in {"MATCHED", "FILLED", "RELEASED", "POSITIONED", "SETTLED"}
    if step in {"PLACED", "FROZEN"} or of_fill:
        assert walked("FILLED", step, with_fill=of_fill) == "23505"


@pytest.mark.parametrize("step", ["FILLED", "RELEASED", "POSITIONED", "SETTLED"])
def test_no_step_of_a_fill_is_skipped(walked: Callable[..., str | None], step: str) -> None:
    assert walked("WORKING", step) == "DK005"
    assert walked("WORKING", step, with_fill=True) == "DK005"  # the fill of another order


def test_a_working_order_may_be_canceled_or_matched_next(walked: Callable[..., str | None]) -> None:
    assert walked("WORKING", "CANCELED") is None
    assert walked("WORKING", "MATCHED") is None


@pytest.mark.parametrize("step", ["FROZEN", "RESTED", "MATCHED", "FILLED", "CANCELED", "EXPIRED"])
def test_an_order_that_was_denied_goes_no_step_further(desk: Desk, step: str) -> None:
    account = desk.account("1000")
    denied = desk.buy(account, 1)
    assert code_of(EVENT, [denied.order_id, account.pk, None, step]) == "DK005"


def test_steps_out_of_order_in_one_statement_are_refused(desk: Desk) -> None:
    order = Order.objects.get(pk=desk.buy(desk.account("1000"), 1).order_id)
    fresh = copy_of(order, "PLACED")
    placed, frozen = (f"({fresh}, {order.account_id}, NULL, '{step}', 'PLACED', '{{}}', '', now(), now())" for step in ("PLACED", "FROZEN"))
    insert = EVENT.split("VALUES")[0]
    assert code_of(f"{insert} VALUES {placed}, {frozen}") is None
    assert code_of(f"{insert} VALUES {frozen}, {placed}") == "DK005"


@pytest.mark.parametrize("step", OrderStep.values)
def test_nothing_follows_the_end_of_an_order(desk: Desk, step: str) -> None:
    account = desk.account("100000")
    canceled = desk.buy(account, 1, "1900.00", time_in_force="IOC")
    assert code_of(EVENT, [canceled.order_id, account.pk, None, step]) in {"23505", "DK005"}


def test_a_row_of_orders_cannot_point_to_nothing(desk: Desk) -> None:
    account = desk.account("1000")
    orphan = JOURNAL.replace("(market_id", "(fill_id, market_id").replace("VALUES (%s", "VALUES (999999, %s").replace(" RETURNING id", "")
    assert code_of(orphan, [desk.market.pk]) == "23503"
    freeze = """
    INSERT INTO accounts_freeze (account_id, instrument_id, order_id, status, side, is_closing, quantity, margin, fee, captured_quantity, captured_margin,
        captured_fee, released_quantity, released_margin, released_fee, created_at)
    VALUES (%s, %s, 999999, 'OPEN', 'LONG', false, 1, 1, 1, 0, 0, 0, 0, 0, 0, now())"""
    assert code_of(freeze, [account.pk, desk.gold.pk]) == "23503"


def test_filled_in_part_cannot_be_called_filled(desk: Desk) -> None:
    resting = desk.buy(desk.account("100000"), 2, "1900.00")
    fill = "UPDATE orders_order SET status = 'FILLED', filled_quantity = %s WHERE id = %s"
    assert code_of(fill, [1, resting.order_id]) == "23514"
    assert code_of(fill, [2, resting.order_id]) is None


def test_a_client_order_id_is_used_once_in_an_account(desk: Desk) -> None:
    account = desk.account("100000")
    order = Order.objects.get(pk=desk.buy(account, 1, "1900.00").order_id)
    order.pk, order.status = None, "PLACED"
    with pytest.raises(IntegrityError, match="client_order_id"), transaction.atomic():
        order.save(force_insert=True)


@pytest.mark.parametrize("model", [Entry, Journal, OrderEvent, Fill], ids=lambda model: model.__name__)
@pytest.mark.parametrize("statement", ["UPDATE {} SET recorded_at = now()", "DELETE FROM {}", "TRUNCATE {}"])
def test_posted_rows_bind_the_application(desk: Desk, model: type, statement: str) -> None:
    desk.buy(desk.account("100000"), 1)
    assert code_of(statement.format(model._meta.db_table)) == "42501"
