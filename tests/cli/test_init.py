"""`expsync init`: what it says, and that what it makes works at once, without a network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from expsync import __version__
from expsync.authoring.scaffold import contents
from expsync.model.json_schema import KINDS
from tests.authoring.scaffolded import NAMES
from tests.cli.conftest import Run

NEXT = """
next:
{cd}  expsync validate  # checks the files
  expsync plan      # shows what would change
  expsync apply     # shows that, asks, and carries it out, on the embedded sandbox
"""
WORKFLOW = ".github/workflows/expsync.yaml"
# Imported by Python before all else. An audit hook sees every use of a socket, that of C code too, and can't be taken
# away again. What it saw is written down first: nobody can swallow the error unseen.
NO_NETWORK = """\
import os, socket, sys

def watch(event, arguments):
    name = event.partition(".")[0]
    if name == "socket" and not (event == "socket.__new__" and arguments[1] == socket.AF_UNIX):
        descriptor = os.open(os.environ["NETWORK_SEEN"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(descriptor, (event + chr(10)).encode())
        os.close(descriptor)
        raise OSError(101, "network is unreachable: " + event)

sys.addaudithook(watch)
"""


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory; nothing of this machine's settings counts."""
    for name in ("EXPSYNC_ENV", "EXPSYNC_BASE_URL", "EXPSYNC_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@dataclass(frozen=True)
class Offline:
    """Runs programs of this Python where no network can be had."""

    seen: Path
    environ: Mapping[str, str]

    def run(self, *command: object, cwd: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(word) for word in command],
            cwd=cwd,
            env=dict(self.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=120,
        )

    def expsync(self, *arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
        return self.run(sys.executable, "-m", "expsync", *arguments, cwd=cwd)


@pytest.fixture
def offline(tmp_path_factory: pytest.TempPathFactory) -> Offline:
    folder = tmp_path_factory.mktemp("offline")
    (folder / "sitecustomize.py").write_text(NO_NETWORK, encoding="utf-8")
    environ = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "PYTHONPATH": str(folder),
        "NETWORK_SEEN": str(folder / "seen"),
    }
    return Offline(folder / "seen", environ)


def test_it_works_at_once_without_a_network_and_settles(offline: Offline, tmp_path: Path) -> None:
    made = offline.expsync("init", "flags", cwd=tmp_path)
    flags = tmp_path / "flags"
    steps = (
        ("validate", "--strict"),
        ("plan", "--detailed-exitcode"),
        ("apply", "--yes"),
        ("plan", "--detailed-exitcode"),
    )
    ran = [offline.expsync(*step, cwd=flags) for step in steps]

    assert (made.returncode, made.stderr.splitlines()[0]) == (0, "made 12 files in flags:")
    assert [one.returncode for one in ran] == [0, 2, 0, 0], [one.stderr for one in ran]
    assert [one.stderr for one in ran] == [""] * 4
    assert ran[0].stdout == "1 file, 1 experiment: no problems.\n"
    assert "+ checkout-button will be created  experiments/checkout-button.yaml:3\n" in ran[1].stdout
    assert "Apply: 1 done, 0 failed" in ran[2].stdout
    assert "Nothing to do: live matches the files.\n" in ran[3].stdout
    assert not offline.seen.exists()


@pytest.mark.parametrize(
    ("code", "event"),
    [
        ("import socket; socket.create_connection(('127.0.0.1', 9))", "socket.getaddrinfo"),
        ("import socket; socket.socket().connect(('127.0.0.1', 9))", "socket.__new__"),
        ("import httpx; httpx.get('http://127.0.0.1:9', trust_env=False)", "socket.getaddrinfo"),
    ],
)
def test_the_watch_over_the_network_sees_and_stops_it(offline: Offline, tmp_path: Path, code: str, event: str) -> None:
    ran = offline.run(sys.executable, "-c", code, cwd=tmp_path)

    assert ran.returncode == 1
    assert f"network is unreachable: {event}" in ran.stderr
    assert offline.seen.read_text(encoding="utf-8").splitlines()[0] == event


def test_its_files_are_in_the_canonical_form(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("init")

    assert run("fmt", "--check").code == 0


@pytest.mark.parametrize("kind", KINDS)
def test_its_schemas_have_the_bytes_that_are_printed(run: Run, tmp_path: Path, kind: str) -> None:
    run("init")

    assert run("schema", kind).out == (tmp_path / "schemas" / f"{kind}.schema.json").read_text(encoding="utf-8")


def test_the_files_go_to_stdout_and_the_next_steps_to_stderr(run: Run) -> None:
    ran = run("init", "new folder")

    assert ran.code == 0
    assert ran.out == "".join(f"new folder/{name}\n" for name in NAMES)
    assert ran.err == "made 12 files in new folder:\n" + NEXT.format(cd="  cd 'new folder'\n")


@pytest.mark.parametrize("arguments", [(), (".",)])
def test_without_a_folder_it_is_this_one(run: Run, arguments: tuple[str, ...]) -> None:
    ran = run("init", *arguments)

    assert (ran.code, ran.out) == (0, "".join(f"{name}\n" for name in NAMES))
    assert ran.err == "made 12 files here:\n" + NEXT.format(cd="")


def test_quiet_leaves_the_list_alone(run: Run, tmp_path: Path) -> None:
    (tmp_path / "flags").mkdir()
    (tmp_path / "flags" / "README.md").write_text("mine", encoding="utf-8")
    (tmp_path / "expsync.yaml").write_text("version: 1\n", encoding="utf-8")

    ran = run("init", "-q", "flags")

    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "".join(f"flags/{name}\n" for name in NAMES if name != "README.md")


def test_what_is_kept_is_named_with_what_to_add_and_the_place_with_what_it_means(run: Run, tmp_path: Path) -> None:
    flags = tmp_path / "flags"
    (flags / ".github" / "workflows").mkdir(parents=True)
    (flags / WORKFLOW).write_text("on: push\n", encoding="utf-8")
    (flags / ".gitignore").write_text(".expsync/\n.env\n", encoding="utf-8")
    (flags / ".gitattributes").write_bytes(contents(__version__)[".gitattributes"])
    (tmp_path / "expsync.yaml").write_text("version: 1\n", encoding="utf-8")
    (tmp_path / ".git").mkdir()

    ran = run("init", "flags")

    kept = (WORKFLOW, ".gitignore", ".gitattributes")
    assert ran.code == 0
    assert ran.out == "".join(f"flags/{name}\n" for name in NAMES if name not in kept)
    assert ran.err == (
        "made 9 files in flags:\n\n"
        "kept as they were:\n"
        "flags/.gitignore: add the lines plan.json, plan.txt, *.plan.json, apply.jsonl\n"
        "flags/.gitattributes, which needs nothing\n"
        f"flags/{WORKFLOW}: compare it with the one that `expsync init` makes in an empty folder\n"
        f"warning: {tmp_path}/expsync.yaml is another workspace, above this one; in here, the new one is used\n"
        f"warning: this is a part of the git repository {tmp_path}: GitHub and pre-commit look for"
        " .github and .pre-commit-config.yaml there\n" + NEXT.format(cd="  cd flags\n")
    )


def test_a_second_init_is_refused(run: Run, tmp_path: Path) -> None:
    run("init")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    ran = run("init")

    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        "error: expsync.yaml is there already; nothing was made\n"
        "  hint: this is a workspace: `expsync validate` checks it; or name another folder\n"
    )
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_folder_that_is_a_file_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "flags").write_text("mine", encoding="utf-8")

    ran = run("init", "flags")

    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "error: flags is not a folder\n  hint: name a folder, or one that is to be made\n"


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="no folder that nobody can write")  # noqa: PTH112
def test_a_folder_that_can_not_be_written_is_said(run: Run) -> None:
    ran = run("init", "/proc/self/flags")

    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "error: the folder /proc/self/flags can't be made: no such file or directory\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([""], "error: DIR is empty: name a folder, or leave it out to take this one\n"),
        (["-c", "expsync.yaml"], "error: init makes the workspace file DIR/expsync.yaml: --config is for one that is"),
        (["one", "two"], "error: got unexpected extra argument (two)\n"),
    ],
)
def test_wrong_usage_makes_nothing(run: Run, tmp_path: Path, arguments: list[str], said: str) -> None:
    ran = run("init", *arguments)

    assert (ran.code, ran.out) == (64, "")
    assert ran.err.startswith(said)
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_could_act_on_a_terminal_is_shown_as_its_escapes(run: Run, tmp_path: Path) -> None:
    ran = run("init", "a\x1b[31m\nb")

    assert ran.code == 0
    assert "\x1b" not in ran.out + ran.err
    assert ran.out.splitlines()[0] == "a\\x1b[31m\\nb/expsync.yaml"


