"""Files that lead elsewhere, never end, or go away: nothing outside the workspace is read, and nothing hangs."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from expsync.config import load as config_load
from expsync.config.find import find_files
from tests.cli.conftest import Ran, Run
from tests.cli.workspace import FILE, Workspace
from tests.security.hostile import acts

SECRET_LINE = "machine example.com login root password hunter22"
ONE = {"key": "checkout", "name": "n", "description": "d", "variants": [{"key": "control"}, {"key": "treatment"}]}
SECONDS = 20
"""After which a run counts as hanging."""


@pytest.fixture(autouse=True)
def nothing_hangs() -> Iterator[None]:
    def fail(*_: object) -> None:
        raise TimeoutError("it hangs")

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder beside the workspace with what nobody there is to see."""
    folder = tmp_path_factory.mktemp("outside")
    (folder / "netrc").write_text(f"{SECRET_LINE}\n", encoding="utf-8")
    (folder / "secret.yaml").write_text(f"key: stolen\nname: {SECRET_LINE}\n", encoding="utf-8")
    return folder


def refused(ran: Ran, *said: str) -> None:
    """Nothing; the run failed, said so, and showed nothing of what stands outside."""
    assert ran.code in (1, 3), ran
    for text in said:
        assert text in ran.err + ran.out, ran
    assert "hunter22" not in ran.err + ran.out
    assert "stolen" not in ran.err + ran.out
    assert "internal error" not in ran.err, ran.err
    assert acts(ran.err) == []


COMMANDS = [("validate",), ("plan",), ("apply", "--yes")]
commands = pytest.mark.parametrize("command", COMMANDS, ids=[command[0] for command in COMMANDS])


@commands
def test_experiments_that_are_links_out_of_the_workspace(
    workspace: Workspace, run: Run, outside: Path, command: tuple[str, ...]
) -> None:
    workspace.declare(ONE)
    for name, target in {
        "experiments/a.yaml": outside / "secret.yaml",
        "experiments/b.yaml": Path("../../outside0/secret.yaml"),
        "experiments/c": outside,
        "experiments/d.yaml": Path("/proc/self/environ"),
    }.items():
        link = workspace.root / name
        link.symlink_to(target)
        refused(run(*command), "error[EXP0")
        link.unlink()
    assert workspace.asked == []


@commands
def test_users_in_files_out_of_the_workspace(
    workspace: Workspace, run: Run, outside: Path, command: tuple[str, ...]
) -> None:
    (workspace.root / "link.txt").symlink_to(outside / "netrc")
    (workspace.root / "folder").symlink_to(outside)
    (workspace.root / "loop").symlink_to("loop")
    names = ["../link.txt", "../folder/netrc", os.path.relpath(outside / "netrc", workspace.root / "experiments")]
    names += [
        str(outside / "netrc"),
        "../../../../../../../../etc/passwd",
        "../loop",
        "/dev/zero",
        "..",
        ".",
        "x" * 5000,
    ]
    names += [
        "../folder/../netrc",
        "a/../../link.txt",
        "\x00",
        "~/.netrc",
        "file:///etc/passwd",
        "../.git/config",
        "x" * 5000,
    ]
    (workspace.root / ".git").mkdir()
    (workspace.root / ".git" / "config").write_text(f"{SECRET_LINE}\n", encoding="utf-8")
    for name in names:
        variants = [{"key": "control", "inclusions": {"file": name}}, {"key": "treatment"}]
        workspace.declare({**ONE, "variants": variants})
        refused(run(*command), "error[EXP018]")
    assert workspace.asked == []


@commands
def test_a_workspace_file_that_is_a_link_out_of_its_folder(
    workspace: Workspace, run: Run, outside: Path, command: tuple[str, ...]
) -> None:
    (workspace.root / "expsync.yaml").unlink()
    for target in (outside / "netrc", outside / "secret.yaml", Path("/proc/self/environ")):
        link = workspace.root / "expsync.yaml"
        link.symlink_to(target)
        refused(run(*command), "error[EXP016]")
        refused(run("-c", "expsync.yaml", *command), "error[EXP016]")
        link.unlink()


def test_a_workspace_file_may_be_a_link_within_its_folder(workspace: Workspace, run: Run) -> None:
    workspace.declare(ONE)
    (workspace.root / "expsync.yaml").rename(workspace.root / "real.yaml")
    (workspace.root / "expsync.yaml").symlink_to("real.yaml")
    assert run("validate").code == 0


