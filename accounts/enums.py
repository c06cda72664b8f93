"""Words of accounts and the ledger."""

from django.db.models import TextChoices


class Role(TextChoices):
    """Groups a user may belong to; what each may do is `accounts.roles`."""

    OPERATIONS = "operations", "Operations"
    DEALER = "dealer", "Dealer"
    AGENT = "agent", "Agent"
    TRADER = "trader", "Trader"
    RISK = "risk", "Risk"
    SETTLEMENT = "settlement", "Settlement"
    COMPLIANCE = "compliance", "Compliance"
    TRAINER = "trainer", "Trainer"


class Custody(TextChoices):
    """Whose books are the truth."""

    HOUSE = "HOUSE", "House: our ledger"
    BROKER = "BROKER", "Broker: theirs"


class AccountStatus(TextChoices):
    """Whether orders are accepted."""

    ACTIVE = "ACTIVE", "Active"
    SUSPENDED = "SUSPENDED", "Suspended by the desk"
    CLOSED = "CLOSED", "Closed"


class FloatingRule(TextChoices):
    """What of the unrealised P&L counts in `available` (rules/futures.md §5.1)."""

    LOSSES_ONLY = "LOSSES_ONLY", "Losses only"
    ALL = "ALL", "Profits and losses"
    GAINS_ONLY = "GAINS_ONLY", "Profits only"
    NONE = "NONE", "Neither"


class DeficitRule(TextChoices):
    """What becomes of a negative balance once nothing is open any more (rules/futures.md §6.1, §6.3)."""

    OWED = "OWED", "The client owes it"
    WRITTEN_OFF = "WRITTEN_OFF", "The house writes it off at settlement"


class VariationCall(TextChoices):
    """Whether settlement calls an account whose balance is below its maintenance margin, and up to where (rules/futures.md §2.5)."""

    NONE = "NONE", "No: called when equity is below margin"
    INITIAL = "INITIAL", "Up to initial margin"
    MAINTENANCE = "MAINTENANCE", "Up to maintenance margin"


class HousePurpose(TextChoices):
    """The house's side of every journal, per market and currency."""

    CASH_AT_BANK = "CASH_AT_BANK", "Cash at bank"
    TRADING_PNL = "TRADING_PNL", "Trading P&L"
    FEES = "FEES", "Fees"
    SWAP = "SWAP", "Swap"
    INTEREST = "INTEREST", "Interest"
    BAD_DEBT = "BAD_DEBT", "Bad debt"


class JournalKind(TextChoices):
    """What made the money move."""

    CASH = "CASH", "Deposit or withdrawal"
    FILL = "FILL", "Fill"
    SETTLEMENT = "SETTLEMENT", "End-of-day settlement"


class EntryKind(TextChoices):
    """What an amount is."""

    CASH = "CASH", "Cash in or out"
    REALISED_PNL = "REALISED_PNL", "Realised P&L"
    HOLDING_PNL = "HOLDING_PNL", "P&L of lots held, marked at settlement"
    FEE = "FEE", "Trading fee"
    OVERNIGHT_FEE = "OVERNIGHT_FEE", "Overnight fee"
    COMPENSATION = "COMPENSATION", "Deficit written off"


class FreezeStatus(TextChoices):
    """A freeze is resolved once."""

    OPEN = "OPEN", "Open"
    RESOLVED = "RESOLVED", "Resolved"


class PositionSide(TextChoices):
    """Direction of a lot."""

    LONG = "LONG", "Long"
    SHORT = "SHORT", "Short"


class LotChangeKind(TextChoices):
    """What happened to a lot."""

    OPEN = "OPEN", "Opened by a fill"
    CLOSE = "CLOSE", "Reduced by a fill"
    MARK = "MARK", "Marked at settlement"
