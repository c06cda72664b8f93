"""What a benchmark is, and the list of them.

    @bench("one_order", unit="ms", target=6.0, yardstick=pgbench_tpcb_ms)
    def one_order() -> float: ...

The function returns its figure (a median, where it repeats). `target` bounds the figure, `ratio_target` the figure divided by the yardstick's;
both are upper bounds, or lower ones with `more_is_better`.
"""

from collections.abc import Callable
from dataclasses import dataclass

Measure = Callable[[], float]


@dataclass(frozen=True)
class Bench:
    """One benchmark and what is expected of it."""

    name: str
    unit: str
    measure: Measure
    target: float | None
    yardstick: Measure | None
    ratio_target: float | None
    more_is_better: bool


@dataclass(frozen=True)
class Result:
    """One row of `var/bench.json`; `yardstick`, `ratio` and `target` are None where there is none."""

    name: str
    value: float
    unit: str
    yardstick: float | None
    ratio: float | None
    target: str | None
    met: bool


BENCHES: dict[str, Bench] = {}


def bench(
    name: str,
    unit: str,
    target: float | None = None,
    yardstick: Measure | None = None,
    ratio_target: float | None = None,
    more_is_better: bool = False,
) -> Callable[[Measure], Measure]:
    """Registers the function below it. ValueError for a name that is taken, or a ratio without a yardstick."""
    if name in BENCHES or (ratio_target is not None and yardstick is None):
        raise ValueError(f"benchmark {name}: its name is taken, or its ratio lacks a yardstick")

    def register(measure: Measure) -> Measure:
        BENCHES[name] = Bench(name, unit, measure, target, yardstick, ratio_target, more_is_better)
        return measure

    return register


def run(one: Bench) -> Result:
    """Measures one benchmark, its yardstick first."""
    yardstick = one.yardstick() if one.yardstick else None
    value = one.measure()
    ratio = value / yardstick if yardstick else None
    return Result(one.name, value, one.unit, yardstick, ratio, describe_target(one), is_met(one, value, ratio))


def is_met(one: Bench, value: float, ratio: float | None) -> bool:
    """Whether every bound holds."""
    bounds = [(value, one.target), (ratio, one.ratio_target)]
    pairs = [(figure, bound) for figure, bound in bounds if figure is not None and bound is not None]
    return all(figure >= bound if one.more_is_better else figure <= bound for figure, bound in pairs)


def describe_target(one: Bench) -> str | None:
    """The bounds in words, as in `<= 6 ms, <= 6 x`."""
    sign = ">=" if one.more_is_better else "<="
    bounds = [(one.target, one.unit), (one.ratio_target, "x")]
    return ", ".join(f"{sign} {bound:g} {unit}" for bound, unit in bounds if bound is not None) or None
