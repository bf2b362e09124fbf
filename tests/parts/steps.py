"""The shell steps of the ready parts, run by bash as their platforms run them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).parent.parent.parent
KEY = "ampex_0123456789"
BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c")
"""As GitHub starts `shell: bash`."""


def loaded(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    return found


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


@dataclass
class Runner:
    """A machine of a pipeline: the checkout, the variables that are always set, and its outputs by step."""

    checkout: Path
    temporary: Path
    environ: dict[str, str]
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)

    def bash(self, script: str, environ: Mapping[str, str]) -> Ran:
        """One script, with these variables beside those of the machine."""
        ran = subprocess.run(
            [*BASH, script],
            cwd=self.checkout,
            env={**self.environ, **environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=120,
        )
        return Ran(ran.returncode, ran.stdout, ran.stderr)


def machine(checkout: Path, temporary: Path, **environ: str) -> Runner:
    """A machine on which nothing is set but what is said here, and where expsync is on the PATH."""
    temporary.mkdir(parents=True, exist_ok=True)
    base = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(temporary),
        "CI": "true",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    return Runner(checkout, temporary, {**base, **environ})


def resolved(text: str, values: Mapping[str, str]) -> str:
    """The text with each `${{ … }}` in it as its value; an expression that is none of them fails."""
    return re.sub(r"\$\{\{\s*(.+?)\s*\}\}", lambda found: values[found[1]], text)


def github_step(runner: Runner, step: Mapping[str, Any], values: Mapping[str, str], **more: str) -> Ran:
    """One `run` step of an action or a workflow; `values` are what its expressions stand for."""
    files = {name: runner.temporary / name.lower() for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    for path in files.values():
        path.write_text("", encoding="utf-8")
    environ = {name: resolved(str(value), values) for name, value in step.get("env", {}).items()}
    ran = runner.bash(step["run"], {**environ, **{name: str(path) for name, path in files.items()}, **more})
    lines = files["GITHUB_OUTPUT"].read_text(encoding="utf-8").splitlines()
    runner.outputs[step.get("id", step.get("name", ""))] = dict(line.split("=", 1) for line in lines)
    return ran


class Action:
    """action.yml, used with some inputs, step by step; `uses` steps are not run."""

    def __init__(self, runner: Runner, **inputs: str) -> None:
        self.document = loaded(ROOT / "action.yml")
        self.runner = runner
        defaults = {name: str(given.get("default", "")) for name, given in self.document["inputs"].items()}
        self.inputs = {**defaults, **{name.replace("_", "-"): value for name, value in inputs.items()}}

    def step(self, id_: str) -> Ran:
        """One step, with what the steps before it have put out."""
        step = next(step for step in self.document["runs"]["steps"] if step.get("id") == id_)
        return github_step(self.runner, step, _Values(self.inputs, self.runner.outputs))

    def summary(self) -> str:
        """What the last step put on the page of the run."""
        return (self.runner.temporary / "github_step_summary").read_text(encoding="utf-8")


class _Values(dict[str, str]):
    """What the action's expressions stand for."""

    def __init__(self, inputs: Mapping[str, str], outputs: Mapping[str, Mapping[str, str]]) -> None:
        known = {f"inputs.{name}": value for name, value in inputs.items()}
        known |= {f"steps.{id_}.outputs.{name}": value for id_, put in outputs.items() for name, value in put.items()}
        super().__init__(known)

    def __missing__(self, expression: str) -> str:
        first, _, second = expression.partition(" || ")
        if second.startswith("'"):
            return self.get(first, "") or second.strip("'")
        # What a step did not put out is the empty text.
        if expression.startswith("steps."):
            return ""
        raise KeyError(expression)
