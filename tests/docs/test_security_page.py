"""What docs/security.md claims: the tests that it names are there, and what no other test holds is held here."""

from __future__ import annotations

import ast
import re
import ssl
import stat
from collections.abc import Iterator
from pathlib import Path

import click
import httpx
import pytest

from expsync.api import answers
from expsync.api.connection import open_http
from expsync.api.lanes import Lanes
from expsync.cli.main import COMMANDS
from expsync.cli.sandbox import serve
from expsync.config import inclusions, yaml_places, yaml_text
from expsync.model import plan_file
from tests.cli.conftest import Ran, Run, run  # noqa: F401 - a fixture
from tests.cli.workspace import Workspace, live, workspace  # noqa: F401 - a fixture
from tests.docs.worlds import ROOT

TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
SOURCES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "expsync").rglob("*.py"))}
NEW = {"key": "checkout", "name": "Checkout", "deployments": ["web"]}


def test_every_test_that_is_named_is_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", TEXT)

    missing = [
        (file, test)
        for file, test in named
        if not (ROOT / file).is_file() or (test and test not in _functions(ROOT / file))
    ]
    assert len(named) > 40
    assert missing == []


def _functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def said_of(sentence: str) -> set[str]:
    """The commands that the page names before a word of its sentence on keys."""
    (found,) = re.findall(rf"\*\*Which key\.\*\*[^*]*?((?:`[^`]+`[, and;]*)+) {sentence}", TEXT.replace("\n", " "))
    return set(re.findall(r"`([^`]+)`", found))


def test_only_apply_and_adopting_write(run: Run, workspace: Workspace) -> None:  # noqa: F811
    workspace.sow(live("checkout", name="By hand"), live("stray", tags=[]))
    workspace.declare(NEW)
    saved = workspace.root / "plan.json"
    reading: dict[str, list[object]] = {
        "plan": ["plan", "--out", saved],
        "drift": ["drift"],
        "history": ["history", "checkout"],
        "rollback": ["rollback", "checkout", "--to", "1"],
        "pull": ["pull"],
        "import": ["import", "stray"],
    }
    writing: dict[str, list[object]] = {
        "apply": ["apply", "--yes"],
        "import --adopt": ["import", "another", "--adopt"],
    }

    assert reading.keys() == said_of("send reads alone")
    assert writing.keys() == said_of("write")
    for arguments in reading.values():
        ran: Ran = run(*arguments)
        assert (ran.code, workspace.asked != []) == (0, True), ran
        assert workspace.writes == []
        workspace.forget()
    workspace.sow(live("another", tags=[]))
    workspace.declare({**NEW, "name": "Once more"})
    for arguments in writing.values():
        ran = run(*arguments)
        assert (ran.code, workspace.writes != []) == (0, True), ran
        workspace.forget()


def test_offline_commands_send_nothing(
    run: Run,  # noqa: F811
    workspace: Workspace,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    workspace.declare(NEW)
    assert run("plan", "--out", "plan.json").code == 0
    workspace.forget()
    offline: dict[str, list[object]] = {
        "validate": ["validate"],
        "fmt": ["fmt"],
        "show": ["show", "plan.json"],
        "init": ["init", "another"],
        "rules": ["rules"],
        "schema": ["schema", "plan"],
    }
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("a connection was opened"))

    assert offline.keys() == said_of("send nothing")
    for arguments in offline.values():
        ran: Ran = run(*arguments)
        assert ran.code == 0, ran
    assert workspace.wires == []


def test_certificates_are_verified() -> None:
    """The client has a context of its own, and nothing in the program makes another, but where there is no TLS."""
    with open_http(httpx.URL("https://experiment.example")) as http:
        assert isinstance(http, Lanes)
        (transport,) = http._lanes
        assert isinstance(transport, httpx.HTTPTransport)
        context = transport._pool._ssl_context
    assert isinstance(context, ssl.SSLContext)
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
    given = [ast.unparse(keyword) for _, keyword in _keywords() if keyword.arg == "verify"]
    # The context is that one, for each connection, be it through a proxy or not.
    assert given == ["verify=context", "verify=base.scheme == 'https'", "verify=context"]


def _keywords() -> Iterator[tuple[Path, ast.keyword]]:
    for path, tree in SOURCES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield from ((path, keyword) for keyword in node.keywords)


