"""What a settlement leaves behind, and what verifications found."""

from settlement.models.run import SettlementRun, SettlementStep, ZeroSumProof
from settlement.models.verification import Break, Verification

__all__ = ["Break", "SettlementRun", "SettlementStep", "Verification", "ZeroSumProof"]
