"""The same checks under atheris, which follows the coverage of our code; for whoever has it (`pip install atheris`).

    python -m tests.fuzz.atheris_targets loader -max_total_time=600
    python -m tests.fuzz.atheris_targets plan -max_total_time=600
    python -m tests.fuzz.atheris_targets wire -max_total_time=600

Further arguments are libFuzzer's own: a folder keeps the corpus from one run to the next, `-artifact_prefix=FOLDER/`
says where an input that crashes is left, and a file alone runs that input again. The first byte of an input chooses
the check, the rest is what is read. The suite doesn't run this: atheris is no dependency of the project.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

Check = Callable[[bytes], object]


def loader(root: Path) -> tuple[list[Check], list[bytes]]:
    """Experiment files, files of users and workspace files."""
    from expsync.config.workspace import load_workspace
    from tests.config.world import WORKSPACE
    from tests.fuzz import test_loader as loaders

    folders = [root / "files", root / "users", root / "workspace"]
    for folder in folders:
        (folder / "experiments").mkdir(parents=True)
    spaces = []
    for folder in folders[:2]:
        (folder / "expsync.yaml").write_text(WORKSPACE, encoding="utf-8")
        (folder / "experiments" / "users.txt").write_bytes(loaders.USERS)
        (folder / "experiments" / "a.yaml").write_text(json.dumps(loaders.RICH), encoding="utf-8")
        spaces.append(load_workspace(folder / "expsync.yaml", cwd=folder, environ={}))
    (folders[2] / "experiments" / "a.yaml").write_text("key: a\nvariants: [{key: b}]\n", encoding="utf-8")
    checks: list[Check] = [
        lambda content: loaders.loaded(spaces[0], content),
        lambda content: loaders.loaded(spaces[1], content, name="experiments/users.txt"),
        lambda content: loaders.opened(folders[2], content),
    ]
    seeds = [b"\x00" + content for content in loaders.CONTENTS]
    seeds += [
        b"\x01" + loaders.USERS,
        b"\x02" + WORKSPACE.encode(),
        b"\x02" + json.dumps(loaders.FILE).encode(),
    ]
    return checks, seeds


def plan(root: Path) -> tuple[list[Check], list[bytes]]:
    """Plan files as they are, and with a digest that was made to fit."""
    from tests.fuzz import test_plan_reader as readers

    def forged(content: bytes) -> object:
        try:
            document: Any = json.loads(content)
        except (ValueError, RecursionError):
            return None
        return readers.forged(document)

    checks: list[Check] = [lambda content: readers.read(content, root / "plan.json"), forged]
    return checks, [bytes([which]) + content for which in range(2) for content in readers.BYTES]


def wire(root: Path) -> tuple[list[Check], list[bytes]]:
    """Each kind of answer by itself, and in the place of one that a plan is made from."""
    from expsync.cli.options import Globals
    from expsync.cli.session import open_session
    from tests.apply.world import WORKSPACE
    from tests.fuzz.test_wire import parsed, planned
    from tests.security.world import DECLARED, READ_BY_PLAN, REPLIES
    from tests.wire.test_replies import PARSERS

    (root / "expsync.yaml").write_text(WORKSPACE, encoding="utf-8")
    (root / "experiments").mkdir()
    (root / "experiments" / "a.yaml").write_text(json.dumps(DECLARED), encoding="utf-8")
    session = open_session(Globals(config=root / "expsync.yaml", quiet=True))
    declared = session.declarations()

    def parse(name: str) -> Check:
        return lambda content: parsed(name, content)

    def make_plan(name: str) -> Check:
        def check(content: bytes) -> object:
            try:
                reply: Any = json.loads(content)
                json.dumps(reply, allow_nan=False)
            except (ValueError, RecursionError):
                return None
            return planned(session, declared, name, reply)

        return check

    names = sorted(PARSERS)
    checks = [*map(parse, names), *map(make_plan, READ_BY_PLAN)]
    replies = [REPLIES[name] for name in (*names, *READ_BY_PLAN)]
    return checks, [bytes([which]) + json.dumps(reply).encode() for which, reply in enumerate(replies)]


TARGETS = {"loader": loader, "plan": plan, "wire": wire}


def main(arguments: Sequence[str]) -> int:
    """The exit code; libFuzzer itself ends the program where it runs."""
    if not arguments or arguments[0] not in TARGETS:
        print(f"which one: {', '.join(TARGETS)}?", file=sys.stderr)
        return 64
    try:
        atheris: Any = importlib.import_module("atheris")
    except ImportError:
        print("atheris is not installed here: pip install atheris", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        # libFuzzer ends its process by itself; ours is left to take the folder away.
        child = os.fork()
        if child == 0:
            fuzz(atheris, Path(folder), *arguments)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def fuzz(atheris: Any, root: Path, name: str, *options: str) -> NoReturn:
    """Never; libFuzzer ends the process, with what is left of the inputs in its messages."""
    (root / "work").mkdir()
    (root / "seeds").mkdir()
    with atheris.instrument_imports(include=["expsync"]):
        checks, seeds = TARGETS[name](root / "work")
    for place, seed in enumerate(seeds):
        (root / "seeds" / str(place)).write_bytes(seed)

    def one(data: bytes) -> None:
        if data:
            checks[data[0] % len(checks)](data[1:])

    # New inputs go to the first folder that is named, and the seeds' own goes in the end.
    again = any(Path(option).is_file() for option in options)
    atheris.Setup([f"expsync-{name}", *options, *([] if again else [str(root / "seeds")])], one)
    atheris.Fuzz()
    sys.exit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
