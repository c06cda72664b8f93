"""What a settlement leaves behind."""

from settlement.models.run import SettlementRun, SettlementStep, ZeroSumProof

__all__ = ["SettlementRun", "SettlementStep", "ZeroSumProof"]
