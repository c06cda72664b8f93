"""What a check is."""

from dataclasses import dataclass

from settlement.enums import BreakKind


@dataclass(frozen=True)
class Check:
    """One invariant. `statement` yields what differs: market_id, account_id (or null), id of the `model` row it is about, part, stored, recomputed.

    `part` names the figure where a row has several, else it is empty; kind, object and part are the same break. `words` say it to a person.
    """

    kind: BreakKind
    model: str
    words: str
    statement: str

    def sentence(self, part: str, stored: str, recomputed: str) -> str:
        """The break in words, figures as they are to be shown."""
        return self.words.format(part=part, stored=stored, recomputed=recomputed)


def differing(*figures: tuple[str, str, str]) -> str:
    """The end of a statement whose rows have several figures, each (part, stored, recomputed): yields those that differ, as `v`.

    Rows in which none differs, which are all of them in right books, are left out before they are taken apart.
    """
    values = ", ".join(f"('{part}', {stored}, {recomputed})" for part, stored, recomputed in figures)
    any_differs = " OR ".join(f"{stored} <> {recomputed}" for _, stored, recomputed in figures)
    return f"CROSS JOIN LATERAL (VALUES {values}) AS v(part, stored, recomputed) WHERE ({any_differs}) AND v.stored <> v.recomputed"
