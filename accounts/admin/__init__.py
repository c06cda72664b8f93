"""People, accounts and their money in the admin. Money is looked at here and moved by services alone."""

from accounts.admin import account, holdings, money, people

__all__ = ["account", "holdings", "money", "people"]
