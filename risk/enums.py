"""The margin ladder (DESIGN §7); thresholds are the risk tier's, and trigger strictly below; a deficit is below zero."""

from django.db.models import TextChoices


class MarginState(TextChoices):
    """Where an account stands, best first."""

    NORMAL = "NORMAL", "Normal"
    WATCH = "WATCH", "Watch"
    WARNING = "WARNING", "Warning: margin call"
    LIQUIDATION = "LIQUIDATION", "Below the liquidation level"
    DEFICIT = "DEFICIT", "Deficit: owes the house"  # equity below zero, positions or none
