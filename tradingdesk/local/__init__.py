"""One machine, one installation: the embedded PostgreSQL and Redis, and the supervisor of `make run`.

Imports the standard library only and nothing of Django: it also runs before the first package is installed, and settings
ask it for addresses.
"""


class LocalError(Exception):
    """Something about this machine that its operator must mend; the message is the one line to show."""
