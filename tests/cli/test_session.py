"""What the commands have in common: environment, client, targets, progress, the embedded sandbox, interruptions."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from threading import Event

import pytest

from expsync.cli.embedded import sandbox_transport
from expsync.cli.interrupt import Interruption, ending
from expsync.cli.options import Globals
from expsync.cli.session import is_targeted, open_session
from expsync.errors import AccessError, ConfigError, ExpsyncError, Interrupted
from expsync.model.workspace import Environment
from tests.cli.conftest import Run
from tests.cli.workspace import FILE, Workspace, live, workspace

__all__ = ["workspace"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "expsync.yaml"
    path.write_text(FILE, encoding="utf-8")
    (tmp_path / "experiments").mkdir()
    return path


@pytest.mark.parametrize(
    ("given", "variable", "name"),
    [(None, None, "test"), ("other", None, "other"), (None, "other", "other"), ("test", "other", "test")],
)
def test_the_environment_is_chosen_by_option_then_variable_then_file(
    file: Path, monkeypatch: pytest.MonkeyPatch, given: str | None, variable: str | None, name: str
) -> None:
    if variable is not None:
        monkeypatch.setenv("EXPSYNC_ENV", variable)

    session = open_session(Globals(config=file, environment=given))

    assert (session.name, session.environment.project) == (name, {"test": "1001", "other": "2002"}[name])


def test_an_environment_that_the_command_names_comes_before_all(file: Path) -> None:
    assert open_session(Globals(config=file, environment="test"), environment="other").name == "other"


def test_an_environment_that_is_not_there_is_an_error(file: Path) -> None:
    with pytest.raises(ConfigError):
        open_session(Globals(config=file, environment="prod"))


def test_a_server_needs_a_key_and_the_sandbox_none(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_session(Globals(config=file)).client() as client:
        assert client.list_all() == []
    assert (file.parent / ".expsync" / "sandbox.db").is_file()

    monkeypatch.setenv("EXPSYNC_BASE_URL", "http://127.0.0.1:9")
    with pytest.raises(AccessError, match="no key for environment 'test'"), open_session(Globals(config=file)).client():
        pass


def test_environments_share_one_sandbox_and_not_one_project(run: Run, workspace: Workspace) -> None:
    workspace.declare({"key": "exp", "environments": {"other": {"skip": True}}})

    assert run("apply", "--yes").code == 0
    ran = run("plan", "-e", "other", "--detailed-exitcode")
    assert (ran.code, "exp" in ran.out) == (0, False)


@pytest.mark.parametrize(
    ("key", "targets", "expected"),
    [
        ("a", (), True),
        ("a", ("a",), True),
        ("a", ("b", "a*"), True),
        ("ab", ("a",), False),
        ("A", ("a",), False),
        ("a-b", ("a?b",), True),
    ],
)
def test_targets_are_whole_keys_or_globs(key: str, targets: tuple[str, ...], expected: bool) -> None:
    assert is_targeted(key, targets) is expected


def test_every_target_that_is_known_counts_and_the_others_warn(run: Run, workspace: Workspace) -> None:
    workspace.sow(live("stray"))
    workspace.declare({"key": "exp"})

    ran = run("plan", "-t", "stray", "-t", "x*", "-t", "y?", "-t", "[z]")

    assert ran.code == 0
    assert ran.err == "".join(f"warning: nothing matches the target {glob!r}\n" for glob in ("x*", "y?", "[z]"))


def test_more_than_one_worker_gives_the_same_plan(run: Run, workspace: Workspace) -> None:
    workspace.sow(*(live(f"exp-{number}", bucketingSalt="salt") for number in range(9)))
    workspace.declare(*({"key": f"exp-{number}", "tags": [f"t{number}"]} for number in range(9)))
    outputs = set()
    for parallelism in (1, 8):
        workspace.configure(f"limits: {{parallelism: {parallelism}}}\n")
        outputs.add(run("plan").out)

    assert len(outputs) == 1


def test_a_mistake_that_only_shows_beside_what_is_live_is_an_error_of_the_file(run: Run, workspace: Workspace) -> None:
    workspace.sow(live("exp"))
    segment = {"name": "US", "percentage": 5, "rolloutWeights": {"contorl": 1}}
    workspace.declare({"key": "exp", "targetSegments": [segment]}, {"key": "fine"})

    ran = run("apply", "--yes")

    assert (ran.code, ran.out, workspace.writes) == (1, "", [])
    assert ran.err.startswith('error[EXP209]: segment "US" gives a weight to "contorl", which is no variant\n')
    assert "experiments/exp.yaml:1" in ran.err


# --- the embedded sandbox ---


def test_a_file_that_is_no_sandbox_is_explained(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    path.write_text("no database " * 1000, encoding="utf-8")
    environment = Environment(projectId="1", baseUrl="sandbox")

    with pytest.raises(ExpsyncError) as caught, sandbox_transport(path, environment):
        pass
    assert str(path) in caught.value.message
    assert caught.value.hint == f"remove {path} to start with an empty sandbox"
    assert caught.value.exit_code == 1


# --- interruptions ---


def test_before_the_first_write_a_signal_ends_everything_at_once() -> None:
    interruption = Interruption()
    before = signal.getsignal(signal.SIGTERM)

    with pytest.raises(KeyboardInterrupt), ending(), interruption.at_once():
        os.kill(os.getpid(), signal.SIGTERM)

    # Who waits for a turn meanwhile is ended, too.
    with pytest.raises(Interrupted):
        interruption.wait_turn(60)
    assert signal.getsignal(signal.SIGTERM) is before


class Dying:
    """Something in whose last moment a signal comes: what is raised there, Python drops."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGTERM)


