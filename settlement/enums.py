"""Words of the end of day."""

from django.db.models import TextChoices


class RunStatus(TextChoices):
    """How far the settlement of a day is."""

    RUNNING = "RUNNING", "Running"
    DONE = "DONE", "Done"


class StepName(TextChoices):
    """The steps of a settlement, in order; each is idempotent and recorded."""

    PRICES = "PRICES", "Fix prices"
    MARK = "MARK", "Expire day orders, mark lots, charge overnight fees, set margins"
    SNAPSHOT = "SNAPSHOT", "Snapshot"
    PROOF = "PROOF", "Zero-sum proof"


class BreakKind(TextChoices):
    """What differs, one for each check of `settlement.checks`."""

    BALANCE = "BALANCE", "Balance differs from entries"
    FROZEN = "FROZEN", "Frozen differs from open freezes"
    MARGIN = "MARGIN", "Margin differs from open lots"
    VERSION = "VERSION", "Versions have gaps"
    ACCOUNT_DAY = "ACCOUNT_DAY", "Account day differs from the ledger"
    ENTRY_CHAIN = "ENTRY_CHAIN", "Entry does not follow the one before"
    JOURNAL_SUM = "JOURNAL_SUM", "Journal does not sum to zero"
    JOURNAL_EMPTY = "JOURNAL_EMPTY", "Journal has no entries"
    JOURNAL_MARKET = "JOURNAL_MARKET", "Entry crossed a market"
    ZERO_SUM = "ZERO_SUM", "Clients and house do not sum to zero"
    LOT = "LOT", "Lot differs from its changes"
    LOT_BASIS = "LOT_BASIS", "Lot differs from its fill and its marks"
    POSITION = "POSITION", "Lots differ from fills"
    FILL_LOTS = "FILL_LOTS", "Fill differs from its lot changes"
    FILL_UNBOOKED = "FILL_UNBOOKED", "Fill has no journal"
    FILL_JOURNAL = "FILL_JOURNAL", "Fill differs from its journal"
    FILL_STEPS = "FILL_STEPS", "Fill has not walked its five steps"
    ORDER_TOTALS = "ORDER_TOTALS", "Order differs from its fills"
    ORDER_HALF = "ORDER_HALF", "Order was left half way"
    ORDER_STATUS = "ORDER_STATUS", "Order differs from its last event"
    ORDER_ROWS = "ORDER_ROWS", "Row does not belong where its order does"
    FREEZE_STATUS = "FREEZE_STATUS", "Freeze does not go with its order"
    FREEZE_CAPTURED = "FREEZE_CAPTURED", "Freeze differs from what fills captured"


class VerificationSource(TextChoices):
    """What began a verification."""

    SCHEDULE = "SCHEDULE", "By schedule"
    COMMAND = "COMMAND", "On a terminal"
