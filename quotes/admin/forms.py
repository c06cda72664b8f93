"""What contract terms and listings may say. In words, beside the field, with the numbers."""

from decimal import Decimal
from typing import Any

from django import forms

from tradingdesk.kernel.admin_forms import above_zero, not_below_zero, number
from tradingdesk.kernel.money import on_grid

MOST_DECIMALS = 5  # of a price on the trader's page: a point of a currency pair; no instrument is quoted finer


class InstrumentForm(forms.ModelForm):
    """Steps and limits that a quantity and a price can meet."""

    def clean(self) -> dict[str, Any]:
        super().clean()
        above_zero(self, "multiplier", "quantity_step", "max_order_quantity")
        not_below_zero(self, "tick_size")
        self._tick_that_is_shown()
        self._maximum_on_the_step()
        return self.cleaned_data

    def _tick_that_is_shown(self) -> None:
        tick = self.cleaned_data.get("tick_size")
        if tick and not on_grid(tick, Decimal(1).scaleb(-MOST_DECIMALS)):
            self.add_error("tick_size", f"Prices are shown with {MOST_DECIMALS} decimals at most; {number(tick)} is finer.")

    def _maximum_on_the_step(self) -> None:
        step, maximum = self.cleaned_data.get("quantity_step"), self.cleaned_data.get("max_order_quantity")
        if step and maximum and not on_grid(maximum, step):
            self.add_error("max_order_quantity", f"{number(maximum)} is not a multiple of the quantity step, {number(step)}.")


class FeeScheduleForm(forms.ModelForm):
    """Fees are paid to the house; what is paid overnight may go either way."""

    def clean(self) -> dict[str, Any]:
        super().clean()
        not_below_zero(self, "open_per_lot", "open_rate", "close_per_lot", "close_rate", "close_today_per_lot", "close_today_rate")
        return self.cleaned_data


class MarginScheduleForm(forms.ModelForm):
    """Margin is at most the whole value; a call at maintenance margin restores initial margin: so much cannot have to be left of less."""

    def clean(self) -> dict[str, Any]:
        super().clean()
        not_below_zero(self, "rate", "per_lot", "maintenance_per_lot")
        self._rate_within_the_value()
        self._maintenance_within_initial()
        return self.cleaned_data

    def _rate_within_the_value(self) -> None:
        rate = self.cleaned_data.get("rate")
        if rate and rate > 1:
            self.add_error("rate", f"{number(rate)} is {number(rate * 100)} % of the value; write {number(rate / 100)} for {number(rate)} %.")

    def _maintenance_within_initial(self) -> None:
        # A share of the price has no amount yet; what is left of it is compared at settlement.
        rate, initial, maintenance = (self.cleaned_data.get(name) for name in ("rate", "per_lot", "maintenance_per_lot"))
        if maintenance and initial is not None and not rate and maintenance > initial:
            self.add_error("maintenance_per_lot", f"{number(maintenance)} is more than the initial margin of a lot, {number(initial)}.")


class ListingForm(forms.ModelForm):
    """A quote must be allowed some age, a jump no negative size; what is quoted is some quantity, and one that an order can be of."""

    def clean(self) -> dict[str, Any]:
        super().clean()
        above_zero(self, "max_quote_age_seconds", "quote_quantity")
        not_below_zero(self, "max_jump_rate")
        self._quoted_on_the_step()
        return self.cleaned_data

    def _quoted_on_the_step(self) -> None:
        instrument, quoted = (
            self.cleaned_data.get("instrument") or getattr(self.instance, "instrument", None),
            self.cleaned_data.get("quote_quantity"),
        )
        if instrument is not None and quoted and not on_grid(quoted, instrument.quantity_step):
            self.add_error("quote_quantity", f"{number(quoted)} is not a multiple of the quantity step, {number(instrument.quantity_step)}.")
