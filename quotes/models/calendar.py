"""When an instrument trades, and to which trading day an instant belongs (rules/futures.md §7). The arithmetic is `quotes.domain.calendar`."""

from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.db import models

from tradingdesk.kernel.history import History


class SessionCalendar(models.Model):
    """Weekly sessions in one time zone. Times at or after `rolls_at` belong to the next trading day; null: the calendar day."""

    code = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=100)
    timezone = models.CharField(max_length=64, help_text="IANA name, such as America/New_York")
    rolls_at = models.TimeField(null=True, blank=True, help_text="Local time at which the next trading day begins; empty: midnight")
    trading_weekdays = models.CharField(max_length=7, default="12345", help_text="ISO weekdays that are trading days: 1 is Monday")
    history = History()

    def __str__(self) -> str:
        return self.code

    def clean(self) -> None:
        """A zone that exists, and at least one trading weekday: everything that asks for a trading day rests on both."""
        errors = {}
        if self.timezone not in available_timezones():
            errors["timezone"] = f"There is no time zone {self.timezone}."
        if not self.trading_weekdays or not set(self.trading_weekdays) <= set("1234567"):
            errors["trading_weekdays"] = "Digits from 1 (Monday) to 7 (Sunday), at least one."
        if errors:
            raise ValidationError(errors)


class SessionWindow(models.Model):
    """One session: opens on this local weekday; a close at or before the open lies on the following day."""

    calendar = models.ForeignKey(SessionCalendar, on_delete=models.CASCADE, related_name="windows")
    weekday = models.PositiveSmallIntegerField(
        choices=[(1, "Monday"), (2, "Tuesday"), (3, "Wednesday"), (4, "Thursday"), (5, "Friday"), (6, "Saturday"), (7, "Sunday")],
        help_text="The weekday it opens on",
    )
    opens_at = models.TimeField()
    closes_at = models.TimeField(help_text="At or before the opening time: on the following day")
    history = History()

    class Meta:
        ordering = ["calendar", "weekday", "opens_at"]
        constraints = [models.UniqueConstraint(fields=["calendar", "weekday", "opens_at"], name="quotes_sessionwindow_unique")]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens_at:%H:%M}–{self.closes_at:%H:%M}"


class Holiday(models.Model):
    """A weekday that is not a trading day: no session that belongs to it takes place."""

    calendar = models.ForeignKey(SessionCalendar, on_delete=models.CASCADE, related_name="holidays")
    day = models.DateField()
    name = models.CharField(max_length=100)
    history = History()

    class Meta:
        ordering = ["calendar", "day"]
        constraints = [models.UniqueConstraint(fields=["calendar", "day"], name="quotes_holiday_unique")]

    def __str__(self) -> str:
        return f"{self.day} {self.name}"
