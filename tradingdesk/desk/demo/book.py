"""Tiers and funded accounts: the demo trader's own, and an agent's book of 45 clients.

Accounts are opened and funded by the services, like any other; one that was opened but not funded (a first start cut short) is funded by the next.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from accounts.models import Account, RiskTier, User
from accounts.services.cash import post_cash
from accounts.services.opening import open_account
from quotes.models import Market
from tradingdesk.desk.demo.once import REASON, create_once
from tradingdesk.desk.demo.people import client

CURRENCY = "USD"
TRADER_NUMBER = "D-1001"
TRADER_FUNDS = Decimal("100000.00")
BOOK_SIZE = 45
FIRST_BOOK_NUMBER = 2001
SMALLEST_FUNDS, FUNDS_STEP = Decimal("5000.00"), Decimal("3500.00")  # 5,000 to 159,000: none, one or many lots of gold each
PROFESSIONAL_FROM = Decimal("100000.00")

FIRST_NAMES = ("Anna", "Bela", "Chen", "Dara", "Emil", "Farah", "Goran", "Hana", "Igor", "Jana", "Kofi", "Lena", "Milo", "Nadia", "Omar")
LAST_NAMES = ("Alder", "Birch", "Cedar")


@dataclass(frozen=True)
class Plan:
    """An account to be there: its number, its owner and who trades it for them, its tier and its first deposit."""

    number: str
    name: str
    owner: User
    tier: RiskTier
    funds: Decimal
    agents: tuple[User, ...] = ()


def tiers() -> tuple[RiskTier, RiskTier]:
    """Standard as the model's defaults have it; Professional is margined a quarter lower and called later."""
    standard, _ = create_once(RiskTier, {"name": "Standard"}, max_order_quantity="50", max_position_quantity="100")
    professional, _ = create_once(
        RiskTier, {"name": "Professional"}, margin_factor="0.75", watch_level="130", warning_level="110", liquidation_level="80"
    )
    return standard, professional


def plans(users: Mapping[str, User]) -> Iterator[Plan]:
    """Every account of the demo desk, the same at each start."""
    standard, professional = tiers()
    trader, agent = users["trader"], users["agent"]
    yield Plan(TRADER_NUMBER, trader.get_full_name(), trader, standard, TRADER_FUNDS)
    names = [(first, last) for last in LAST_NAMES for first in FIRST_NAMES]
    for index, (first, last) in enumerate(names[:BOOK_SIZE]):
        funds = SMALLEST_FUNDS + index * FUNDS_STEP
        tier = professional if funds >= PROFESSIONAL_FROM else standard
        owner = client(f"client{index + 1:02}", first, last)
        yield Plan(f"A-{FIRST_BOOK_NUMBER + index}", f"{first} {last}", owner, tier, funds, (agent,))


def open_and_fund(plan: Plan, market: Market) -> None:
    """Opens the account where it is absent; deposits where nothing was ever booked."""
    account = Account.objects.filter(number=plan.number).first() or _opened(plan, market)
    if not account.entries.exists():  # type: ignore[attr-defined]
        post_cash(account.pk, plan.funds, reason=REASON, request_id="seed_demo")


def _opened(plan: Plan, market: Market) -> Account:
    return open_account(
        number=plan.number,
        name=plan.name,
        owner=plan.owner,
        agents=list(plan.agents),
        market=market,
        tier=plan.tier,
        currency=CURRENCY,
    )
