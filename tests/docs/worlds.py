"""The folders that pages run in; `tests/docs/__init__.py` says what is in each."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from expsync import __version__
from expsync.sandbox.engine import Engine, Request
from expsync.sandbox.server import ServedSandbox
from expsync.sandbox.store import Store
from tests.docs.page import Meanwhile

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
HOME = "/home/ann"
ADDRESS = "https://experiment.amplitude.com"
PORT = "8377"
KEY = "management-api-key-of-the-documents"
PIPELINE = "ci@example.com"
"""Who the key belongs to."""
SOMEBODY = "cleo@example.com"
"""Who edits by hand."""

_LIVE_WORKSPACE = """\
version: 1
defaultEnvironment: prod
environments:
  prod:
    region: us
    projectId: "2002"
    apiKeyEnv: AMPLITUDE_PROD_KEY
    deployments: {web: "9301", ios: "9302"}
"""
_GIT_SETTINGS = """\
[user]
  name = Ann
  email = ann@example.com
[init]
  defaultBranch = main
[color]
  ui = false
[advice]
  detachedHead = false
[commit]
  gpgsign = false
"""


@dataclass
class World:
    """A scratch home with the page's folder in it, and what stands behind it."""

    home: Path
    folder: Path
    environment: dict[str, str]
    project: str = "1001"
    """The project that a hand edit means where it names none."""
    served: Engine | None = None
    real: dict[str, str] = field(default_factory=dict)
    """What the page writes, to what it is on this machine."""

    def as_run(self, text: str) -> str:
        """The text of the page as it is here."""
        for written, real in self.real.items():
            text = text.replace(written, real)
        return text

    def as_written(self, text: str) -> str:
        """What came out here as the page would write it."""
        for written, real in self.real.items():
            text = text.replace(real, written)
        return text

    @contextmanager
    def engine(self, folder: Path) -> Iterator[Engine]:
        """The live side for somebody's hands: the served project, or the sandbox of the workspace in `folder`."""
        if self.served is not None:
            yield self.served
            return
        with Store(folder / ".expsync" / "sandbox.db") as store:
            yield Engine(store, author=SOMEBODY)

    def edit(self, what: Meanwhile, folder: Path) -> None:
        """Nothing; somebody did this by hand."""
        with self.engine(folder) as engine:
            experiments: object = engine.export(what.project or self.project)["experiments"]
            assert isinstance(experiments, list)
            ids = {experiment["key"]: experiment["id"] for experiment in experiments}
            assert what.key in ids, f"{what.key} is not live"
            path = f"/api/1/experiments/{ids[what.key]}{what.path}"
            headers = {"content-type": "application/json"}
            if self.served is not None:
                headers["authorization"] = f"Bearer {KEY}"
            reply = engine.answer(Request("PATCH", path, {}, headers, what.body.encode()))
            assert reply.status == 200, f"{what.key} can't be edited like that: {reply.body.decode()}"


@contextmanager
def open_world(name: str, scratch: Path) -> Iterator[World]:
    """The world of that name, in `scratch`, for as long as the context lasts."""
    if name not in WORLDS:
        raise AssertionError(f"there is no world {name!r}; there are {', '.join(WORLDS)}")
    with ExitStack() as stack:
        yield stack.enter_context(WORLDS[name](scratch))