@commands
def test_globs_that_lead_out(workspace: Workspace, run: Run, outside: Path, command: tuple[str, ...]) -> None:
    (workspace.root / ".git").mkdir()
    (workspace.root / ".git" / "config.yaml").write_text(f"key: {SECRET_LINE}\n", encoding="utf-8")
    for glob in (f"{outside}/*.yaml", "../outside0/*.yaml", "a/../../*.yaml", "C:/x/*.yaml", "..", "/**", "~/*.yaml"):
        (workspace.root / "expsync.yaml").write_text(f"{FILE}experiments: ['{glob}']\n", encoding="utf-8")
        ran = run(*command)
        assert "hunter22" not in ran.out + ran.err
        assert "stolen" not in ran.out + ran.err
        if glob != "~/*.yaml":
            refused(ran, "error[EXP304]")
    for glob in (".git/*.yaml", "**/.git/**"):
        (workspace.root / "expsync.yaml").write_text(f"{FILE}experiments: ['{glob}']\n", encoding="utf-8")
        ran = run(*command)
        assert "hunter22" not in ran.out + ran.err


def make_huge(path: Path) -> None:
    path.touch()
    os.truncate(path, 10**12)


ODD: dict[str, Callable[[Path], None]] = {
    "a pipe": os.mkfifo,
    "a folder": Path.mkdir,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a terminal": lambda path: path.symlink_to("/dev/tty"),
    "a link to itself": lambda path: path.symlink_to(path.name),
    "a link to nothing": lambda path: path.symlink_to("nowhere"),
    "a huge file": make_huge,
}
odd = pytest.mark.parametrize("make", ODD.values(), ids=ODD)


@odd
@commands
def test_odd_files_in_the_place_of_an_experiment(
    workspace: Workspace, run: Run, make: Callable[[Path], None], command: tuple[str, ...]
) -> None:
    make(workspace.root / "experiments" / "a.yaml")
    refused(run(*command), "error[EXP0")


@odd
def test_odd_files_in_the_place_of_users(workspace: Workspace, run: Run, make: Callable[[Path], None]) -> None:
    make(workspace.root / "experiments" / "users.txt")
    workspace.declare({**ONE, "variants": [{"key": "control", "inclusions": {"file": "users.txt"}}]})
    refused(run("validate"), "error[EXP018]")


@odd
def test_odd_files_in_the_place_of_the_workspace_file(
    workspace: Workspace, run: Run, make: Callable[[Path], None]
) -> None:
    (workspace.root / "expsync.yaml").unlink()
    make(workspace.root / "expsync.yaml")
    refused(run("validate"), "error[EXP")
    refused(run("-c", "expsync.yaml", "plan"), "error[EXP")


@odd
def test_odd_files_in_the_place_of_a_plan(workspace: Workspace, run: Run, make: Callable[[Path], None]) -> None:
    workspace.declare(ONE)
    make(workspace.root / "plan.json")
    refused(run("show", "plan.json"), "error: plan.json: the plan ")
    refused(run("apply", "plan.json", "--yes"), "error: plan.json: the plan ")
    assert workspace.asked == []


@pytest.mark.parametrize("name", ["a pipe", "a device", "a link to itself"])
def test_a_plan_is_not_saved_over_what_is_no_file(workspace: Workspace, run: Run, name: str) -> None:
    workspace.declare(ONE)
    path = workspace.root / "plan.json"
    ODD[name](path)
    before = path.lstat()
    refused(run("plan", "--out", "plan.json"), "error: plan.json: the plan can't be saved: ")
    assert path.lstat() == before


@pytest.mark.parametrize("name", ["a pipe", "a folder", "a link to itself"])
def test_odd_files_in_the_place_of_the_sandbox(workspace: Workspace, run: Run, name: str) -> None:
    workspace.declare(ONE)
    (workspace.root / ".expsync").mkdir()
    ODD[name](workspace.root / ".expsync" / "sandbox.db")
    refused(run("plan"), "sandbox.db: ")


