"""`python -m expsync`."""

from __future__ import annotations

import sys

from expsync.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
