"""`python -m expsync`."""

from __future__ import annotations

import sys

from expsync.cli.process import program

if __name__ == "__main__":
    sys.exit(program())
