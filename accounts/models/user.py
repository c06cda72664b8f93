"""People who sign in. What they may do follows from their groups (`accounts.roles`)."""

from django.contrib.auth.models import AbstractUser
from simple_history.models import HistoricalRecords


class User(AbstractUser):
    """One person. Never shared: every order and every change names who did it."""

    history = HistoricalRecords(excluded_fields=["password", "last_login"], m2m_fields=["groups"])

    def __str__(self) -> str:
        return self.get_full_name() or self.username