def _new(scratch: Path, folder: str) -> World:
    home = scratch / "home"
    (home / folder).mkdir(parents=True)
    (home / ".gitconfig").write_text(_GIT_SETTINGS, encoding="utf-8")
    programs = scratch / "bin"
    shutil.copytree(HERE / "standins", programs)
    binaries = Path(sys.executable).parent
    environment = {
        "PATH": os.pathsep.join([str(programs), str(binaries), os.environ["PATH"]]),
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "TZ": "UTC",
        "NO_COLOR": "1",
        "PAGER": "cat",
        "TMPDIR": str(scratch),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CEILING_DIRECTORIES": str(scratch),
        # Commits are the same each time as far as their contents are.
        "GIT_AUTHOR_DATE": "2026-03-02T09:00:00Z",
        "GIT_COMMITTER_DATE": "2026-03-02T09:00:00Z",
        # Whatever a page does by mistake, it does not reach a network.
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "EXPSYNC_DOCS_BIN": str(binaries),
        "EXPSYNC_DOCS_VERSION": __version__,
    }
    port = _free_port()
    serve = "expsync sandbox serve "
    real = {HOME: str(home), f":{PORT}": f":{port}", serve: f"{serve}--port {port} "}
    return World(home, home / folder, environment, real=real)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@contextmanager
def _empty(scratch: Path) -> Iterator[World]:
    yield _new(scratch, "work")


def _example(name: str) -> Callable[[Path], AbstractContextManager[World]]:
    @contextmanager
    def world(scratch: Path) -> Iterator[World]:
        made = _new(scratch, "flags")
        _copy(ROOT / "examples" / name, made.folder)
        yield made

    return world


def _copy(source: Path, target: Path) -> None:
    """The example, whose files name their schemas as a repository of its own would."""
    shutil.copytree(source, target, ignore=shutil.ignore_patterns(".expsync"), dirs_exist_ok=True)
    for file in target.rglob("*.yaml"):
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace("../../schemas/", "schemas/"), encoding="utf-8")
    shutil.copytree(ROOT / "schemas", target / "schemas")


@contextmanager
def _repository(scratch: Path) -> Iterator[World]:
    made = _new(scratch, "flags")
    _copy(ROOT / "examples" / "quickstart", made.folder)
    (made.folder / ".gitignore").write_text(".expsync/\nplan.*\n", encoding="utf-8")
    for command in (
        "git init --quiet",
        "git add --all",
        "git commit --quiet --message 'The quick start'",
        f"git init --quiet --bare {scratch}/origin.git",
        f"git remote add origin {scratch}/origin.git",
        "git push --quiet --set-upstream origin main",
        "expsync --quiet apply --yes",
    ):
        subprocess.run(["bash", "-c", command], cwd=made.folder, env=made.environment, check=True, capture_output=True)
    yield made


@contextmanager
def _live(scratch: Path) -> Iterator[World]:
    made = _new(scratch, "flags")
    with _served(made):
        (made.folder / "expsync.yaml").write_text(made.as_run(_LIVE_WORKSPACE), encoding="utf-8")
        yield made


@contextmanager
def _clone(scratch: Path) -> Iterator[World]:
    made = _new(scratch, "expsync")
    for name in ("Makefile", "README.md", "pyproject.toml"):
        shutil.copy(ROOT / name, made.folder / name)
    for name in ("examples", "schemas"):
        shutil.copytree(ROOT / name, made.folder / name, ignore=shutil.ignore_patterns(".expsync"))
    with _served(made):
        yield made


@contextmanager
def _served(made: World) -> Iterator[None]:
    """Nothing; the project of `live/` is served, and is what the region `us` means."""
    with Store(None) as store:
        keys = {KEY: frozenset({"2002"})}
        engine = Engine(store, keys=keys, author=PIPELINE)
        engine.import_world(json.loads((HERE / "live" / "2002.json").read_text(encoding="utf-8")))
        with ServedSandbox(engine) as served:
            made.real |= {
                "region: us": f"baseUrl: {served.url}",
                ADDRESS: served.url,
                "AMPLITUDE_PROD_KEY=…": f"AMPLITUDE_PROD_KEY={KEY}",
            }
            # Another person on the same project.
            made.served, made.project = Engine(store, keys=keys, author=SOMEBODY), "2002"
            yield


WORLDS: dict[str, Callable[[Path], AbstractContextManager[World]]] = {
    "empty": _empty,
    "quickstart": _example("quickstart"),
    "many-environments": _example("many-environments"),
    "repository": _repository,
    "live": _live,
    "clone": _clone,
}
