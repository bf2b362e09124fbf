"""The emulator in a process of its own, with the habits of a server whose lists carry all that its bodies do.

    python -m benchmarks.emulated SEED

prints its address, and serves the seeds of that folder until its standard input ends.
"""

from __future__ import annotations

import sys
from pathlib import Path

from expsync.sandbox.engine import Engine
from expsync.sandbox.habits import Habits
from expsync.sandbox.seed import load_seed
from expsync.sandbox.server import ServedSandbox
from expsync.sandbox.store import Store

WHOLE_LISTS = Habits(variants="whole", tags_in_list=True, deleted_in_list=True)


def serve(seed: Path) -> int:
    """0, once the standard input has ended."""
    with Store(None) as store:
        engine = Engine(store, habits=WHOLE_LISTS)
        load_seed(engine, seed)
        with ServedSandbox(engine) as sandbox:
            print(sandbox.url, flush=True)
            sys.stdin.read()
    return 0


if __name__ == "__main__":
    sys.exit(serve(Path(sys.argv[1])))
