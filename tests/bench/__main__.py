"""`python -m tests.bench [NAME ...]`: runs the benchmarks, prints a table, writes `var/bench.json`.

A missed target is a finding, not a failure; a benchmark that raises is one, and makes the exit code 1.
"""

import json
import os
import sys
import traceback
from collections.abc import Iterable
from dataclasses import asdict
from importlib import import_module
from itertools import groupby
from pathlib import Path

from tests.bench import registry, servers
from tests.bench.registry import BENCHES, Bench, Result
from tradingdesk.local import paths

WIDTHS = (38, 12, 12, 12, 9, 26, 4)
HEADINGS = ("name", "value", "unit", "yardstick", "ratio", "target", "met")


def main(names: list[str]) -> int:
    """Runs the named benchmarks, or all of them."""
    report_file = paths.var() / "bench.json"
    servers.start()
    discover()
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        print(f"There is no benchmark {', '.join(unknown)}; there are: {', '.join(sorted(BENCHES))}", file=sys.stderr)
        return 1
    chosen = [BENCHES[name] for name in names or BENCHES]
    print_row(HEADINGS)
    results = [result for _, group in groupby(chosen, key=file_of) for result in attempt_all(group)]
    report_file.write_text(json.dumps([asdict(result) for result in results], indent=2) + "\n")
    return 0 if len(results) == len(chosen) else 1


def discover() -> None:
    """Imports every `bench_*.py`, with Django set up."""
    import django

    django.setup()
    for file in sorted(Path(__file__).parent.glob("bench_*.py")):
        import_module(f"tests.bench.{file.stem}")


def file_of(one: Bench) -> str:
    """The module a benchmark stands in."""
    return one.measure.__module__


def attempt_all(group: Iterable[Bench]) -> list[Result]:
    """Runs the benchmarks of one file in a database of their own; those that raised are left out."""
    servers.begin_afresh()
    return [result for one in group if (result := attempt(one))]


def attempt(one: Bench) -> Result | None:
    """Runs one benchmark and prints its row; None when it raised."""
    try:
        result = registry.run(one)
    except Exception:  # a broken benchmark must not hide the others' figures
        print(f"{one.name} failed:", file=sys.stderr)
        traceback.print_exc()
        return None
    figures = (shown(result.value), result.unit, shown(result.yardstick), shown(result.ratio))
    print_row((result.name, *figures, result.target or "", "yes" if result.met else "NO"))
    return result


def shown(figure: float | None) -> str:
    """A figure with four digits; nothing for None."""
    if figure is None:
        return ""
    return f"{figure:,.0f}" if figure >= 1000 else f"{figure:.4g}"


def print_row(cells: tuple[str, ...]) -> None:
    """Prints one line of the table, at once."""
    print("  ".join(f"{cell:<{width}}" for cell, width in zip(cells, WIDTHS, strict=True)).rstrip(), flush=True)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tradingdesk.settings")
    sys.exit(main(sys.argv[1:]))