def test_the_help_has_an_example(run: Run) -> None:
    ran = run("init", "--help")

    assert (ran.code, ran.err) == (0, "")
    assert "Usage: expsync init [OPTIONS] [DIR]\n" in ran.out
    assert "  expsync init flags && cd flags && expsync plan\n" in ran.out


def _workflow() -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe").load(contents(__version__)[WORKFLOW].decode())
    return loaded


def _steps(job: str) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = _workflow()["jobs"][job]["steps"]
    return steps


def _all_steps() -> Iterator[tuple[str, dict[str, Any]]]:
    for job in _workflow()["jobs"]:
        yield from ((job, step) for step in _steps(job))


def test_the_workflow_may_read_the_repository_and_each_job_write_only_what_it_tells() -> None:
    workflow = _workflow()

    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["on"] == {
        "pull_request": None,
        "push": {"branches": ["main"]},
        "workflow_dispatch": None,
        "schedule": [{"cron": "17 5 * * 1-5"}],
    }
    assert {name: job.get("permissions") for name, job in workflow["jobs"].items()} == {
        "check": None,
        "plan": {"contents": "read", "pull-requests": "write"},
        "apply": {"contents": "read", "actions": "read", "pull-requests": "write"},
        "drift": {"contents": "read", "issues": "write"},
    }
    checkouts = [step for _, step in _all_steps() if step.get("uses", "").startswith("actions/checkout@")]
    assert len(checkouts) == 4
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_the_key_and_the_token_are_with_the_steps_that_need_them_alone() -> None:
    assert "secrets." not in str({**_workflow(), "jobs": {}})
    with_key = [(job, step["name"]) for job, step in _all_steps() if "secrets." in str(step)]
    with_token = [(job, step["name"]) for job, step in _all_steps() if "github.token" in str(step)]

    assert with_key == [("plan", "Plan"), ("apply", "Apply"), ("drift", "Drift")]
    assert with_token == [("plan", "Comment"), ("apply", "Apply"), ("apply", "Comment"), ("drift", "Issue")]
    for job in _workflow()["jobs"].values():
        assert "secrets." not in str({**job, "steps": []})


