"""Opens accounts: the account, its funds row, and the house accounts its journals will need, in one transaction."""

from accounts.enums import AccountStatus, HousePurpose
from accounts.models import Account, AccountFunds, HouseAccount, RiskTier, User
from quotes.models import Market
from tradingdesk.kernel import clock
from tradingdesk.kernel.errors import Conflict, InvalidRequest
from tradingdesk.kernel.locks import command


@command
def open_account(
    *, number: str, name: str, owner: User, market: Market, tier: RiskTier, currency: str = "USD", agents: list[User] | None = None
) -> Account:
    """A new active account with nothing in it. Raises InvalidRequest (no number, currency not three letters) and Conflict (number taken)."""
    number, currency = number.strip(), currency.strip().upper()
    if not number or len(currency) != 3 or not currency.isalpha():
        raise InvalidRequest("An account needs a number and a three-letter currency.", number=number, currency=currency)
    if Account.objects.filter(number=number).exists():
        raise Conflict(f"Account {number} exists already.", number=number)
    market = Market.objects.select_for_update(of=("self",), no_key=True).get(pk=market.pk)
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