def test_a_file_that_may_not_be_read(workspace: Workspace, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """For root there is no such file, so the reading itself is made to fail."""
    workspace.declare(ONE)

    def denied(path: str, _: int) -> bytes:
        raise PermissionError(errno.EACCES, "Permission denied", path)

    monkeypatch.setattr(config_load, "read_bounded", denied)
    ran = run("validate")
    refused(ran, "error[EXP001]: the file can't be read\n  experiments/checkout.yaml\n  Permission denied")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_files_and_folders_without_the_right_to_read(workspace: Workspace, run: Run) -> None:
    workspace.declare(ONE)
    workspace.path("checkout").chmod(0)
    refused(run("validate"), "error[EXP001]")
    (workspace.root / "experiments").chmod(0)
    refused(run("validate"), "error[EXP001]")
    (workspace.root / "experiments").chmod(0o700)


def test_a_file_that_goes_away_between_finding_and_reading(
    workspace: Workspace, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.declare(ONE, {**ONE, "key": "second"})
    inner = find_files

    def then_remove(*arguments: object, **named: object) -> object:
        found = inner(*arguments, **named)  # type: ignore[arg-type]
        workspace.path("second").unlink()
        return found

    monkeypatch.setattr(config_load, "find_files", then_remove)
    refused(run("plan"), "error[EXP001]: the file can't be read\n  experiments/second.yaml")
    assert workspace.asked == []


def test_a_file_that_becomes_a_pipe_between_finding_and_reading(
    workspace: Workspace, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.declare(ONE)
    inner = find_files

    def then_exchange(*arguments: object, **named: object) -> object:
        found = inner(*arguments, **named)  # type: ignore[arg-type]
        workspace.path("checkout").unlink()
        os.mkfifo(workspace.path("checkout"))
        return found

    monkeypatch.setattr(config_load, "find_files", then_exchange)
    refused(run("plan"), "error[EXP001]: the file can't be read", "it is not a regular file")


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS])
@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_plan_that_can_not_be_written_leaves_the_older_one(
    workspace: Workspace, run: Run, monkeypatch: pytest.MonkeyPatch, step: str, code: int
) -> None:
    workspace.declare(ONE)
    assert run("plan", "--out", "plan.json").code == 0
    older = (workspace.root / "plan.json").read_bytes()
    workspace.declare({**ONE, "name": "other"})

    def fail(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os if step == "fsync" else Path, step, fail)
    ran = run("plan", "--out", "plan.json")
    monkeypatch.undo()
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.endswith(f"error: plan.json: the plan can't be saved: {os.strerror(code)}\n")
    assert (workspace.root / "plan.json").read_bytes() == older
    assert [path.name for path in workspace.root.iterdir() if "plan" in path.name] == ["plan.json"]


KILLED = """
import os, signal, sys
from pathlib import Path
from expsync.model import plan_file
from tests.render.plans import rich_plan

die = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[2] == "fsync":
    plan_file.os.fsync = die
else:
    Path.replace = die
plan_file.save_plan(Path(sys.argv[1]), rich_plan())
"""


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_kill_while_a_plan_is_saved_leaves_the_older_one(tmp_path: Path, step: str) -> None:
    path = tmp_path / "plan.json"
    path.write_text("older", encoding="utf-8")
    root = Path(__file__).parents[2]
    ended = subprocess.run([sys.executable, "-c", KILLED, path, step], cwd=root, timeout=SECONDS, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert path.read_text(encoding="utf-8") == "older"


KILLED_SANDBOX = """
import os, signal, sys
from pathlib import Path
from expsync.sandbox.engine import Engine, Request
from expsync.sandbox.store import Store

with Store(Path(sys.argv[1])) as store:
    engine = Engine(store)
    with store.writing() as tables:
        tables.add_project("1001")
    with store.writing() as tables:
        tables.add_project("2002")
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_kill_while_the_sandbox_writes_keeps_what_was_and_nothing_half_done(tmp_path: Path) -> None:
    from expsync.sandbox.store import Store

    path = tmp_path / "sandbox.db"
    root = Path(__file__).parents[2]
    ended = subprocess.run([sys.executable, "-c", KILLED_SANDBOX, path], cwd=root, timeout=SECONDS, check=False)
    assert ended.returncode == -signal.SIGKILL
    with Store(path) as store, store.reading() as tables:
        assert (tables.has_project("1001"), tables.has_project("2002")) == (True, False)


def test_a_workspace_in_a_folder_of_a_hostile_name(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\x1b[31m\n::error::x\r##[error]\xff"))
    folder.mkdir()
    monkeypatch.chdir(folder)
    runs = [run("plan"), run("-c", "none.yaml", "plan"), run("show", "none"), run("validate", "none")]
    (folder / "expsync.yaml").write_text(FILE, encoding="utf-8")
    (folder / "experiments").mkdir()
    (folder / "experiments" / "a.yaml").write_text("key: a\nvariants: [{key: b}, {key: c}]\n", encoding="utf-8")
    runs += [run("plan", "--out", "plan.json"), run("plan", "--out", folder), run("apply", "--yes", "-v")]
    (folder / "expsync.yaml").write_text("version: 2\n", encoding="utf-8")
    runs += [run("plan"), run("-c", folder / "expsync.yaml", "plan"), run("show", folder / "none")]
    for ran in runs:
        assert acts(ran.out + ran.err) == []
        assert "internal error" not in ran.err
