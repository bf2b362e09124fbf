"""`python -m expsync`."""

from __future__ import annotations

import sys

from expsync.cli.main import program

if __name__ == "__main__":
    sys.exit(program())
