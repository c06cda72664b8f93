"""The market side in the admin. Ticks have a page of their own: `quotes.admin_views`."""

from quotes.admin import calendars, instruments, markets, prices

__all__ = ["calendars", "instruments", "markets", "prices"]
