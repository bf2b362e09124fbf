"""The import table of docs/architecture.md: one direction, no way back."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = "expsync"

# Folder: the folders of this project and the packages of others that its modules may import, besides its own modules,
# the standard library and what is free for all.
TABLE: dict[str, tuple[set[str], set[str]]] = {
    "model": (set(), {"pydantic", "pydantic_core"}),
    "wire": (set(), {"pydantic", "pydantic_core"}),
    "config": ({"model"}, {"ruamel", "_ruamel_yaml", "pydantic", "pydantic_core"}),
    "core": ({"model", "wire"}, {"deepdiff"}),
    "api": ({"model", "wire"}, {"httpx"}),
    "apply": ({"model", "wire", "core", "api"}, set()),
    "render": ({"model"}, set()),
    "authoring": ({"model", "core", "config"}, set()),
    # The vendor's engine is imported where it is asked for alone; the rest works without it.
    "sandbox": ({"wire"}, {"pydantic", "httpx", "starlette", "uvicorn", "amplitude_experiment"}),
    "forge": ({"model", "config", "api", "render"}, {"click", "httpx", "pydantic"}),
    "cli": (
        {"model", "wire", "config", "core", "api", "apply", "render", "authoring", "sandbox"},
        {"click", "rich", "httpx", "pydantic"},
    ),
}
FREE_FOR_ALL = {"errors", "diagnostics"}
# The type of any JSON value is a word for all, not a dependence on a library.
FREE_NAME = "pydantic.JsonValue"
# What would let the thinking depend on more than its arguments.
IMPURE_MODULES = {
    "asyncio", "glob", "io", "logging", "multiprocessing", "os", "pathlib", "random", "secrets", "shutil", "socket",
    "subprocess", "tempfile", "threading", "time", "urllib", "uuid", "click", "httpx",
}  # fmt: skip
IMPURE_CALLS = {"open", "print", "input", "now", "today", "utcnow"}


def violations(root: Path) -> list[str]:
    """One line for every import (and, in core, every call) under `root`/expsync that the table does not allow."""
    found: list[str] = []
    for path in sorted((root / PACKAGE).rglob("*.py")):
        relative = path.relative_to(root)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        folder = relative.parts[1] if len(relative.parts) > 2 else ""
        problems = [f"{line}: {why}" for line, name in _imports(tree, relative, root) if (why := _judge(folder, name))]
        if folder == "core":
            problems += [f"{line}: core calls {name}()" for line, name in _calls(tree) if name in IMPURE_CALLS]
        found += [f"{relative.as_posix()}:{problem}" for problem in problems]
    return found


def _imports(tree: ast.AST, path: Path, root: Path) -> Iterator[tuple[int, str]]:
    """Line and full name of each imported module, those in functions and under TYPE_CHECKING too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(path.parts[: len(path.parts) - node.level]) if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            # `from expsync import core` imports a module as much as `import expsync.core` does.
            names = [f"{module}.{alias.name}" for alias in node.names]
            inner = [name for name in names if _is_module(root, name)]
            if names != [FREE_NAME]:
                yield from ((node.lineno, name) for name in inner or [module])


def _is_module(root: Path, name: str) -> bool:
    path = root.joinpath(*name.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()


def _calls(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Name(id=name) | ast.Attribute(attr=name):
                    yield node.lineno, name


def _judge(folder: str, name: str) -> str:
    """Why the folder may not import the module; nothing where it may."""
    top, _, rest = name.partition(".")
    if top == PACKAGE:
        target = rest.partition(".")[0]
        if target in FREE_FOR_ALL or target in ("", folder, "__version__"):
            return ""
        allowed = {"cli"} if folder == "" else TABLE.get(folder, (set(), set()))[0]
        return "" if target in allowed else f"{folder or 'the package'} imports {name}"
    if folder == "core" and top in IMPURE_MODULES:
        return f"core imports {name}"
    if top in sys.stdlib_module_names:
        return ""
    allowed = TABLE.get(folder, (set(), set()))[1]
    return "" if top in allowed else f"{folder or 'the package'} imports {name}"


def test_every_import_is_in_the_table() -> None:
    assert violations(ROOT) == []


def test_every_folder_is_in_the_table() -> None:
    folders = {path.parent.name for path in (ROOT / PACKAGE).glob("*/__init__.py")}
    assert folders <= set(TABLE)


@pytest.mark.parametrize(
    ("file", "code", "problem"),
    [
        ("render/text.py", "import expsync.core.diff", "1: render imports expsync.core.diff"),
        ("render/text.py", "from expsync import core", "1: render imports expsync.core"),
        ("render/text.py", "from ..core import diff", "1: render imports expsync.core.diff"),
        ("render/text.py", "def f():\n    from expsync.api import client", "2: render imports expsync.api.client"),
        ("render/text.py", "import rich.text", "1: render imports rich.text"),
        ("core/diff.py", "import os.path", "1: core imports os.path"),
        ("core/diff.py", "from pydantic import BaseModel, JsonValue", "1: core imports pydantic"),
        ("core/diff.py", "import httpx", "1: core imports httpx"),
        ("core/diff.py", "x = open('f')", "1: core calls open()"),
        ("core/diff.py", "import datetime\nx = datetime.datetime.now()", "2: core calls now()"),
        ("sandbox/engine.py", "from expsync.model import plan", "1: sandbox imports expsync.model.plan"),
        ("api/client.py", "from expsync.cli.main import main", "1: api imports expsync.cli.main"),
        ("errors.py", "import expsync.model", "1: the package imports expsync.model"),
        ("errors.py", "import click", "1: the package imports click"),
    ],
)
def test_an_import_against_the_direction_is_found(tmp_path: Path, file: str, code: str, problem: str) -> None:
    for folder in TABLE:
        (tmp_path / PACKAGE / folder).mkdir(parents=True)
    for module in ("core/diff", "core/__init__", "api/client", "model/plan", "cli/main"):
        (tmp_path / PACKAGE / f"{module}.py").touch()
    (tmp_path / PACKAGE / file).write_text(code, encoding="utf-8")

    assert violations(tmp_path) == [f"expsync/{file}:{problem}"]


def test_allowed_imports_are_left_alone(tmp_path: Path) -> None:
    target = tmp_path / PACKAGE / "core"
    target.mkdir(parents=True)
    (target / "diff.py").write_text(
        "import json\nfrom pydantic import JsonValue\nfrom deepdiff import DeepDiff\n"
        "from expsync.model.plan import Plan\nfrom expsync.errors import ExpsyncError\n"
        "from . import paths\nfrom expsync import __version__\n",
        encoding="utf-8",
    )

    assert violations(tmp_path) == []