def test_git_is_the_only_program_that_is_started() -> None:
    """The ready parts for pipelines, which are in a folder of their own, start expsync itself as well."""
    starting = {
        path.relative_to(ROOT / "expsync").as_posix(): path
        for path in SOURCES
        if {"subprocess", "multiprocessing", "pty"} & set(_imported(path)) and path.parent.name != "forge"
    }
    with_shell = [path.name for path, keyword in _keywords() if keyword.arg == "shell"]

    assert sorted(starting) == ["authoring/git.py", "cli/suggest.py"]
    # By its name in the list of arguments, or as it was found on the PATH.
    assert [
        path.name for path in starting.values() if not re.search(r'(?:which\(|\[)"git"', path.read_text("utf-8"))
    ] == []
    assert with_shell == []


def test_nothing_is_run_that_stands_in_a_text() -> None:
    risky = {"eval", "exec", "compile", "__import__", "system", "popen", "unsafe_load", "startfile"}
    called = [
        f"{path.name}:{node.lineno} {_called(node)}"
        for path, tree in SOURCES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _called(node) in risky and not _is_regular(node)
    ]
    assert called == []
    assert {name for path in SOURCES for name in _imported(path)} & {
        "pickle",
        "marshal",
        "shelve",
        "code",
        "yaml",
    } == set()


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _is_regular(node: ast.Call) -> bool:
    """Whether it is `re.compile`."""
    return isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name) and node.func.value.id == "re"


def _imported(path: Path) -> Iterator[str]:
    """The top names of what a module imports."""
    for node in ast.walk(SOURCES[path]):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]


def test_plans_and_logs_are_for_their_owner(run: Run, workspace: Workspace) -> None:  # noqa: F811
    workspace.declare(NEW)
    assert run("plan", "--out", "plan.json").code == 0
    assert run("apply", "plan.json", "--yes", "--log", "apply.jsonl").code == 0

    modes = [stat.S_IMODE((workspace.root / name).stat().st_mode) for name in ("plan.json", "apply.jsonl")]
    assert [mode & 0o177 for mode in modes] == [0, 0]


def test_the_sandbox_listens_on_loopback() -> None:
    (host,) = (option for option in serve.params if option.name == "host")

    assert isinstance(host, click.Option)
    assert host.default == "127.0.0.1"


def test_the_bounds_are_those_of_the_page() -> None:
    said = " ".join(TEXT.split())

    assert f"{yaml_text.MAX_BYTES // 1_000_000} MB and {yaml_places.MAX_DEPTH} levels for a YAML file" in said
    assert f"{inclusions.MAX_BYTES // 1_000_000} MB for a list of users" in said
    assert f"{plan_file.MAX_CHARACTERS // 1024**2} million characters for a plan" in said
    assert f"An answer may be {answers.MAX_BODY // 1024**2} MiB" in said


def test_the_packages_are_those_that_are_needed() -> None:
    """The page counts them: ruamel's C parser belongs to it."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (listed,) = re.findall(r"^dependencies = \[\n(.*?)^\]", project, flags=re.DOTALL | re.MULTILINE)
    needed = set(re.findall(r'"([\w.-]+)', listed)) - {"ruamel.yaml.clib"}
    (sentence,) = re.findall(
        r"runs on (\w+) packages: ([^(]*)\(with its C parser\), (.*?), and what", " ".join(TEXT.split())
    )

    assert set(re.findall(r"[\w.]+", f"{sentence[1]} {sentence[2]}")) - {"and"} == needed
    assert sentence[0] == {8: "eight", 9: "nine", 7: "seven"}[len(needed)]


PAGES = ["checks", "terraform", "security", "app-development"]


@pytest.mark.parametrize("page", PAGES)
def test_commands_that_are_named_in_passing_exist(page: str, run: Run) -> None:  # noqa: F811
    """Those in sentences and tables; the others are run."""
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    for line in re.findall(r"`expsync ([a-z]+(?: serve)?)((?: [^`]*)?)`", text):
        command, rest = line
        assert command.split()[0] in COMMANDS, line
        shown = run(*command.split(), "--help").out
        for option in re.findall(r"(?<!\S)(--?[a-z][a-z-]*)", rest):
            assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", shown), f"expsync {command} has no {option}"
