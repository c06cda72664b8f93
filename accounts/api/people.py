"""Who is asking: behind IsAuthenticated there is always a person."""

from rest_framework.request import Request

from accounts.models import User


def person(request: Request) -> User:
    """The signed-in user of an API request."""
    assert isinstance(request.user, User)
    return request.user
