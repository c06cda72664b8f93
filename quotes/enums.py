"""Words of the market side."""

from django.db.models import IntegerChoices, TextChoices


class MarketKind(TextChoices):
    """What an account's market means for its owner; nothing crosses from one market into another."""

    LIVE = "LIVE", "Live"
    DEMO = "DEMO", "Demo"
    TRAINING = "TRAINING", "Training"


class MarketClock(TextChoices):
    """Whose time the market lives in."""

    WALL = "WALL", "Wall clock"
    FEED = "FEED", "Time of its newest tick (recorded days)"
    SCRIPT = "SCRIPT", "Time its script has reached"


class AssetClass(TextChoices):
    """What kind of thing is traded."""

    FUTURE = "FUTURE", "Future"
    SPOT = "SPOT", "Spot"


class Matching(TextChoices):
    """Who the counterparty is."""

    DEALER = "DEALER", "Dealer: the house, at its quote"


class MarginBasis(TextChoices):
    """The price at which an order's freeze and a new lot's margin are computed (rules/futures.md §5.2, types 4, 1, 2 and 3)."""

    ORDER_PRICE = "ORDER_PRICE", "Order price, then trade price"
    PREVIOUS_SETTLEMENT = "PREVIOUS_SETTLEMENT", "Previous settlement"
    LAST = "LAST", "Last price"
    AVERAGE = "AVERAGE", "The day's average price"


class LotChoice(TextChoices):
    """In which order a close takes lots: for P&L and margin (`close_order`), or for the fee (`fee_age`; rules/futures.md §4)."""

    FIFO = "FIFO", "Oldest first"
    TODAY_FIRST = "TODAY_FIRST", "Those opened today first"


class SettlementMethod(TextChoices):
    """Where a settlement price came from."""

    LAST_MID = "LAST_MID", "Middle of the day's last quote"
    PREVIOUS = "PREVIOUS", "Previous settlement, no quote that day"
    GIVEN = "GIVEN", "Given by the desk"
    NONE = "NONE", "None that day: lots keep their basis"


class TickFlag(IntegerChoices):
    """Why a tick is kept and counted but never fills an order, moves a bar or becomes the latest quote."""

    CLEAN = 0, "Clean"
    CROSSED = 1, "Bid above ask"
    BACKWARDS = 2, "Older than the tick before"
    NOT_POSITIVE = 3, "A price at or below zero"
    JUMP = 4, "Farther from the last quote than the listing allows"


class BarFrame(TextChoices):
    """Candle widths; all but the first are built from 1-minute bars. Bars are labelled by their start."""

    M1 = "1m", "1 minute"
    M5 = "5m", "5 minutes"
    M15 = "15m", "15 minutes"
    H1 = "1h", "1 hour"
    D1 = "1d", "1 trading day"


class BarPrice(TextChoices):
    """Which of a bar's prices a candle shows."""

    BID = "bid", "Bid"
    ASK = "ask", "Ask"
    TRADE = "trade", "Trade"