def test_forks_get_no_plan_pull_requests_no_apply_and_the_schedule_looks_for_drift_alone() -> None:
    jobs = _workflow()["jobs"]

    assert jobs["plan"]["if"].split(" && ") == [
        "github.event_name == 'pull_request'",
        "github.event.pull_request.head.repo.full_name == github.repository",
        "github.actor != 'dependabot[bot]'",
    ]
    assert jobs["apply"]["if"] == "github.event_name == 'push' || github.event_name == 'workflow_dispatch'"
    assert jobs["apply"]["environment"] == "expsync-apply"
    assert jobs["apply"]["concurrency"] == {"group": "expsync-apply", "cancel-in-progress": False}
    assert (jobs["check"]["if"], jobs["drift"]["if"]) == (
        "github.event_name != 'schedule'",
        "github.event_name == 'schedule'",
    )


def test_no_shell_step_has_an_expression_in_it_and_each_stops_at_an_error() -> None:
    scripts = [step["run"] for _, step in _all_steps() if "run" in step]

    assert len(scripts) == 12
    assert all(script.startswith("set -euo pipefail\n") and "${{" not in script for script in scripts)


def test_actions_are_pinned_to_a_major_version() -> None:
    used = {step["uses"] for _, step in _all_steps() if "uses" in step}

    assert used == {"actions/checkout@v6", "actions/setup-python@v6", "actions/upload-artifact@v6"}


