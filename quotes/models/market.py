"""A market is one stream of prices with its own clock and its own accounts; a listing says what trades in it, and how."""

from django.db import models

from quotes.enums import MarketClock, MarketKind
from quotes.models.calendar import SessionCalendar
from quotes.models.instrument import Instrument
from tradingdesk.kernel.fields import QuantityField, RateField
from tradingdesk.kernel.history import History


class Market(models.Model):
    """Nothing crosses from one market into another: not a price, not an order, not a cent."""

    code = models.SlugField(max_length=32, unique=True)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=16, choices=MarketKind)
    clock = models.CharField(max_length=8, choices=MarketClock, default=MarketClock.WALL)
    feed = models.CharField(max_length=32, blank=True, help_text="Name of the feed run_market takes ticks from; empty: none")
    feed_options = models.JSONField(default=dict, blank=True)
    is_active = models.BooleanField(default=True)
    settles_automatically = models.BooleanField(default=True, help_text="Settle each trading day by schedule once its sessions are over")
    priced_through = models.DateField(
        null=True, blank=True, editable=False, help_text="Last trading day whose settlement prices are fixed; bookings belong to a later day"
    )
    script_time = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="How far a market with the clock SCRIPT has come; never goes back"
    )
    history = History(excluded_fields=("priced_through", "script_time"))

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class Listing(models.Model):
    """An instrument in a market: when it trades and which quotes are good enough to deal on."""

    market = models.ForeignKey(Market, on_delete=models.CASCADE, related_name="listings")
    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="listings")
    calendar = models.ForeignKey(SessionCalendar, on_delete=models.PROTECT, related_name="listings")
    max_quote_age_seconds = models.PositiveIntegerField(default=10, help_text="No deal on a quote that arrived longer ago")
    max_jump_rate = RateField(default="0.05", help_text="A tick farther than this share from the last quote is flagged; 0: never")
    quote_quantity = QuantityField(
        null=True, blank=True, help_text="Lots each order gets of one quote; what is left waits for the next. Empty: any number"
    )
    is_active = models.BooleanField(default=True)
    history = History()

    class Meta:
        ordering = ["market", "instrument"]
        constraints = [
            models.UniqueConstraint(fields=["market", "instrument"], name="quotes_listing_unique"),
            models.CheckConstraint(
                name="quotes_listing_quote_quantity_positive", condition=models.Q(quote_quantity__isnull=True) | models.Q(quote_quantity__gt=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.instrument} in {self.market}"
