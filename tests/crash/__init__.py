"""The desk under SIGKILL: its real processes, forked from a warm parent so that hundreds of restarts take minutes, on a PostgreSQL of these tests' own."""
