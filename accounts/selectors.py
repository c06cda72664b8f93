"""Reads of accounts: who may see which, what they stand at, what they hold. Unlocked: for showing, never for deciding."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Q, QuerySet

from accounts.domain.lots import LotState
from accounts.domain.state import AccountState, floating, margin_level, mark_of
from accounts.models import Account, AccountDay, Entry, User
from accounts.reading import read_states
from accounts.roles import TRADE
from quotes.domain.dealing import Dealing
from quotes.models import Instrument, Listing
from quotes.selectors.markets import BEFORE_FIRST_DAY, current_trading_day
from tradingdesk.kernel.errors import NotFound
from tradingdesk.kernel.money import ZERO


@dataclass(frozen=True, slots=True)
class Figures:
    """What an account stands at, valued at the quotes in force. Amounts in `currency`; margin level in per cent, None without margin.

    `margin` is what is charged; with larger-side margin that is less than what the positions are margined at by themselves.
    """

    account_id: int
    number: str
    currency: str
    balance: Decimal
    frozen: Decimal
    margin: Decimal
    floating: Decimal
    equity: Decimal
    available: Decimal
    withdrawable: Decimal
    margin_level: Decimal | None
    version: int


@dataclass(frozen=True, slots=True)
class Position:
    """The open lots of one instrument and side, together. The average price is for display: P&L is computed per lot."""

    instrument_id: int
    symbol: str
    name: str
    side: str
    quantity: Decimal
    closable: Decimal
    average_price: Decimal
    mark: Decimal
    floating: Decimal
    margin: Decimal
    multiplier: Decimal
    price_decimals: int


def accounts_for(user: User) -> QuerySet[Account]:
    """The accounts a user may see and trade: their own and those they are an agent of; whoever may view all accounts sees all."""
    accounts = Account.objects.select_related("market", "owner", "tier")
    if user.has_perm("accounts.view_account"):
        return accounts
    return accounts.filter(Q(owner=user) | Q(agents=user)).distinct()


def tradable_by(user: User) -> QuerySet[Account]:
    """The accounts a user may place orders for: own and agent's, by whoever has the right to trade; staff who see everything do not trade it thereby."""
    if not user.has_perm(TRADE):
        return Account.objects.none()
    return Account.objects.select_related("market", "owner", "tier").filter(Q(owner=user) | Q(agents=user)).distinct()


def account_for(user: User, number: str) -> Account:
    """One of `accounts_for`; raises NotFound, whether it does not exist or is somebody else's."""
    account = accounts_for(user).filter(number=number).first() if "\x00" not in number else None  # PostgreSQL knows no zero byte
    if account is None:
        raise NotFound(f"There is no account {number[:32]}.", account=number[:32])
    return account


def figures(account_id: int) -> Figures:
    """The account's amounts now; raises NotFound."""
    state, _ = _read_one(account_id)
    number = Account.objects.values_list("number", flat=True).get(pk=account_id)
    return Figures(
        account_id=account_id,
        number=number,
        currency=state.currency,
        balance=state.balance,
        frozen=state.frozen,
        margin=state.margin,
        floating=state.unrealised,
        equity=state.equity,
        available=state.available(),
        withdrawable=state.withdrawable(),
        margin_level=margin_level(state.equity, state.margin),
        version=state.version,
    )


def positions(account_id: int) -> list[Position]:
    """Open positions by instrument and side; raises NotFound."""
    state, dealings = _read_one(account_id)
    grouped: dict[tuple[int, str], list[LotState]] = {}
    for lot in state.lots:
        grouped.setdefault((lot.instrument_id, lot.side), []).append(lot)
    instruments = Instrument.objects.in_bulk([instrument_id for instrument_id, _ in grouped])
    found = [_position(state, instruments[key[0]], key[1], lots, dealings.get(key[0])) for key, lots in grouped.items()]
    return sorted(found, key=lambda position: (position.symbol, position.side))


def _read_one(account_id: int) -> tuple[AccountState, dict[int, Dealing]]:
    read = read_states([account_id])
    if account_id not in read.states:
        raise NotFound("There is no such account.", account=account_id)
    return read.states[account_id], {instrument_id: dealing for (_, instrument_id), dealing in read.dealings.items()}


def _position(state: AccountState, instrument: Instrument, side: str, lots: list[LotState], dealing: Dealing | None) -> Position:
    quantity = sum((lot.quantity for lot in lots), ZERO)
    return Position(
        instrument_id=instrument.pk,
        symbol=instrument.symbol,
        name=instrument.name,
        side=side,
        quantity=quantity,
        closable=state.closable(instrument.pk, side),
        average_price=sum((lot.basis_price * lot.quantity for lot in lots), ZERO) / quantity,
        mark=mark_of(lots[0], dealing, state.settled_through),
        floating=floating(lots, {instrument.pk: dealing} if dealing else {}, state.settled_through),
        margin=sum((lot.margin for lot in lots), ZERO),
        multiplier=instrument.multiplier,
        price_decimals=instrument.price_decimals,
    )


def ledger_entries(account_id: int, limit: int = 50) -> list[Entry]:
    """The newest entries of an account, newest first, with what they belong to."""
    return list(Entry.objects.filter(account_id=account_id).select_related("journal", "instrument").order_by("-id")[:limit])


def trading_days(account: Account, most: int = 30) -> list[date]:
    """Trading days the account has had, newest first: the one it is in (none before its market's first), and those it was settled for."""
    settled = list(AccountDay.objects.filter(account=account).order_by("-trading_day").values_list("trading_day", flat=True)[:most])
    if not Listing.objects.filter(market=account.market).exists():
        return settled
    current = current_trading_day(account.market)
    return settled if current in (BEFORE_FIRST_DAY, *settled) else [current, *settled]
