"""The tools that we are measured against, each set up with as many unchanged things of the same size.

- terraform: builtin `terraform_data`, one resource an experiment, with a state that matches; no provider, no network.
- octoDNS: one zone of as many records as an experiment has lines, YamlProvider as source and as target; no network.
- naive: what a day's work in Python gives, and what many such tools are: each file read by ruamel's round trip loader,
  one request an experiment and one a variant, and deepdiff on everything.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

from benchmarks.worlds import live_experiment

OCTODNS = ("octodns==1.22.0",)
NAIVE = """\
import json
import sys
from pathlib import Path

import httpx
from deepdiff import DeepDiff
from ruamel.yaml import YAML

folder, url = Path(sys.argv[1]), sys.argv[2]
yaml = YAML()
changed = 0
with httpx.Client(base_url=url) as client:
    ids = {}
    cursor = None
    while True:
        page = client.get("/api/1/experiments", params={"cursor": cursor} if cursor else {}).json()
        ids |= {live["key"]: live["id"] for live in page["experiments"]}
        cursor = page.get("nextCursor")
        if not cursor:
            break
    for path in sorted((folder / "experiments").glob("*.yaml")):
        wanted = json.loads(json.dumps(yaml.load(path.read_text()), default=str))
        live = client.get(f"/api/1/experiments/{ids[wanted['key']]}").json()
        live["variants"] = [
            client.get(f"/api/1/experiments/{live['id']}/variants/{variant['key']}").json()
            for variant in live["variants"]
        ]
        live["deployments"] = wanted["deployments"]
        for segment in live["targetSegments"]:
            for condition in segment["conditions"]:
                condition.pop("type")
        for variant in live["variants"]:
            variant.pop("description")
        changed += bool(DeepDiff({name: live.get(name) for name in wanted}, wanted, ignore_order=True))
print(changed, "changed")
"""


def terraform() -> str | None:
    """Where terraform is, if it is installed."""
    return shutil.which("terraform")


def prepare_terraform(folder: Path, count: int) -> None:
    """A configuration of `count` resources, and the state in which nothing of it is to change.

    Made in a process apart: the memory of a process counts for what it starts, too, until that has used more.
    """
    command = [sys.executable, "-m", "benchmarks.peers", os.fspath(folder), str(count)]
    subprocess.run(command, cwd=Path(__file__).parent.parent, check=True)
    subprocess.run(["terraform", "init", "-no-color"], cwd=folder, check=True, capture_output=True)


def _write_terraform(folder: Path, count: int) -> None:
    folder.mkdir(parents=True)
    resources: list[dict[str, Any]] = []
    with (folder / "main.tf").open("w") as file:
        for n in range(count):
            value = _value(n)
            file.write(f'resource "terraform_data" "e{n:05}" {{\n  input = {_hcl(value, 1)}\n}}\n\n')
            held = {"value": value, "type": _type(value)}
            attributes = {"id": f"id-{n:05}", "input": held, "output": held, "triggers_replace": None}
            instance = {"schema_version": 0, "attributes": attributes, "sensitive_attributes": []}
            resources.append(
                {
                    "mode": "managed",
                    "type": "terraform_data",
                    "name": f"e{n:05}",
                    "provider": 'provider["terraform.io/builtin/terraform"]',
                    "instances": [instance],
                }
            )
    state = {
        "version": 4,
        "terraform_version": "1.0.0",
        "serial": 1,
        "lineage": "benchmark",
        "outputs": {},
        "resources": resources,
        "check_results": None,
    }
    (folder / "terraform.tfstate").write_text(json.dumps(state))


def _value(n: int) -> dict[str, Any]:
    """What a file declares of the experiment, for a tool that compares values alone."""
    live = live_experiment(n)
    only_live = {"id", "projectId", "state", "deleted", "parentDependencies", "rolloutWeights", "endDate"}
    by_people = {"createdBy", "lastModifiedBy", "createdAt", "lastModifiedAt"}
    return {name: value for name, value in live.items() if name not in only_live | by_people}


def _hcl(value: Any, depth: int) -> str:
    """The value as terraform's language has it, a member a line, as one would write it."""
    pad, end = "  " * (depth + 1), "  " * depth
    if isinstance(value, dict):
        members = "".join(f"{pad}{name} = {_hcl(member, depth + 1)}\n" for name, member in value.items())
        return "{\n" + members + end + "}"
    if isinstance(value, list) and any(isinstance(member, dict) for member in value):
        return "[\n" + "".join(f"{pad}{_hcl(member, depth + 1)},\n" for member in value) + end + "]"
    return json.dumps(value)


def _type(value: Any) -> Any:
    match value:
        case dict():
            return ["object", {name: _type(member) for name, member in value.items()}]
        case list():
            return ["tuple", [_type(member) for member in value]]
        case bool():
            return "bool"
        case int() | float():
            return "number"
        case _:
            return "string"


def octodns(folder: Path) -> Path | None:
    """octoDNS's program, in an environment of its own; None where it can't be installed."""
    program = folder / "bin" / "octodns-sync"
    if not program.exists():
        venv.create(folder, with_pip=True, clear=True)
        ran = subprocess.run(
            [folder / "bin" / "python", "-m", "pip", "install", "-q", "--disable-pip-version-check", *OCTODNS],
            capture_output=True,
            check=False,
        )
        if ran.returncode:
            return None
    return program


def write_octodns(folder: Path, count: int) -> None:
    """`count` zones, each with a record for every four lines of an experiment, equal in source and target."""
    zone = "---\n" + "".join(f"record-{n}:\n  ttl: 300\n  type: A\n  values:\n  - 10.0.0.{n}\n" for n in range(8))
    for side in ("source", "target"):
        (folder / side).mkdir(parents=True)
        for n in range(count):
            (folder / side / f"zone-{n:05}.test.yaml").write_text(zone)
    provider = "    class: octodns.provider.yaml.YamlProvider\n    enforce_order: false\n    directory: ./"
    (folder / "config.yaml").write_text(
        f"---\nproviders:\n  source:\n{provider}source\n  target:\n{provider}target\nzones:\n"
        + "".join(f"  zone-{n:05}.test.:\n    sources: [source]\n    targets: [target]\n" for n in range(count))
    )


def naive(folder: Path, url: str) -> list[str]:
    """The command of the naive plan."""
    script = folder / "naive.py"
    script.write_text(NAIVE)
    return [sys.executable, str(script), str(folder), url]


if __name__ == "__main__":
    _write_terraform(Path(sys.argv[1]), int(sys.argv[2]))
