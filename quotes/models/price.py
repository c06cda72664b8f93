"""Prices as they came, the newest of them, and what is built from them.

Every tick of a (market, instrument) has a gapless `seq`, which is the order of the feed: times are kept to the microsecond and may repeat.
"""

from decimal import Decimal

from django.db import models

from quotes.enums import SettlementMethod, TickFlag
from quotes.models.instrument import Instrument
from quotes.models.market import Market
from tradingdesk.kernel.fields import PriceField, QuantityField
from tradingdesk.kernel.models import AppendOnlyModel


class Tick(AppendOnlyModel):
    """One quote of the feed. Partitioned by trading day in the database (first migration), written by COPY alone."""

    pk = models.CompositePrimaryKey("trading_day", "market_id", "instrument_id", "seq")
    trading_day = models.DateField()
    market = models.ForeignKey(Market, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False)
    instrument = models.ForeignKey(Instrument, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False)
    seq = models.BigIntegerField()
    time = models.DateTimeField(help_text="Market time: what the feed stamped")
    bid = PriceField()
    ask = PriceField()
    last = PriceField(null=True, help_text="Last trade, where the feed has trades")
    last_size = QuantityField(null=True)
    flag = models.PositiveSmallIntegerField(choices=TickFlag, default=TickFlag.CLEAN)
    received_at = models.DateTimeField(help_text="Wall clock when we took it")

    class Meta:
        managed = False
        db_table = "quotes_tick"

    @property
    def spread(self) -> Decimal:
        """Ask less bid; negative on a crossed tick."""
        return self.ask - self.bid


class LatestQuote(models.Model):
    """The newest clean tick, one row per (market, instrument): what placement and sweeps deal on.

    Written by `quotes.services.ticks` under this row's lock: for the market process, and for imports. `last`, volume and turnover are of its trading day.
    """

    market = models.ForeignKey(Market, on_delete=models.CASCADE, related_name="latest_quotes")
    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE, related_name="latest_quotes")
    last_seq = models.BigIntegerField(default=0, help_text="Newest tick stored, flagged ones included")
    seq = models.BigIntegerField(null=True, help_text="Tick this quote is from; null before the first")
    evaluated_seq = models.BigIntegerField(default=0, help_text="Resting orders have seen every tick up to this one")
    leader_epoch = models.BigIntegerField(default=0, help_text="Raised by each process that takes the lead; an older one's ticks are refused")
    time = models.DateTimeField(null=True)
    trading_day = models.DateField(null=True)
    bid = PriceField(null=True)
    ask = PriceField(null=True)
    last = PriceField(null=True)
    day_volume = QuantityField(default=0, db_default=0, help_text="Lots traded on the feed's tape since the trading day began")
    day_turnover = models.DecimalField(max_digits=38, decimal_places=10, default=0, db_default=0, help_text="Sum of price × lots of the same trades")
    received_at = models.DateTimeField(null=True)
    source = models.CharField(max_length=32, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["market", "instrument"], name="quotes_latestquote_unique")]

    def __str__(self) -> str:
        return f"{self.instrument_id}@{self.market_id} {self.bid}/{self.ask}"


class Bar(models.Model):
    """One minute of clean ticks, [start, start + 1 min), with bid, ask and (where the feed has them) trade prices; no tick, no bar."""

    market = models.ForeignKey(Market, on_delete=models.CASCADE, related_name="+")
    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE, related_name="+")
    start = models.DateTimeField()
    trading_day = models.DateField()
    bid_open = PriceField()
    bid_high = PriceField()
    bid_low = PriceField()
    bid_close = PriceField()
    ask_open = PriceField()
    ask_high = PriceField()
    ask_low = PriceField()
    ask_close = PriceField()
    trade_open = PriceField(null=True)
    trade_high = PriceField(null=True)
    trade_low = PriceField(null=True)
    trade_close = PriceField(null=True)
    volume = QuantityField(default=0)
    ticks = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["market", "instrument", "start"], name="quotes_bar_unique")]
        indexes = [models.Index(fields=["market", "instrument", "trading_day"], name="quotes_bar_day")]

    def __str__(self) -> str:
        return f"{self.instrument_id} {self.start:%Y-%m-%d %H:%M}"


class SettlementPrice(AppendOnlyModel):
    """The price a trading day is settled at: fixed once, never changed. A day that the desk says has none (NONE) leaves lots at their basis."""

    market = models.ForeignKey(Market, on_delete=models.PROTECT, related_name="settlement_prices")
    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="settlement_prices")
    trading_day = models.DateField()
    price = PriceField(null=True)
    method = models.CharField(max_length=16, choices=SettlementMethod)
    tick_seq = models.BigIntegerField(null=True)
    fixed_at = models.DateTimeField()

    class Meta:
        ordering = ["-trading_day", "market", "instrument"]
        constraints = [
            models.UniqueConstraint(fields=["market", "instrument", "trading_day"], name="quotes_settlementprice_unique"),
            models.CheckConstraint(
                name="quotes_settlementprice_or_none",
                condition=models.Q(price__gt=0) & ~models.Q(method="NONE") | models.Q(price=None, method="NONE"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.instrument} {self.trading_day} {self.price}"


class TickImport(AppendOnlyModel):
    """A file of recorded ticks that was taken in whole; the same file is not taken into the same market twice."""

    market = models.ForeignKey(Market, on_delete=models.PROTECT, related_name="tick_imports")
    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="tick_imports")
    file_name = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    ticks = models.PositiveIntegerField()
    flagged = models.PositiveIntegerField()
    first_seq = models.BigIntegerField()
    imported_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["market", "instrument", "sha256"], name="quotes_tickimport_unique")]

    def __str__(self) -> str:
        return self.file_name
