"""Pages of their own: opening an account, suspending it, what an account, an order, a journal and a run show."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.enums import Role
from accounts.models import Account, Journal
from orders.models import Fill, Order
from settlement.models import SettlementRun, SettlementStep, ZeroSumProof
from tests.admin.conftest import Book
from tests.admin.pages import address

pytestmark = pytest.mark.django_db


def opening(book: Book, **changes: object) -> dict[str, object]:
    form = {
        "number": "N-1",
        "name": "New",
        "owner": book.desk.trader.pk,
        "market": book.desk.market.pk,
        "tier": book.desk.tier.pk,
        "currency": "USD",
        "agents": [],
    }
    return {**form, **changes}


def test_an_account_opened_in_the_admin_has_its_funds(book: Book, operations: Client) -> None:
    response = operations.post(address(Account, "add"), opening(book))
    account = Account.objects.get(number="N-1")
    assert (response.status_code, response.url) == (302, address(Account, "change", account.pk))
    assert (account.funds.balance, account.funds.version) == (0, 0)
    assert account.history.first().history_user.username == "one-operations"


IMPOSSIBLE = [
    ("number", ""),
    ("number", "T-TAKEN"),
    ("currency", "U1D"),
    ("currency", ""),
    ("owner", "999999"),
    ("owner", "9" * 30),
    ("market", "x"),
    ("agents", ["x"]),
]


@pytest.mark.parametrize(("field", "value"), IMPOSSIBLE)
def test_an_account_that_cannot_be_opened_is_refused_with_the_form(book: Book, operations: Client, field: str, value: str) -> None:
    Account.objects.filter(pk=book.other.pk).update(number="T-TAKEN")
    before = Account.objects.count()
    response = operations.post(address(Account, "add"), opening(book, **{field: value}))
    assert response.status_code == 200
    assert Account.objects.count() == before


def test_opening_accounts_is_not_for_those_who_only_look(book: Book, client_of: object) -> None:
    client = client_of(Role.RISK)
    assert client.get(address(Account, "add")).status_code == 403
    assert client.post(address(Account, "add"), opening(book)).status_code == 403


def test_an_account_shows_what_it_stands_at_and_leads_to_what_belongs_to_it(book: Book, operations: Client) -> None:
    html = operations.get(address(Account, "change", book.account.pk)).content.decode()
    # 100,000 − 10 fees; closed 1 lot at 2010.00 from 2000.50 = +950 − 5; the other lot marked at the day's middle 2010.25 = +975
    assert "101,910.00" in html
    for model in ("orders/order", "orders/fill", "orders/orderevent", "accounts/entry", "accounts/lot", "accounts/freeze", "accounts/accountday"):
        link = f"/admin/{model}/?account__id__exact={book.account.pk}"
        assert link in html
        assert operations.get(link).status_code == 200


def test_an_account_s_trail_shows_that_account_alone(book: Book, operations: Client) -> None:
    html = operations.get(address(Order, "changelist"), {"account__id__exact": book.other.pk}).content.decode()
    assert book.other.number in html
    assert f">{book.account.number}<" not in html


def test_a_filled_order_shows_every_step_its_quote_its_freeze_and_its_entries(book: Book, operations: Client) -> None:
    html = operations.get(address(Order, "change", book.filled.order_id)).content.decode()
    for words in ("Placed", "Funds frozen", "Matched", "Freeze released", "Position updated", "2,000.50", "20,005.00", "Captured"):
        assert words in html
    assert address(Journal, "change", Journal.objects.filter(fill_id__isnull=False).order_by("id").first().pk) in html


def test_a_denied_order_says_why_with_its_numbers(book: Book, operations: Client) -> None:
    html = operations.get(address(Order, "change", book.denied.order_id)).content.decode()
    assert "INSUFFICIENT_FUNDS" in html
    assert "required" in html


def test_a_journal_says_that_it_balances(book: Book, operations: Client) -> None:
    assert "Balances to 0.00 ✓" in operations.get(address(Journal, "change", Journal.objects.first().pk)).content.decode()


def test_a_settled_day_shows_its_proof_its_snapshot_and_its_steps(book: Book, operations: Client) -> None:
    html = operations.get(address(SettlementRun, "change", book.run.pk)).content.decode()
    assert "Balances to 0.00 ✓" in html
    assert "101,910.00" in html
    for step in SettlementStep.objects.all():
        assert step.get_name_display() in html
    assert "Balances to 0.00 ✓" in operations.get(address(SettlementRun, "changelist")).content.decode()


def test_a_proof_that_does_not_balance_says_so(book: Book, operations: Client) -> None:
    run = SettlementRun.objects.create(market=book.desk.market, trading_day="2026-02-02", started_at=book.desk.at)
    zero = dict.fromkeys(("client_fees", "client_cash", "house_pnl", "house_fees", "house_cash"), 0)
    ZeroSumProof.objects.create(run=run, currency="USD", client_pnl="0.01", difference="0.01", **zero)
    html = operations.get(address(SettlementRun, "change", run.pk)).content.decode()
    assert "Does not balance ✗" in html
    assert "Balances to 0.00" not in html


def standing_page(account: Account) -> str:
    return reverse("admin:accounts_account_standing", args=[account.pk])


def test_a_suspended_account_s_orders_are_denied_until_it_is_taken_back(book: Book, client_of: object) -> None:
    client = client_of(Role.RISK)
    assert "Suspend" in client.get(standing_page(book.account)).content.decode()
    client.post(standing_page(book.account), {"action": "SUSPEND", "reason": "Calls not answered"})
    assert book.desk.buy(book.account).reason == "ACCOUNT_NOT_ACTIVE"
    newest = book.account.history.first()
    assert (newest.status, newest.history_change_reason, newest.history_user.username) == ("SUSPENDED", "Calls not answered", "one-risk")
    client.post(standing_page(book.account), {"action": "REACTIVATE", "reason": "Answered"})
    assert book.desk.buy(book.account).reason == ""


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"action": "REACTIVATE", "reason": "x"}, "INVALID_TRANSITION"),
        ({"action": "DELETE", "reason": "x"}, "INVALID_TRANSITION"),
        ({"reason": "x"}, "INVALID_TRANSITION"),
        ({"action": "SUSPEND", "reason": "  "}, "INVALID_REQUEST"),
        ({"action": "SUSPEND", "reason": "x" * 101}, "INVALID_REQUEST"),
    ],
)
def test_a_change_of_standing_that_cannot_be_is_a_message_and_changes_nothing(book: Book, operations: Client, data: dict, code: str) -> None:
    before = book.account.history.count()
    response = operations.post(standing_page(book.account), data, follow=True)
    assert code in response.content.decode()
    book.account.refresh_from_db()
    assert (book.account.status, book.account.history.count()) == ("ACTIVE", before)


def test_standing_is_not_for_those_who_only_look(book: Book, client_of: object) -> None:
    for role in (Role.COMPLIANCE, Role.DEALER, Role.SETTLEMENT):
        client = client_of(role)
        assert client.get(standing_page(book.account)).status_code == 403
        assert client.post(standing_page(book.account), {"action": "SUSPEND", "reason": "x"}).status_code == 403
    assert client_of(Role.OPERATIONS).get(reverse("admin:accounts_account_standing", args=[999999])).status_code == 404


def test_a_runs_steps_are_told_in_words(book: Book, operations: Client) -> None:
    html = operations.get(address(SettlementRun, "change", book.run.pk)).content.decode()
    assert f"{book.desk.gold.symbol} 2,010.25" in html  # the middle of the day's last clean quote
    assert "3 account days written" in html
    assert "all of which balance" in html


def test_an_order_is_called_by_what_it_is_and_its_terms_are_plain_numbers(book: Book, operations: Client) -> None:
    name = f"#{book.filled.order_id} Buy 2 {book.desk.gold.symbol}"
    assert name in operations.get(address(Fill, "changelist")).content.decode()
    html = operations.get(address(Order, "change", book.filled.order_id)).content.decode()
    assert "0E-" not in html
    assert "4,001" in html  # 2 × 2000.50
    assert "&quot;margin_rate&quot;: &quot;0.05&quot;" in html


def test_an_empty_list_that_nobody_adds_to_says_only_that(book: Book, operations: Client) -> None:
    html = operations.get(address(Order, "changelist"), {"status__exact": "EXPIRED"}).content.decode()
    assert "Nothing matches." in html
    assert "Create a new item" not in html
    assert "Add order" not in html
