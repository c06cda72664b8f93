"""Benchmarks: functions in `tests/bench/bench_*.py` under `@bench`, run by `make bench`, each beside its yardstick in the same run."""
