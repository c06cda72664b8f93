"""Back-office pages of settlement."""

from settlement.admin import breaks, runs

__all__ = ["breaks", "runs"]
