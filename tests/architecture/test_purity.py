"""Money knows no float; one module reads the clock; pure code stays pure; nothing swallows every error around money."""

import ast
from collections.abc import Iterator

from django.apps import apps

from tests.architecture.source import PACKAGES, Source, dotted, sources

EXACT = ("accounts", "orders", "settlement")
WALL_CLOCK = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "timezone.now", "time.time", "time.time_ns", "datetime.datetime.now"}
MAY_READ_THE_CLOCK = ("tradingdesk/kernel/clock.py", "tradingdesk/local/")
MAY_SLEEP = ("tradingdesk/local/", "tradingdesk/desk/market/", "quotes/feeds/", "quotes/hub.py")
# One bad order, account or market never stops the others: its transaction is undone, it is said, and what it is owed stays in the table.
MAY_CATCH_ALL = ("orders/services/halving.py", "settlement/services/steps.py", "settlement/tasks.py")
PURE = ("accounts/domain/", "orders/domain/", "orders/matching/", "quotes/domain/")


def calls(source: Source) -> Iterator[tuple[str, str]]:
    """(name called, where)."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            yield dotted(node.func), f"{source.path}:{node.lineno} {dotted(node.func)}"


def test_what_these_tests_look_for_is_found_where_it_is() -> None:
    bad = Source("bad.py", "import datetime\ndatetime.datetime.now()\nx = float(y)\ntime.sleep(1)\n")
    assert [name for name, _ in calls(bad)] == ["datetime.datetime.now", "float", "time.sleep"]


def test_no_float_comes_near_money() -> None:
    found = [where for source in sources(*EXACT) for name, where in calls(source) if name in {"float", "models.FloatField"}]
    for source in sources(*EXACT):
        found += [f"{source.path}:{n.lineno} {n.value}" for n in ast.walk(source.tree) if isinstance(n, ast.Constant) and isinstance(n.value, float)]
        found += [f"{source.path}:{n.lineno}" for n in ast.walk(source.tree) if isinstance(n, ast.Name) and n.id == "float"]
    assert found == []


def test_no_column_of_ours_is_a_float() -> None:
    models = [model for model in apps.get_models() if model.__module__.split(".")[0] in PACKAGES]
    assert models
    assert [f for model in models for f in model._meta.concrete_fields if f.get_internal_type() == "FloatField"] == []


def test_only_the_kernels_clock_reads_the_wall_clock() -> None:
    found = [where for source in sources() if not source.path.startswith(MAY_READ_THE_CLOCK) for name, where in calls(source) if name in WALL_CLOCK]
    assert found == []


def test_pure_code_reads_no_clock_at_all_and_draws_no_unseeded_number() -> None:
    pure = [source for source in sources() if source.path.startswith(PURE)]
    assert pure
    found = [where for source in pure for name, where in calls(source) if name.startswith(("clock.", "time.", "random.", "secrets.", "uuid."))]
    assert [where for where in found if "random.Random" not in where] == []


def test_rounding_happens_in_one_module() -> None:
    elsewhere = [where for source in sources(*EXACT) for name, where in calls(source) if name.endswith(".quantize") or name == "round"]
    # An order's digits are compared with their rounded selves, which rounds nothing that is kept.
    assert [where for where in elsewhere if not where.startswith("orders/services/intake.py")] == []


def test_nobody_sleeps_but_those_who_wait_for_a_living() -> None:
    found = [
        where for source in sources() if not source.path.startswith(MAY_SLEEP) for name, where in calls(source) if name in {"time.sleep", "sleep"}
    ]
    assert found == []


def test_no_error_around_money_is_swallowed_whole() -> None:
    broad = []
    for source in sources(*EXACT):
        if source.path in MAY_CATCH_ALL:
            continue
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ExceptHandler) and (node.type is None or dotted(node.type) in {"Exception", "BaseException"}):
                broad.append(f"{source.path}:{node.lineno}")
    assert broad == []


def test_services_start_their_transactions_through_the_kernel() -> None:
    found = [
        where for source in sources("accounts", "orders") for name, where in calls(source) if name == "transaction.atomic" and "/services/" in where
    ]
    assert found == []
