"""Accounts over REST: one's own, with figures, positions and ledger. Gold quoted 2000.00 / 2000.50, margin 5 %, fee 5.00 a lot."""

import pytest

from accounts.models import User
from tests.api.conftest import Program

pytestmark = pytest.mark.django_db


def test_lists_own_and_managed_accounts_alone(program: Program) -> None:
    client_of_ours = User.objects.create_user("client")
    managed = program.desk.account(owner=client_of_ours, agents=[program.desk.trader])
    program.desk.account(owner=client_of_ours)
    listed = program.get("accounts/").json()["accounts"]
    assert [account["number"] for account in listed] == sorted([program.account.number, managed.number])


def test_figures_at_the_quotes_in_force(program: Program) -> None:
    program.desk.buy(program.account, 2)
    program.desk.quote("2010.00", "2010.50")
    figures = program.get(f"accounts/{program.account.number}/").json()["figures"]
    # balance 100,000 − 2 × 5.00; floating (2010.00 − 2000.50) × 2 × 100 = 1,900; margin 2 × 2000.50 × 100 × 5 % = 20,005
    assert (figures["balance"], figures["floating"], figures["equity"]) == ("99990", "1900", "101890")
    assert (figures["margin"], figures["available"]) == ("20005", "79985")


def test_positions_and_entries(program: Program) -> None:
    program.desk.buy(program.account, 2)
    number = program.account.number
    [position] = program.get(f"accounts/{number}/positions/").json()["positions"]
    assert (position["side"], position["quantity"], position["average_price"], position["closable"]) == ("LONG", "2", "2000.5", "2")
    entries = program.get(f"accounts/{number}/entries/", limit=1).json()["entries"]
    assert [(entry["kind"], entry["amount"], entry["balance_after"]) for entry in entries] == [("FEE", "-10", "99990")]


@pytest.mark.parametrize("path", ["", "positions/", "entries/"])
@pytest.mark.parametrize("number", ["foreign", "X-9", "%00", "a" * 300, "é", "1' or '1'='1"])
def test_other_accounts_are_not_found(program: Program, number: str, path: str) -> None:
    if number == "foreign":
        number = program.desk.account(owner=User.objects.create_user("other")).number
    response = program.get(f"accounts/{number}/{path}")
    assert (response.status_code, response.json()["code"]) == (404, "NOT_FOUND")


def test_averages_are_told_to_eight_decimals(program: Program) -> None:
    program.desk.buy(program.account, 1)
    program.desk.quote("2010.00", "2010.50")
    program.desk.buy(program.account, 2)
    [position] = program.get(f"accounts/{program.account.number}/positions/").json()["positions"]
    assert position["average_price"] == "2007.16666667"  # (2000.50 + 2 × 2010.50) ÷ 3
