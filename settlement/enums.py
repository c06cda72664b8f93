"""Words of the end of day."""

from django.db.models import TextChoices


class RunStatus(TextChoices):
    """How far the settlement of a day is."""

    RUNNING = "RUNNING", "Running"
    DONE = "DONE", "Done"


class StepName(TextChoices):
    """The steps of a settlement, in order; each is idempotent and recorded."""

    PRICES = "PRICES", "Fix prices"
    MARK = "MARK", "Expire day orders, mark lots, charge overnight fees, set margins"
    SNAPSHOT = "SNAPSHOT", "Snapshot"
    PROOF = "PROOF", "Zero-sum proof"
