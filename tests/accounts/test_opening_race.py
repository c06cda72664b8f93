"""Two people open the same account at once: one of them is told that it is there."""

from accounts.models import Account, AccountFunds, User
from accounts.services.opening import open_account
from quotes.models import Market
from tests.factories.desk import Desk
from tests.race.threads import together
from tradingdesk.kernel.errors import Conflict

ROUNDS = 5


def test_one_number_is_given_once(committed_desk: Desk) -> None:
    desk = committed_desk
    owner, market = User.objects.get(pk=desk.trader.pk), Market.objects.get(pk=desk.market.pk)
    for number in range(ROUNDS):

        def opened(number: int = number) -> Account:
            return open_account(number=f"N-{number}", name="", owner=owner, market=market, tier=desk.tier)

        results = together(desk, opened, opened)
        assert {type(result) for result in results} == {Account, Conflict}, results
    assert Account.objects.count() == AccountFunds.objects.count() == ROUNDS