def test_the_workflows_scripts_run(run: Run, offline: Offline, tmp_path: Path) -> None:
    """Every script of every job, with bash as GitHub starts it, but for `pip`, which writes down what it is asked for.

    No token is given, so that nothing is asked of GitHub; what is asked with one is seen in the tests of the parts.
    """
    run("init", "flags")
    tools, summary, temporary = tmp_path / "tools", tmp_path / "summary.md", tmp_path / "runner"
    tools.mkdir()
    (tools / "pip").write_text('#!/bin/sh\necho "$@" >> "$PIP_SEEN"\n', encoding="utf-8")
    (tools / "pip").chmod(0o755)
    event = tmp_path / "event.json"
    repository = {"full_name": "acme/flags"}
    pull = {"number": 1, "head": {"sha": "a" * 40, "repo": repository}, "base": {"sha": "b" * 40, "repo": repository}}
    event.write_text(json.dumps({"pull_request": pull}), encoding="utf-8")
    environ = {
        **offline.environ,
        **_workflow()["env"],
        "PATH": f"{tools}{os.pathsep}{offline.environ['PATH']}",
        "PIP_SEEN": str(tmp_path / "pip"),
        "RUNNER_TEMP": str(temporary),
        "GITHUB_ACTIONS": "true",
        "GITHUB_STEP_SUMMARY": str(summary),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_REPOSITORY": "acme/flags",
        "GITHUB_SERVER_URL": "https://github.example",
        "GITHUB_API_URL": "https://api.github.example",
        "GITHUB_SHA": "c" * 40,
        "GITHUB_RUN_ID": "9",
        "GITHUB_EVENT_PATH": str(event),
        "CI": "true",
        # An unset secret is the empty text.
        "AMPLITUDE_PROD_KEY": "",
        "GITHUB_TOKEN": "",
        "WHOLE": "",
        "SOURCE": "fresh",
    }
    events = {"check": "push", "plan": "pull_request", "apply": "workflow_dispatch", "drift": "schedule"}

    said: dict[tuple[str, str], str] = {}
    for job, name in events.items():
        runner = Offline(offline.seen, {**environ, "GITHUB_EVENT_NAME": name})
        for step in (step for step in _steps(job) if "run" in step):
            script = step["run"]
            ran = runner.run("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script, cwd=tmp_path / "flags")
            assert ran.returncode == 0, (script, ran.stdout, ran.stderr)
            said[job, step["name"]] = ran.stdout
        if job == "apply":
            assert (temporary / "expsync" / "apply.jsonl").exists()

    assert (tmp_path / "pip").read_text(encoding="utf-8") == f"install expsync=={__version__}\n" * 4
    assert "+ checkout-button will be created  experiments/checkout-button.yaml:3" in said["plan", "Plan"]
    assert said["plan", "Comment"].startswith(
        "::warning title=expsync::the comment can't be written: there is no token"
    )
    titles = [line for line in summary.read_text(encoding="utf-8").splitlines() if line.startswith(("###", "**Drift"))]
    assert titles[:2] == ["### Plan for `sandbox`", "### Applied to `sandbox`"]
    assert titles[-1] == "**Drift: 0 of 1 experiment, 0 differences; 0 live in no file, 0 not live.**"
    assert not offline.seen.exists()
