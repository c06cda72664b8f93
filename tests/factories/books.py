"""The invariants of the books (DESIGN §5), recomputed from rows by the desk's own checks: what every test that moved money ends with."""

from settlement.selectors import Difference, differences


def broken_invariants() -> dict[str, list[Difference]]:
    """What is wrong with the books, by kind, with the first differences of each."""
    found: dict[str, list[Difference]] = {}
    for one in differences():
        found.setdefault(one.kind.value, []).append(one)
    return {kind: rows[:5] for kind, rows in found.items()}


def assert_books_are_right() -> None:
    """Fails with every broken invariant and its rows."""
    assert broken_invariants() == {}
