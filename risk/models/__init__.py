"""What watching leaves behind."""

from risk.models.event import RiskEvent

__all__ = ["RiskEvent"]
