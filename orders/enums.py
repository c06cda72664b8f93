"""Words of orders. Denied is by us, before anything moved; rejected would be by a broker."""

from django.db.models import TextChoices


class Side(TextChoices):
    """What the order does."""

    BUY = "BUY", "Buy"
    SELL = "SELL", "Sell"


class Effect(TextChoices):
    """Whether it opens lots or closes them. AUTO is resolved when the order is placed: in hedging it opens."""

    AUTO = "AUTO", "Auto"
    OPEN = "OPEN", "Open"
    CLOSE = "CLOSE", "Close"


class OrderType(TextChoices):
    """How the price is found."""

    MARKET = "MARKET", "Market"
    LIMIT = "LIMIT", "Limit"


class TimeInForce(TextChoices):
    """How long it may rest. Market orders are IOC."""

    DAY = "DAY", "Until the end of the trading day"
    GTC = "GTC", "Until cancelled"
    IOC = "IOC", "Now or not at all"


class OrderStatus(TextChoices):
    """Who or what brought it there."""

    PLACED = "PLACED", "Placed"  # accepted by the checks, nothing frozen yet; never committed as such
    DENIED = "DENIED", "Denied"  # by our checks, before anything moved
    FROZEN = "FROZEN", "Frozen"  # margin, fee or lots reserved; never committed as such
    WORKING = "WORKING", "Working"  # rests, nothing filled
    PARTIALLY_FILLED = "PARTIALLY_FILLED", "Partially filled"
    FILLED = "FILLED", "Filled"
    CANCELED = "CANCELED", "Canceled"  # by client, desk or its time in force; the reason says
    EXPIRED = "EXPIRED", "Expired"  # at the end of its trading day


class OrderAction(TextChoices):
    """What moves an order from one status to the next (the events of the transition table)."""

    FREEZE = "FREEZE"
    REST = "REST"
    FILL_PART = "FILL_PART"
    FILL_REST = "FILL_REST"
    CANCEL = "CANCEL"
    EXPIRE = "EXPIRE"


class OrderStep(TextChoices):
    """Rows of the event log, in the past tense; each fill walks MATCHED to SETTLED once, in this order."""

    DENIED = "DENIED", "Denied"
    PLACED = "PLACED", "Placed"
    FROZEN = "FROZEN", "Funds frozen"
    RESTED = "RESTED", "Resting"
    MATCHED = "MATCHED", "Matched"
    FILLED = "FILLED", "Filled"
    RELEASED = "RELEASED", "Freeze released"
    POSITIONED = "POSITIONED", "Position updated"
    SETTLED = "SETTLED", "P&L and fee settled"
    CANCELED = "CANCELED", "Canceled"
    EXPIRED = "EXPIRED", "Expired"


class Reason(TextChoices):
    """Why an order was denied or canceled. The order of this list is the order of the checks."""

    ACCOUNT_NOT_ACTIVE = "ACCOUNT_NOT_ACTIVE", "The account is not active"
    NOT_IN_SESSION = "NOT_IN_SESSION", "The market is closed"
    STALE_QUOTE = "STALE_QUOTE", "There is no fresh quote"
    OFF_TICK = "OFF_TICK", "The price is off the tick"
    OUTSIDE_PRICE_LIMITS = "OUTSIDE_PRICE_LIMITS", "The price is outside the allowed range"
    QTY_INVALID = "QTY_INVALID", "The quantity is not valid"
    QTY_OVER_MAXIMUM = "QTY_OVER_MAXIMUM", "The quantity is above the maximum"
    QTY_NOT_MULTIPLE = "QTY_NOT_MULTIPLE", "The quantity is not a multiple of the step"
    POSITION_LIMIT = "POSITION_LIMIT", "The position limit would be exceeded"
    CLOSABLE_EXCEEDED = "CLOSABLE_EXCEEDED", "More than is open to close"
    INSUFFICIENT_FUNDS = "INSUFFICIENT_FUNDS", "Not enough available funds"
    DUPLICATE_ID = "DUPLICATE_ID", "The client order id was used before"  # answered, never stored
    NOT_RECORDED = "NOT_RECORDED", "The order could not be recorded; nothing was changed"  # answered, never stored
    NOT_FILLABLE = "NOT_FILLABLE", "Could not be filled now"
    BY_CLIENT = "BY_CLIENT", "Canceled by the client"
    BY_DESK = "BY_DESK", "Canceled by the desk"
