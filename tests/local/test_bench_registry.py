import pytest

from tests.bench.registry import Bench, describe_target, run


def bench(value: float, **bounds: float | bool) -> Bench:
    settings = {"target": None, "ratio_target": None, "more_is_better": False} | bounds
    return Bench("orders", "ms", lambda: value, yardstick=lambda: 2.0, **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("bounds", "met"),
    [
        ({}, True),
        ({"target": 6.0}, True),
        ({"target": 5.0}, False),
        ({"target": 6.0, "ratio_target": 2.9}, False),
        ({"target": 6.0, "ratio_target": 3.0}, True),
        ({"target": 6.5, "more_is_better": True}, False),
    ],
)
def test_every_bound_counts(bounds: dict[str, float], met: bool) -> None:
    result = run(bench(6.0, **bounds))
    assert (result.value, result.yardstick, result.ratio, result.met) == (6.0, 2.0, 3.0, met)


def test_target_in_words() -> None:
    assert describe_target(bench(1, target=5.0, ratio_target=6.0)) == "<= 5 ms, <= 6 x"
    assert describe_target(bench(1)) is None
