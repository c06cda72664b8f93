"""Opens accounts: the account, its funds row, and the house accounts its journals will need, in one transaction."""

import re

from accounts.enums import AccountStatus, HousePurpose
from accounts.models import Account, AccountFunds, HouseAccount, RiskTier, User
from quotes.models import Market
from tradingdesk.kernel import clock
from tradingdesk.kernel.errors import Conflict, InvalidRequest
from tradingdesk.kernel.locks import command

NUMBER = re.compile(r"[^\x00]{1,32}")  # as long as their columns
NAME = re.compile(r"[^\x00]{0,100}")
CURRENCY = re.compile(r"[A-Z]{3}")


@command
def open_account(
    *, number: str, name: str, owner: User, market: Market, tier: RiskTier, currency: str = "USD", agents: list[User] | None = None
) -> Account:
    """A new active account with nothing in it. Raises InvalidRequest (number, name or currency that cannot be) and Conflict (number taken)."""
    number, currency = number.strip(), currency.strip().upper()
    if not NUMBER.fullmatch(number) or not CURRENCY.fullmatch(currency) or not NAME.fullmatch(name):
        raise InvalidRequest(
            "An account needs a number of at most 32 letters, a name of at most 100 and a three-letter currency.",
            number=number[:64],
            name=name[:128],
            currency=currency[:8],
        )
    market = Market.objects.select_for_update(of=("self",), no_key=True).get(pk=market.pk)
    if Account.objects.filter(number=number).exists():
        raise Conflict(f"Account {number} exists already.", number=number)
    account = Account.objects.create(
        number=number,
        name=name or number,
        owner=owner,
        market=market,
        tier=tier,
        currency=currency,
        status=AccountStatus.ACTIVE,
        opened_at=clock.now(),
    )
    account.agents.set(agents or [])
    AccountFunds.objects.create(account=account, settled_through=market.priced_through)
    open_house_accounts(market, currency)
    return account


def open_house_accounts(market: Market, currency: str) -> None:
    """The house's side of a market's books in one currency; harmless to call again."""
    HouseAccount.objects.bulk_create(
        [HouseAccount(market=market, currency=currency, purpose=purpose) for purpose in HousePurpose], ignore_conflicts=True
    )
