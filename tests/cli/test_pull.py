"""`expsync pull`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from expsync.authoring.drafts import Drafts
from expsync.core.unfinished import UNFINISHED
from expsync.sandbox.engine import Request
from tests.apply.world import Answer, Trouble
from tests.cli.conftest import Run
from tests.cli.workspace import Workspace, live, workspace

__all__ = ["workspace"]

ALONE = """\
version: 1
environments:
  test: {baseUrl: sandbox, projectId: "1001", deployments: {web: "101", ios: "102"}}
"""
FILE = """\
# The button.
key: exp
name: Exp          # shown to people
rolloutPercentage: 50

tags: [a, "b"]     # ours
deployments: [web]
variants:
  # what there was
  - key: control
    rolloutWeight: 1
  - key: treatment   # the new one
    rolloutWeight: 1
    payload: &p {colour: green}
"""
NEXT = "next:\n  git diff          # review it\n  expsync plan      # shows what is left\n"


def write(workspace: Workspace, text: str, name: str = "exp") -> Path:
    path = workspace.path(name)
    path.write_text(text, encoding="utf-8")
    return path


def alone(workspace: Workspace) -> None:
    """Nothing; the workspace has one environment."""
    (workspace.root / "expsync.yaml").write_text(ALONE, encoding="utf-8")


def variant(workspace: Workspace, key: str, name: str, method: str, path: str, body: dict[str, Any] | None) -> None:
    """Nothing; somebody did this to a variant by hand."""
    id = workspace.live(key)["id"]
    with workspace.engine() as engine:
        target = f"/api/1/experiments/{id}/variants" + (f"/{name}{path}" if name else "")
        content = b"" if body is None else json.dumps(body).encode()
        headers = {"content-type": "application/json"}
        assert engine.answer(Request(method, target, {}, headers, content)).status == 200


def plain(workspace: Workspace, **fields: Any) -> None:
    """Nothing; `exp` is live as FILE declares it, but for these fields."""
    workspace.sow(
        live(
            "exp",
            **{
                "name": "Exp",
                "rolloutPercentage": 50,
                "tags": ["a", "b", "managed-by-expsync"],
                "deployments": ["101"],
                "variants": [
                    {"key": "control", "rolloutWeight": 1},
                    {"key": "treatment", "rolloutWeight": 1, "payload": {"colour": "green"}},
                ],
                **fields,
            },
        )
    )


def test_what_differs_is_taken_and_all_else_stays_as_it_was(run: Run, workspace: Workspace) -> None:
    alone(workspace)
    path = write(workspace, FILE)
    plain(workspace, name="Exp: new", rolloutPercentage=20, tags=["b", "c"], deployments=["101", "102"], enabled=True)

    ran = run("pull")

    assert path.read_text(encoding="utf-8") == (
        FILE.replace("name: Exp          #", 'name: "Exp: new"          #')
        .replace("rolloutPercentage: 50", "rolloutPercentage: 20")
        .replace('[a, "b"]', '["b", c]')
        .replace("[web]", "[web, ios]")
    )
    assert (ran.code, ran.out) == (
        0,
        "experiments/exp.yaml  exp\n"
        '  ~ name               "Exp" → "Exp: new"\n'
        "  ~ rolloutPercentage  50 → 20\n"
        "  + deployments.102\n"
        "  - tags.a\n"
        "  + tags.c\n",
    )
    assert ran.err == f"5 changes taken from environment test into the files of 1 experiment\n{NEXT}"
    assert workspace.writes == []


def test_nothing_to_take_says_so_and_touches_nothing(run: Run, workspace: Workspace) -> None:
    path = write(workspace, FILE)
    plain(workspace)
    before = path.stat().st_ino

    ran = run("pull")

    assert (ran.code, ran.out) == (0, "")
    assert ran.err == "nothing to take: 1 experiment compared with environment test\n"
    assert path.stat().st_ino == before
    assert run("pull", "-q").err == ""


def test_a_new_variant_comes_with_all_that_it_has_read_in_a_second_look(run: Run, workspace: Workspace) -> None:
    alone(workspace)
    text = FILE.replace("    payload:", "    inclusions: [u1]\n    payload:")
    path = write(workspace, text)
    variants = [
        {"key": "control", "rolloutWeight": 1},
        {"key": "treatment", "rolloutWeight": 1, "payload": {"colour": "green"}, "inclusions": ["u1"]},
        {"key": "blue", "name": "Blue", "rolloutWeight": 2, "payload": [1], "inclusions": ["u3", "u2"]},
    ]
    plain(workspace, variants=variants)
    write(workspace, "key: other\nname: Other\n", "other")
    workspace.sow(live("other", name="Other"))

    ran = run("pull", "-q")

    assert (ran.code, ran.err) == (0, "")
    blue = "  - key: blue\n    name: Blue\n    payload: [1]\n    rolloutWeight: 2\n    inclusions: [u2, u3]\n"
    assert path.read_text(encoding="utf-8") == text + blue
    first = ["listExperiments", "getExperiment", "listVariants", "getInclusions"]
    assert sorted(workspace.asked) == sorted(
        [*first, "getExperiment", "listVariants", "getInclusions", "getInclusions"]
    )


def test_a_variant_renamed_by_hand_keeps_its_comments_and_users(run: Run, workspace: Workspace) -> None:
    alone(workspace)
    path = write(workspace, FILE)
    plain(workspace)
    variant(workspace, "exp", "treatment", "PATCH", "", {"key": "green"})

    ran = run("pull", "-q")

    assert path.read_text(encoding="utf-8") == FILE.replace("key: treatment", "key: green")
    assert ran.out == 'experiments/exp.yaml  exp\n  ~ variants.green.key  "treatment" → "green"\n'


def test_where_another_environment_has_the_old_key_it_is_to_be_renamed_there(run: Run, workspace: Workspace) -> None:
    path = write(workspace, FILE)
    plain(workspace)
    variant(workspace, "exp", "treatment", "PATCH", "", {"key": "green"})

    ran = run("pull")

    said = "warning: exp: what holds everywhere changed in other environments too (other: variants)\n"
    assert ran.err.startswith(said)
    assert "    renamedFrom: treatment\n" in path.read_text(encoding="utf-8")
    # In this one it is done.
    assert "Nothing to do" in run("plan").out


def test_a_rename_that_was_not_done_is_taken_back(run: Run, workspace: Workspace) -> None:
    alone(workspace)
    path = write(workspace, FILE.replace("key: treatment ", "key: green\n    renamedFrom: treatment "))
    plain(workspace)

    ran = run("pull", "-q")

    assert ran.out == 'experiments/exp.yaml  exp\n  ~ variants.treatment.key  "green" → "treatment"\n'
    assert "renamedFrom" not in path.read_text(encoding="utf-8")
    assert "Nothing to do" in run("plan").out


def test_what_an_overlay_says_goes_back_into_it_and_a_value_of_all_is_told(run: Run, workspace: Workspace) -> None:
    path = write(
        workspace,
        "key: exp\nname: Exp\nrolloutPercentage: 1\nenabled: false\n"
        "environments:\n  test:\n    rolloutPercentage: 50  # here\n    variants:\n"
        "      - {key: control, rolloutWeight: 1}\n",
    )
    plain(workspace, name="New", rolloutPercentage=60, enabled=True)

    ran = run("pull")

    assert path.read_text(encoding="utf-8") == (
        "key: exp\nname: New\nrolloutPercentage: 1\nenabled: true\n"
        "environments:\n  test:\n    rolloutPercentage: 60  # here\n    variants:\n"
        "      - {key: control, rolloutWeight: 1}\n"
        "      - {key: treatment, payload: {colour: green}, rolloutWeight: 1}\n"
    )
    assert "warning: exp: what holds everywhere changed in other environments too (other: name, enabled)\n" in ran.err


def test_an_environment_that_skips_it_is_not_told_of(run: Run, workspace: Workspace) -> None:
    write(workspace, "key: exp\nname: Exp\nenvironments: {other: {skip: true}}\n")
    plain(workspace, name="New")

    assert "other" not in run("pull").err


def test_users_in_a_file_of_their_own_are_taken_there(run: Run, workspace: Workspace) -> None:
    text = "key: exp\nvariants:\n  - key: control\n    inclusions: {file: ../users.txt}\n  - key: treatment\n"
    path = write(workspace, text)
    users = workspace.root / "users.txt"
    users.write_text("# who\nu1  # why\nu2\n\n", encoding="utf-8")
    plain(workspace, variants=[{"key": "control", "inclusions": ["u3", "u1"]}, {"key": "treatment"}])

    ran = run("pull", "-q")

    assert (ran.code, ran.out) == (
        0,
        "users.txt  exp\n  ~ variants.control.inclusions  +1 −1 users (now 2): + u3; − u2\n",
    )
    assert users.read_text(encoding="utf-8") == "# who\nu1  # why\n\nu3\n"
    assert path.read_text(encoding="utf-8") == text


def test_a_list_that_others_name_too_stays_and_the_users_go_into_the_file(run: Run, workspace: Workspace) -> None:
    text = (
        "key: {}\nvariants:\n  - key: control\n    inclusions: {{file: ../users.txt}}  # shared\n  - key: treatment\n"
    )
    path = write(workspace, text.format("exp"))
    write(workspace, text.format("two"), "two")
    users = workspace.root / "users.txt"
    users.write_text("u1\nu2\n", encoding="utf-8")
    plain(workspace, variants=[{"key": "control", "inclusions": ["u3", "u1"]}, {"key": "treatment"}])

    ran = run("pull", "exp", "-q")

    assert (ran.code, users.read_text(encoding="utf-8")) == (0, "u1\nu2\n")
    assert "    inclusions: [u1, u3]  # shared\n" in path.read_text(encoding="utf-8")


def test_users_that_no_list_can_hold_go_into_the_file(run: Run, workspace: Workspace) -> None:
    path = write(workspace, "key: exp\nvariants:\n  - key: control\n    inclusions: {file: ../users.txt}\n")
    users = workspace.root / "users.txt"
    users.write_text("u1\n", encoding="utf-8")
    plain(workspace, variants=[{"key": "control", "inclusions": ["a #b"]}])

    assert run("pull", "-q").code == 0
    assert '    inclusions: ["a #b"]\n' in path.read_text(encoding="utf-8")
    assert users.read_text(encoding="utf-8") == "u1\n"


def test_what_is_left_to_people_or_set_by_the_product_is_not_taken(run: Run, workspace: Workspace) -> None:
    text = FILE + "experimentType: multi-arm-bandit\nlifecycle: {ignoreChanges: [name, tags.x]}\n"
    path = write(workspace, text)
    variants = [{"key": "control", "rolloutWeight": 7}, {"key": "treatment", "payload": {"colour": "green"}}]
    plain(workspace, name="by hand", tags=["a", "b", "x"], variants=variants, experimentType="multi-arm-bandit")

    assert run("pull").code == 0
    assert path.read_text(encoding="utf-8") == text


COHORT = {"name": "s", "conditions": [{"type": "cohort", "prop": "x", "op": "is", "values": ["1"]}], "percentage": 5}
SEGMENT = "targetSegments:\n  - {name: s, percentage: 1}\n"
WHY_COHORT = 'the API shows conditions of "s" that it does not take back, so no file can hold the segments'


@pytest.mark.parametrize(("name", "code"), [("Exp", 1), ("New", 4)])
def test_segments_with_a_cohort_are_left_and_the_rest_is_taken(
    run: Run, workspace: Workspace, name: str, code: int
) -> None:
    alone(workspace)
    path = write(workspace, FILE + SEGMENT)
    plain(workspace, name=name, targetSegments=[COHORT])

    ran = run("pull", "-q")

    assert (ran.code, ran.err) == (code, f"error: exp: not taken: targetSegments.s.percentage: {WHY_COHORT}\n")
    assert path.read_text(encoding="utf-8") == FILE.replace("name: Exp", f"name: {name}") + SEGMENT


def test_what_the_loader_refuses_is_left_and_the_rest_is_taken(run: Run, workspace: Workspace) -> None:
    alone(workspace)
    text = (
        "key: exp\nname: Exp\nvariants:\n"
        "  - {key: control, inclusions: [u1]}\n  - {key: treatment, inclusions: [u2], rolloutWeight: 1}\n"
    )
    path = write(workspace, text)
    variants = [
        {"key": "control", "inclusions": ["u1", "u2"]},
        {"key": "treatment", "inclusions": ["u2"], "rolloutWeight": 3},
    ]
    plain(workspace, name="New", variants=variants)

    ran = run("pull", "-q")

    assert (ran.code, ran.err) == (
        4,
        'error: exp: not taken: variants.control.inclusions: the user "u2" is included in two variants: '
        '"control" and "treatment"; which one counts is not defined\n',
    )
    after = text.replace("name: Exp", "name: New").replace("rolloutWeight: 1", "rolloutWeight: 3")
    assert path.read_text(encoding="utf-8") == after


def test_of_fields_that_contradict_each_other_those_are_taken_that_can_stand(run: Run, workspace: Workspace) -> None:
    alone(workspace)
    text = "key: exp\nname: Exp\ndecision: rollout\ndecisionReason: because\n"
    path = write(workspace, text)
    plain(workspace, name="New", decision=None, decisionReason="still here")

    ran = run("pull", "-q")

    assert (ran.code, ran.err) == (
        4,
        "error: exp: not taken: decision: there is a reason and no decision: decision is null\n",
    )
    assert path.read_text(encoding="utf-8") == text.replace(": Exp", ": New").replace("because", "still here")


def test_where_nothing_can_be_taken_the_file_stays_as_it_is(run: Run, workspace: Workspace) -> None:
    text = "key: exp\narchived: false\nlifecycle: {preventArchive: true}\n"
    path = write(workspace, text)
    plain(workspace)
    workspace.edit("exp", archive=True)

    ran = run("pull", "-q")

    assert (ran.code, ran.out, ran.err) == (
        1,
        "",
        "error: exp: nothing was taken: the experiment is archived and may not be: "
        "lifecycle.preventArchive forbids it\n",
    )
    assert path.read_text(encoding="utf-8") == text


def test_what_was_archived_by_hand_while_enabled_is_archived_in_the_file(run: Run, workspace: Workspace) -> None:
    alone(workspace)
    path = write(workspace, "key: exp\nenabled: true  # on\narchived: false\n")
    plain(workspace, enabled=True)
    workspace.edit("exp", archive=True)

    ran = run("pull")

    assert path.read_text(encoding="utf-8") == "key: exp\narchived: true\n"
    assert (ran.code, ran.out) == (0, "experiments/exp.yaml  exp\n  ~ archived  false → true\n")
    assert ran.err.splitlines()[0] == (
        "note: exp: `enabled` is left out now: a file can't say that an archived experiment is enabled"
    )
    assert "Nothing to do" in run("plan").out


def test_what_is_not_live_is_an_error_if_it_was_asked_for_by_name(run: Run, workspace: Workspace) -> None:
    write(workspace, FILE)
    write(workspace, "key: exp-2\n", "exp-2")

    ran = run("pull")
    assert (ran.code, ran.out) == (0, "")
    assert "note: not live in environment test yet, so there is nothing to take: exp, exp-2\n" in ran.err
    ran = run("pull", "exp", "exp*", "-q")
    assert (ran.code, ran.err) == (1, "error: exp: nothing was taken: it is not live in environment 'test'\n")


@pytest.mark.parametrize(
    ("key", "error", "hint"),
    [
        ("exo", "no file declares experiment 'exo'", "did you mean 'exp'?"),
        ("none", "no file declares experiment 'none'", "`expsync import none` writes a file for it, if it is live"),
        (
            "skipped",
            "experiments/skipped.yaml:2: experiment 'skipped' is not in environment 'test' (skip: true)",
            "choose another environment with -e",
        ),
    ],
)
def test_a_key_that_no_file_declares_here_is_an_error(
    run: Run, workspace: Workspace, key: str, error: str, hint: str
) -> None:
    write(workspace, FILE)
    write(workspace, "# no\nkey: skipped\nenvironments: {test: {skip: true}}\n", "skipped")
    plain(workspace)

    ran = run("pull", key)

    assert (ran.code, ran.out, ran.err) == (1, "", f"error: {error}\n  hint: {hint}\n")
    assert workspace.asked == []


def test_globs_choose_and_one_that_matches_nothing_is_told(run: Run, workspace: Workspace) -> None:
    for key in ("a-1", "a-2", "b"):
        write(workspace, f"key: {key}\nname: old\n", key)
    workspace.sow(*(live(key, name="new") for key in ("a-1", "a-2", "b")))

    ran = run("pull", "a-*", "c*", "-q")

    assert ran.err == "warning: no declared experiment matches 'c*'\n"
    changed = [key for key in ("a-1", "a-2", "b") if "name: new" in workspace.path(key).read_text(encoding="utf-8")]
    assert changed == ["a-1", "a-2"]


def test_several_documents_of_one_file_are_changed_together(run: Run, workspace: Workspace) -> None:
    path = write(workspace, "# one\nkey: a\nname: old\n---\n# two\nkey: b\nname: old  # here\n")
    workspace.sow(live("a", name="new"), live("b", name="newer"))

    ran = run("pull", "-q")

    assert path.read_text(encoding="utf-8") == "# one\nkey: a\nname: new\n---\n# two\nkey: b\nname: newer  # here\n"
    assert ran.out == (
        'experiments/exp.yaml  a\n  ~ name  "old" → "new"\n\nexperiments/exp.yaml  b\n  ~ name  "old" → "newer"\n'
    )


@pytest.mark.parametrize("name", ["experiments/exp.yaml", "users.txt"])
def test_what_an_editor_saves_meanwhile_is_not_overwritten(run: Run, workspace: Workspace, name: str) -> None:
    path = write(workspace, "key: exp\nname: old\nvariants: [{key: control, inclusions: {file: ../users.txt}}]\n")
    users = workspace.root / "users.txt"
    users.write_text("u1\n", encoding="utf-8")
    write(workspace, "key: other\nname: old\n", "other")
    workspace.sow(
        live("exp", name="new", variants=[{"key": "control", "inclusions": ["u2"]}]), live("other", name="new")
    )
    saved = (workspace.root / name).read_text(encoding="utf-8") + "# an editor was here\n"

    def save(request: httpx.Request, answer: Answer) -> httpx.Response:
        (workspace.root / name).write_text(saved, encoding="utf-8")
        return answer(request)

    workspace.troubles.append(Trouble("listExperiments", save))
    before = {one: one.read_text(encoding="utf-8") for one in (path, users, workspace.path("other"))}

    ran = run("pull", "-q")

    said = f"error: {name}: changed while it was worked on; nothing was written\n  hint: run the command again\n"
    assert (ran.code, ran.out, ran.err) == (1, "", said)
    before[workspace.root / name] = saved
    assert {one: one.read_text(encoding="utf-8") for one in before} == before


def test_an_error_in_the_files_stops_it_before_anything_is_asked(run: Run, workspace: Workspace) -> None:
    write(workspace, "key: exp\nnaem: x\n")

    assert run("pull").code == 1
    assert workspace.asked == []


def test_what_was_wrong_for_another_environment_before_does_not_stop_it(run: Run, workspace: Workspace) -> None:
    # `other` has no alias `ios`, which only `validate` looks at.
    path = write(workspace, "key: exp\nname: Exp\ndeployments: [web, ios]\n")
    plain(workspace, name="New", deployments=["102"])

    ran = run("pull", "-q")

    assert (ran.code, ran.err) == (0, "")
    assert path.read_text(encoding="utf-8") == "key: exp\nname: New\ndeployments: [ios]\n"


def test_a_creation_that_was_broken_off_is_left_to_apply(run: Run, workspace: Workspace) -> None:
    write(workspace, "key: exp\ndescription: mine\n")
    plain(workspace, description=UNFINISHED)

    ran = run("pull", "-q")

    said = "error: exp: nothing was taken: its creation was broken off: `expsync apply` completes it\n"
    assert (ran.code, ran.err) == (1, said)


def test_the_files_are_named_from_where_one_is(run: Run, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    write(workspace, FILE)
    plain(workspace, name="New")
    monkeypatch.chdir(workspace.root / "experiments")

    assert run("pull", "-q").out.splitlines()[0] == "exp.yaml  exp"


def test_marks_line_breaks_and_links_of_the_file_stay(run: Run, workspace: Workspace) -> None:
    there = workspace.root / "kept.txt"
    there.write_bytes(b"\xef\xbb\xbfkey: exp\r\nname: Exp # x\r\nenabled: false")
    workspace.path("exp").symlink_to("../kept.txt")
    plain(workspace, name="New")

    assert run("pull", "-q").code == 0
    assert there.read_bytes() == b"\xef\xbb\xbfkey: exp\r\nname: New # x\r\nenabled: false"
    assert workspace.path("exp").is_symlink()


def test_a_list_that_others_name_by_a_link_is_shared_too(run: Run, workspace: Workspace) -> None:
    users = workspace.root / "users.txt"
    users.write_text("u1\n", encoding="utf-8")
    (workspace.root / "link.txt").symlink_to("users.txt")
    text = "key: {}\nvariants: [{{key: control, inclusions: {{file: ../{}.txt}}}}]\n"
    write(workspace, text.format("exp", "users"))
    write(workspace, text.format("two", "link"), "two")
    plain(workspace, variants=[{"key": "control", "inclusions": ["u2"]}])

    assert run("pull", "exp", "-q").code == 0
    assert users.read_text(encoding="utf-8") == "u1\n"
    assert "inclusions: [u2]" in workspace.path("exp").read_text(encoding="utf-8")


def test_a_list_of_users_that_holds_everywhere_is_told_of(run: Run, workspace: Workspace) -> None:
    write(workspace, "key: exp\nvariants: [{key: control, inclusions: {file: ../users.txt}}]\n")
    (workspace.root / "users.txt").write_text("u1\n", encoding="utf-8")
    plain(workspace, variants=[{"key": "control", "inclusions": ["u2"]}])

    assert "changed in other environments too (other: variants)\n" in run("pull").err


def test_where_the_live_side_can_t_be_read_nothing_is_written(run: Run, workspace: Workspace) -> None:
    path = write(workspace, FILE)
    plain(workspace, name="New")
    workspace.troubles.append(Trouble("getExperiment", "400"))

    ran = run("pull")

    assert (ran.code, ran.out) == (1, "")
    assert path.read_text(encoding="utf-8") == FILE


@pytest.mark.parametrize(("aliases", "shown"), [("ios: '202'", "[web, ios]"), ("x: '202'", "[web]")])
def test_a_deployment_that_another_environment_does_not_know_goes_into_the_overlay(
    run: Run, workspace: Workspace, aliases: str, shown: str
) -> None:
    whole = (workspace.root / "expsync.yaml").read_text(encoding="utf-8")
    (workspace.root / "expsync.yaml").write_text(whole.replace('"201"', f'"201", {aliases}'), encoding="utf-8")
    path = write(workspace, "key: exp\ndeployments: [web]\n")
    plain(workspace, deployments=["101", "102"])

    assert run("pull", "-q").code == 0
    overlay = "" if "ios" in shown else "environments:\n  test: {deployments: [web, ios]}\n"
    assert path.read_text(encoding="utf-8") == f"key: exp\ndeployments: {shown}\n{overlay}"
    assert run("validate", "--strict").code == 0


@pytest.mark.parametrize("text", ["key: exp\nname: Editor\n", "key: [", "# nothing\n"])
def test_what_an_editor_saves_while_the_files_are_read_is_seen(
    run: Run, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    path = write(workspace, FILE)
    plain(workspace, name="New")
    read = Drafts.text

    def saved_before(drafts: Drafts, file: str) -> str:
        path.write_text(text, encoding="utf-8")
        return read(drafts, file)

    monkeypatch.setattr(Drafts, "text", saved_before)

    ran = run("pull", "-q")

    said = "error: experiments/exp.yaml: changed while it was read\n  hint: run the command again\n"
    assert (ran.code, ran.out, ran.err) == (1, "", said)
    assert path.read_text(encoding="utf-8") == text
