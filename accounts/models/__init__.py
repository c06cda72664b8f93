"""Accounts, their money, and what they hold."""

from accounts.models.account import Account, AccountFunds, RiskTier
from accounts.models.day import AccountDay
from accounts.models.freeze import Freeze
from accounts.models.ledger import Entry, HouseAccount, Journal
from accounts.models.lot import Lot, LotChange
from accounts.models.user import User

__all__ = [
    "Account",
    "AccountDay",
    "AccountFunds",
    "Entry",
    "Freeze",
    "HouseAccount",
    "Journal",
    "Lot",
    "LotChange",
    "RiskTier",
    "User",
]
