"""People who sign in. What they may do follows from their groups (`accounts.roles`)."""

from django.contrib.auth.models import AbstractUser

from tradingdesk.kernel.history import History


class User(AbstractUser):
    """One person. Never shared: every order and every change names who did it."""

    history = History(excluded_fields=("last_login",), noted_fields=("password",), m2m_fields=("groups", "user_permissions"))

    def __str__(self) -> str:
        return self.get_full_name() or self.username
