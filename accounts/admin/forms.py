"""What a risk tier may say: levels that come one after the other, limits that let something through. In words, beside the field."""

import itertools
from typing import Any

from django import forms

from tradingdesk.kernel.admin_forms import above_zero, number

LEVELS = ("watch_level", "warning_level", "liquidation_level")  # from the first to the last that an account on its way down meets


class RiskTierForm(forms.ModelForm):
    """The database refuses levels that are out of order too, but cannot say so in words."""

    def clean(self) -> dict[str, Any]:
        super().clean()
        above_zero(self, *LEVELS, "margin_factor", "max_order_quantity", "max_position_quantity")
        for earlier, later in itertools.pairwise(LEVELS):
            self._one_after_the_other(earlier, later)
        return self.cleaned_data

    def _one_after_the_other(self, earlier: str, later: str) -> None:
        first, then = self.cleaned_data.get(earlier), self.cleaned_data.get(later)
        if first is None or then is None or then <= first:
            return
        name = later.replace("_", " ")
        self.add_error(later, f"The {name}, {number(then)} %, must not lie above the {earlier.replace('_', ' ')}, {number(first)} %.")
