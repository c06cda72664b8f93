#!/usr/bin/env python3
"""The desk's commands: `python manage.py help`. Uses the `.venv` of `make setup` whatever Python it is started with."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

INSTALLED = Path(__file__).resolve().parent / ".venv" / "bin" / "python"


def main() -> int:
    """Run one command."""
    if find_spec("django") is None:
        if not INSTALLED.exists() or sys.prefix == str(INSTALLED.parents[1]):
            print("Tradingdesk: nothing is installed yet; run make setup.", file=sys.stderr)
            return 1
        os.execv(INSTALLED, [str(INSTALLED), *sys.argv])  # noqa: S606 - the same command, with the installed Python
    from tradingdesk.local import commands

    return commands.main(sys.argv)


if __name__ == "__main__":
    sys.exit(main())