def test_a_signal_where_python_drops_what_is_raised_ends_everything_too(capsys: pytest.CaptureFixture[str]) -> None:
    before = sys.unraisablehook

    def wait_after_it() -> None:
        with ending():
            dying.clear()
            Event().wait(60)
            pytest.fail("the wait of the main thread was not ended")

    dying = [Dying()]
    with pytest.raises(KeyboardInterrupt):
        wait_after_it()

    assert sys.unraisablehook is before
    assert capsys.readouterr().err == ""


def test_so_it_does_where_nothing_is_left_to_do() -> None:
    dying = [Dying()]
    with pytest.raises(KeyboardInterrupt), ending():
        dying.clear()


def test_so_it_does_where_somebody_makes_another_error_of_it() -> None:
    def wrapped() -> None:
        with ending():
            try:
                signal.raise_signal(signal.SIGTERM)
            except KeyboardInterrupt as interrupt:
                raise ValueError("no model") from interrupt

    with pytest.raises(KeyboardInterrupt):
        wrapped()


def test_a_second_signal_disturbs_nothing() -> None:
    ordered: list[str] = []

    def impatient() -> None:
        with ending():
            try:
                signal.raise_signal(signal.SIGINT)
            finally:
                signal.raise_signal(signal.SIGINT)
                ordered.append("to the end")

    with pytest.raises(KeyboardInterrupt):
        impatient()
    assert ordered == ["to the end"]


def test_all_else_that_python_drops_is_told_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing:
        def __del__(self) -> None:
            raise ValueError("odd")

    told: list[type[BaseException]] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda dropped: told.append(dropped.exc_type))
    failing = [Failing()]
    with ending():
        failing.clear()

    assert told == [ValueError]


def test_while_it_writes_a_signal_is_only_kept_in_mind(capsys: pytest.CaptureFixture[str]) -> None:
    interruption = Interruption()
    before = signal.getsignal(signal.SIGINT)

    with interruption.between_calls():
        assert not interruption.stop.is_set()
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        assert interruption.stop.is_set()
        interruption.wait(60)

    assert capsys.readouterr().err == "interrupted: the calls under way are finished, no other is begun\n"
    assert signal.getsignal(signal.SIGINT) is before


def test_without_a_signal_a_wait_is_a_wait() -> None:
    interruption = Interruption()

    interruption.wait_turn(0.001)
    interruption.wait(0.001)

    assert not interruption.stop.is_set()
