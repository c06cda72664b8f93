"""Who owns what, and every movement of money: users, accounts, the ledger, freezes, lots, margin arithmetic."""
