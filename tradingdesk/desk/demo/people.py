"""One person per role, and the logins of this installation.

`logins.json` is a dict of role → {username, password}. Passwords are random, made once per installation, and never in the repository. An entry is
written after its user; a user without an entry (the file was lost) gets a new password, a user with one keeps whatever password they have now.
"""

import json
import os
import secrets
import tempfile
from pathlib import Path

from django.contrib.auth.models import Group

from accounts.enums import Role
from accounts.models import User
from accounts.roles import enters_admin
from tradingdesk.local import passwords

ADMIN = "admin"
RANDOM_BYTES = 12
NAMES = {
    ADMIN: ("Ada", "Admin"),
    Role.OPERATIONS: ("Olivia", "Marsh"),
    Role.DEALER: ("Daniel", "Roth"),
    Role.AGENT: ("Amara", "Osei"),
    Role.TRADER: ("Theo", "Lindqvist"),
    Role.RISK: ("Rosa", "Ibarra"),
    Role.SETTLEMENT: ("Samuel", "Adler"),
    Role.COMPLIANCE: ("Clara", "Novak"),
    Role.TRAINER: ("Tomas", "Weber"),
}

Logins = dict[str, dict[str, str]]


def logins_file() -> Path:
    """Where the logins of this installation stand."""
    return passwords.folder() / "logins.json"


def read_logins(file: Path) -> Logins:
    """What the file holds; nothing where it is absent or was cut short."""
    try:
        found = json.loads(file.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return found if isinstance(found, dict) else {}


def write_logins(file: Path, logins: Logins) -> None:
    """Replaces the file whole, readable by its owner alone."""
    descriptor, temporary = tempfile.mkstemp(dir=file.parent)  # made 0600
    with os.fdopen(descriptor, "w") as stream:
        json.dump(logins, stream, indent=2)
        stream.write("\n")
    os.replace(temporary, file)


def people() -> dict[str, User]:
    """Everybody of the demo desk by role, ready to sign in."""
    file = logins_file()
    known = read_logins(file)
    logins, users = dict(known), {}
    for role in map(str, NAMES):
        password = known.get(role, {}).get("password")
        if password is None:
            password = secrets.token_urlsafe(RANDOM_BYTES)
            users[role] = _with_password(role, password)
        else:
            users[role] = _found(role) or _new_person(role, password)
        logins[role] = {"username": role, "password": password}
    if logins != known:
        write_logins(file, logins)
    return users


def _found(username: str) -> User | None:
    return User.objects.filter(username=username).first()


def _with_password(role: str, password: str) -> User:
    user = _found(role)
    if user is None:
        return _new_person(role, password)
    user.set_password(password)
    user.save(update_fields=["password"])
    return user


def _new_person(role: str, password: str) -> User:
    first, last = NAMES[role]  # type: ignore[index]
    user = User(username=role, first_name=first, last_name=last, is_superuser=role == ADMIN, is_staff=role == ADMIN or enters_admin([role]))
    user.set_password(password)
    user.save()
    user.groups.set(Group.objects.filter(name=role))
    return user


def client(username: str, first_name: str, last_name: str) -> User:
    """Somebody whose account others trade: a name without a login."""
    user = _found(username)
    if user is None:
        user = User(username=username, first_name=first_name, last_name=last_name)
        user.set_unusable_password()
        user.save()
    return user
