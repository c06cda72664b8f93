"""A small desk for tests, built through services: no test starts from impossible books."""
