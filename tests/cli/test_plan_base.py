"""`expsync plan --base`: whose each change is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from expsync.model.plan import Plan
from expsync.model.plan_file import plan_text, read_plan
from tests.cli.conftest import Run
from tests.cli.workspace import FILE, Workspace, live, workspace
from tests.repository import Git, new_repository

__all__ = ["workspace"]


@pytest.fixture
def git(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Git:
    """A repository around the workspace, the state of the sandbox left out."""
    git = new_repository(workspace.root, monkeypatch)
    git.write({".gitignore": ".expsync/\n*.json\n"})
    return git


def origins(document: dict[str, Any]) -> dict[str, dict[str, str]]:
    return {e["key"]: {c["path"]: c["origin"] for c in e["changes"]} for e in document["experiments"]}


def three_sides(workspace: Workspace, git: Git) -> str:
    """The commit of files that were changed since, in part as the live side was too."""
    workspace.declare(
        {"key": "a", "name": "A", "description": "one", "rolloutPercentage": 5},
        {"key": "b", "name": "B", "variants": [{"key": "control"}, {"key": "old", "payload": 1}]},
    )
    commit = git.commit()
    workspace.sow(
        live("a", name="A", description="by hand", rolloutPercentage=7),
        live("b", name="by hand", variants=[{"key": "control"}, {"key": "old", "payload": 2}]),
        live("gone"),
    )
    workspace.declare(
        {"key": "a", "name": "New", "description": "two", "rolloutPercentage": 5},
        {"key": "b", "name": "B", "variants": [{"key": "control"}]},
        {"key": "c"},
    )
    return commit


EXPECTED = {
    "a": {"name": "file", "description": "both", "rolloutPercentage": "live"},
    "b": {"name": "live", "variants.old": "both"},
    "c": {"tags.managed-by-expsync": "file"},
    "gone": {"archived": "file"},
}


def test_each_change_says_whose_it_is(run: Run, workspace: Workspace, git: Git) -> None:
    commit = three_sides(workspace, git)

    ran = run("plan", "-q", "--base", "main", "--prune", "--format", "json", "--out", "plan.json")

    assert (ran.code, ran.err) == (0, "")
    document = json.loads(ran.out)
    assert origins(document) == EXPECTED
    assert document["base"] == {"ref": "main", "commit": commit}
    assert Path("plan.json").read_text(encoding="utf-8") == ran.out
    assert plan_text(read_plan(Path("plan.json"))) == ran.out
    assert workspace.writes == []


def test_beside_the_origins_the_plan_is_the_same(run: Run, workspace: Workspace, git: Git) -> None:
    git.commit()
    workspace.sow(live("a", name="by hand", description="d"))
    workspace.declare({"key": "a", "name": "A", "description": "e"})

    without, based = (json.loads(run("plan", "--format", "json", *more).out) for more in ([], ["--base", "HEAD"]))

    assert "base" not in without
    assert [sorted(change) for e in without["experiments"] for change in e["changes"]] == [
        ["after", "before", "kind", "path"]
    ] * 2
    del based["base"]
    for experiment in based["experiments"]:
        for change in experiment["changes"]:
            assert change.pop("origin") == "file"
    for document in (without, based):
        del document["createdAt"], document["digest"]
    assert based == without


def test_a_variant_that_the_files_took_away_is_read_to_see_whether_somebody_edited_it(
    run: Run, workspace: Workspace, git: Git
) -> None:
    three_sides(workspace, git)
    plain = json.loads(run("plan", "--format", "json", "-t", "b").out)
    first = list(workspace.asked)
    workspace.forget()

    based = json.loads(run("plan", "--base", "main", "--format", "json", "-t", "b").out)

    assert sorted(workspace.asked) == sorted([*first, "listVariants"])
    assert based["summary"]["requests"] == plain["summary"]["requests"] + 1


def test_text_shows_whose_it_is_and_shows_it_again(run: Run, workspace: Workspace, git: Git) -> None:
    commit = three_sides(workspace, git)

    ran = run("plan", "--base", "main", "--out", "plan.json", "-t", "a")

    assert ran.out.splitlines()[2:6] == [
        "~ a will be updated  experiments/a.yaml:1",
        '    ~ name               "A" → "New"',
        '    ~ description        "by hand" → "two"  [conflict: changed by hand too]',
        "    ~ rolloutPercentage  7 → 5  [undoes a change by hand]",
    ]
    assert ran.out.splitlines()[-2] == (
        f"Since main ({commit[:12]}): 1 change from the files, 1 that would undo changes by hand, 1 conflict."
    )
    workspace.forget()
    assert run("show", "plan.json").out == ran.out
    assert workspace.asked == []


def test_a_plan_with_a_base_can_be_applied(run: Run, workspace: Workspace, git: Git) -> None:
    three_sides(workspace, git)
    assert run("plan", "--base", "main", "--out", "plan.json", "-t", "a").code == 0

    assert run("apply", "plan.json", "--yes").code == 0
    assert run("plan", "--base", "main", "-t", "a", "--detailed-exitcode").code == 0


def test_a_changed_origin_breaks_the_digest(run: Run, workspace: Workspace, git: Git) -> None:
    three_sides(workspace, git)
    run("plan", "--base", "main", "--out", "plan.json")
    path = Path("plan.json")
    path.write_text(path.read_text(encoding="utf-8").replace('"origin": "both"', '"origin": "file"'), encoding="utf-8")

    assert run("show", "plan.json").code == 3


def test_a_plan_without_a_base_is_read_and_written_as_ever(run: Run, workspace: Workspace) -> None:
    workspace.declare({"key": "a"})
    text = run("plan", "--format", "json").out
    assert '"base"' not in text
    assert '"origin"' not in text
    assert plan_text(Plan.model_validate_json(text)) == text


# --- what the base does not tell ---


def test_where_nothing_was_declared_all_is_the_files(run: Run, workspace: Workspace, git: Git) -> None:
    (workspace.root / "expsync.yaml").unlink()
    git.commit()
    workspace.configure("")
    workspace.sow(live("a", name="by hand"))
    workspace.declare({"key": "a", "name": "A"})

    ran = run("plan", "--base", "HEAD", "--format", "json")

    assert (ran.code, ran.err) == (
        0,
        "warning: nothing was declared at HEAD: expsync.yaml is not there; every change counts as the files'\n",
    )
    assert origins(json.loads(ran.out)) == {"a": {"name": "file"}}


def test_files_that_were_bad_are_named(run: Run, workspace: Workspace, git: Git) -> None:
    workspace.declare(*({"key": f"k{place}", "rolloutPercentage": 130 + place} for place in range(12)))
    git.commit()
    workspace.declare({"key": "k3", "name": "A"})
    workspace.sow(live("k3", name="B"))

    ran = run("plan", "--base", "HEAD", "--format", "json")

    assert origins(json.loads(ran.out)) == {"k3": {"name": "file"}}
    lines = ran.err.splitlines()
    assert len(lines) == 11
    assert lines[0] == (
        "warning: at HEAD, experiments/k0.yaml:1:36: rolloutPercentage is out of range; "
        "what it declares counts as not declared there"
    )
    assert lines[-1] == "warning: at HEAD, 2 more such problems"


def test_an_address_of_the_base_is_never_used(run: Run, workspace: Workspace, git: Git) -> None:
    (workspace.root / "expsync.yaml").write_text(
        FILE.replace('baseUrl: sandbox, projectId: "1001"', 'baseUrl: "https://old.example", projectId: "7"'),
        encoding="utf-8",
    )
    workspace.declare({"key": "a", "name": "A"})
    git.commit()
    workspace.configure("")
    workspace.sow(live("a", name="B"))

    document = json.loads(run("plan", "--base", "HEAD", "--format", "json").out)

    assert (document["baseUrl"], document["projectId"]) == ("sandbox", "1001")
    assert origins(document) == {"a": {"name": "live"}}


@pytest.mark.parametrize(
    ("ref", "code", "error"),
    [
        ("nope", 1, 'error: git knows no commit "nope"\n'),
        ("--help", 64, 'error: "--help" can\'t be a commit\n'),
        ("\x1b[31m", 64, 'error: "[31m" can\'t be a commit\n'),
    ],
)
def test_a_wrong_ref_is_an_error_before_anything_is_asked(
    run: Run, workspace: Workspace, git: Git, ref: str, code: int, error: str
) -> None:
    git.commit()
    for command in ("plan", "drift"):
        ran = run(command, "-q", f"--base={ref}")
        assert (ran.code, ran.out, ran.err.partition("  hint: ")[0]) == (code, "", error)
    assert workspace.asked == []


def test_without_a_repository_there_is_no_base(run: Run, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(workspace.root.parent))
    ran = run("plan", "--base", "HEAD")
    assert (ran.code, "is in no git repository that can be read" in ran.err) == (1, True)
