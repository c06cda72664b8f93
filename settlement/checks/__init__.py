"""The invariants of the books (DESIGN §5), each recomputed from rows by one SQL statement: the one definition, of the desk's verification and of the tests.

Right books give no rows. Statements only read; they see whatever snapshot the caller's transaction has, and rows of every market.
"""

from types import MappingProxyType

from settlement.checks.accounts import ACCOUNT_CHECKS
from settlement.checks.check import Check
from settlement.checks.fills import FILL_CHECKS
from settlement.checks.ledger import LEDGER_CHECKS
from settlement.checks.orders import ORDER_CHECKS

CHECKS = MappingProxyType({check.kind: check for check in (*ACCOUNT_CHECKS, *LEDGER_CHECKS, *FILL_CHECKS, *ORDER_CHECKS)})

# Every table the checks read.
TABLES = (
    "accounts_accountfunds",
    "accounts_accountday",
    "accounts_entry",
    "accounts_freeze",
    "accounts_journal",
    "accounts_lot",
    "accounts_lotchange",
    "orders_fill",
    "orders_order",
    "orders_orderevent",
)

__all__ = ["CHECKS", "TABLES", "Check"]
