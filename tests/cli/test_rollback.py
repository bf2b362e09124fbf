"""`expsync rollback`."""

from __future__ import annotations

import httpx
import pytest

from expsync.core.unfinished import UNFINISHED
from tests.apply.world import Answer, Trouble
from tests.cli.conftest import Run
from tests.cli.test_pull import alone, variant, write
from tests.cli.workspace import Workspace, live, workspace

__all__ = ["workspace"]

FILE = """\
key: exp
name: Exp  # shown to people
variants:
  - key: control
    rolloutWeight: 1
  - key: treatment   # the new one
    rolloutWeight: 1
"""
UNRECORDED = (
    "archived, evaluationMode, bucketingSalt, bucketingUnit, rolloutPercentage, exposureEvent, decision, "
    "decisionReason, rolledOutVariant, tags, variants.*.name, variants.*.description, variants.*.payload, "
    "variants.*.inclusions, variants.*.cohortInclusions"
)


def note(number: int) -> str:
    return f"note: left alone, since version {number} does not record it: {UNRECORDED}\n"


def shown(number: int) -> str:
    return f"this is what would restore version {number}; nothing was written: --write does it\n"


@pytest.fixture
def lived(workspace: Workspace) -> Workspace:
    """A workspace of one environment; `exp` is live and has three versions, of which FILE says the last."""
    alone(workspace)
    workspace.sow(live("exp", name="First", enabled=True, rolloutPercentage=9))
    workspace.edit("exp", name="Exp")
    workspace.edit("exp", enabled=False, description="later")
    write(workspace, FILE)
    return workspace


def test_the_change_is_shown_and_nothing_is_written(run: Run, lived: Workspace) -> None:
    before = lived.path("exp").read_text(encoding="utf-8")

    ran = run("rollback", "exp", "--to", 1)

    assert (ran.code, ran.err) == (0, note(1) + shown(1))
    assert ran.out == (
        "--- a/experiments/exp.yaml\n"
        "+++ b/experiments/exp.yaml\n"
        "@@ -1,5 +1,7 @@\n"
        " key: exp\n"
        "-name: Exp  # shown to people\n"
        "+name: First  # shown to people\n"
        '+description: ""\n'
        "+enabled: true\n"
        " variants:\n"
        "   - key: control\n"
        "     rolloutWeight: 1\n"
    )
    assert lived.path("exp").read_text(encoding="utf-8") == before
    assert lived.writes == []


def test_with_write_the_file_is_changed_and_apply_restores_the_version(run: Run, lived: Workspace) -> None:
    diff = run("rollback", "exp", "--to", 1).out

    ran = run("rollback", "exp", "--to", 1, "--write")

    assert (ran.code, ran.out) == (0, diff)
    assert ran.err == note(1) + (
        "the file of exp says now what version 1 recorded\n"
        "next:\n  git diff                   # review it\n  expsync plan -e test -t exp\n"
    )
    after = FILE.replace("name: Exp ", "name: First ").replace("variants:", 'description: ""\nenabled: true\nvariants:')
    assert lived.path("exp").read_text(encoding="utf-8") == after
    assert run("apply", "--yes").code == 0
    found = lived.live("exp")
    assert (found["name"], found["enabled"], found["description"], found["rolloutPercentage"]) == ("First", True, "", 9)
    again = run("rollback", "exp", "--to", 1)
    said = "nothing to change: the file of exp says already what version 1 recorded\n"
    assert (again.code, again.out, again.err) == (0, "", note(1) + said)


def test_quiet_leaves_the_diff_and_what_is_not_brought_back(run: Run, lived: Workspace) -> None:
    write(lived, FILE + "lifecycle: {ignoreChanges: [name]}\n")

    ran = run("rollback", "exp", "--to", 1, "-q")

    assert ran.err == "warning: not brought back: name: lifecycle.ignoreChanges leaves it to people\n"
    assert ran.out.startswith("--- a/experiments/exp.yaml\n")


def test_with_several_environments_what_was_left_out_is_declared_for_this_one(run: Run, lived: Workspace) -> None:
    lived.configure("")
    write(lived, "key: exp\nname: Exp\n")

    ran = run("rollback", "exp", "--to", 1, "--write")

    assert lived.path("exp").read_text(encoding="utf-8") == (
        'key: exp\nname: First\nenvironments:\n  test: {description: "", enabled: true}\n'
    )
    assert "warning: exp: what holds everywhere changed in other environments too (other: name)\n" in ran.err


def test_an_overlay_s_value_goes_back_into_it(run: Run, lived: Workspace) -> None:
    lived.configure("")
    write(lived, "key: exp\nname: All\nenvironments:\n  test: {name: Exp, description: x, enabled: false}\n")

    ran = run("rollback", "exp", "--to", 1, "--write")

    assert lived.path("exp").read_text(encoding="utf-8") == (
        'key: exp\nname: All\nenvironments:\n  test: {name: First, description: "", enabled: true}\n'
    )
    assert "other environments" not in ran.err


def test_a_variant_renamed_since_is_renamed_back_with_its_users(run: Run, lived: Workspace) -> None:
    variant(lived, "exp", "treatment", "POST", "/users", {"inclusions": ["u1"]})
    variant(lived, "exp", "treatment", "PATCH", "", {"key": "green"})
    write(lived, FILE.replace("key: treatment ", "key: green "))

    ran = run("rollback", "exp", "--to", 3, "--write")

    assert ran.err.splitlines()[0] == "note: variant green is renamed back to treatment: its users and cohorts stay"
    assert lived.path("exp").read_text(encoding="utf-8") == FILE + "    renamedFrom: green\n"
    assert run("apply", "--yes", "--allow", "exp:*").code == 0
    found = {one["key"]: one["inclusions"] for one in lived.live("exp")["variants"]}
    assert found == {"control": [], "treatment": ["u1"]}


def test_a_variant_renamed_since_that_no_file_lists_is_renamed_back_too(run: Run, lived: Workspace) -> None:
    variant(lived, "exp", "treatment", "PATCH", "", {"key": "green"})
    write(lived, "key: exp\n")

    run("rollback", "exp", "--to", 3, "--write")

    assert lived.path("exp").read_text(encoding="utf-8") == (
        "key: exp\nvariants:\n  - key: control\n    rolloutWeight: 1\n"
        "  - key: treatment\n    rolloutWeight: 1\n    renamedFrom: green\n"
    )


def test_variants_that_came_and_went_are_told(run: Run, lived: Workspace) -> None:
    variant(lived, "exp", "control", "DELETE", "", None)
    variant(lived, "exp", "", "POST", "", {"key": "blue", "rolloutWeight": 3})
    write(lived, FILE.replace("control", "blue").replace("rolloutWeight: 1", "rolloutWeight: 3", 1))

    ran = run("rollback", "exp", "--to", 3, "--write")

    assert ran.err.startswith(
        "warning: not brought back: the order of variants (control, treatment): the API can't reorder them\n"
        "note: variant blue came after version 3, and is removed\n"
        "note: variant control is made anew, without the users and cohorts that it had\n"
    )
    assert lived.path("exp").read_text(encoding="utf-8") == (
        "key: exp\nname: Exp  # shown to people\nvariants:\n"
        "  - key: treatment   # the new one\n    rolloutWeight: 1\n  - key: control\n    rolloutWeight: 1\n"
    )


def test_segments_with_a_cohort_are_not_brought_back(run: Run, workspace: Workspace) -> None:
    alone(workspace)
    cohort = {"type": "cohort", "prop": "x", "op": "is", "values": ["1"]}
    workspace.sow(live("exp", name="First", targetSegments=[{"name": "s", "conditions": [cohort], "percentage": 5}]))
    workspace.edit("exp", name="Exp", targetSegments=[])
    write(workspace, "key: exp\nname: Exp\ntargetSegments: []\n")

    ran = run("rollback", "exp", "--to", 1, "--write")

    assert workspace.path("exp").read_text(encoding="utf-8") == "key: exp\nname: First\ntargetSegments: []\n"
    assert ran.err.splitlines()[0] == (
        "warning: not brought back: targetSegments.s: "
        'the API shows conditions of "s" that it does not take back, so no file can hold the segments'
    )


def test_a_bandit_s_weights_are_not_brought_back(run: Run, workspace: Workspace) -> None:
    alone(workspace)
    workspace.sow(live("exp", experimentType="multi-arm-bandit"))
    variant(workspace, "exp", "control", "PATCH", "", {"rolloutWeight": 7})
    write(workspace, FILE.replace("name: Exp  # shown to people\n", ""))

    ran = run("rollback", "exp", "--to", 1, "-q")

    said = "warning: not brought back: variants.control.rolloutWeight: a multi-arm bandit sets its weights itself\n"
    assert (ran.code, ran.out, ran.err) == (0, "", said)


def test_what_the_loader_refuses_is_not_brought_back(run: Run, lived: Workspace) -> None:
    lived.edit("exp", archive=True)
    write(lived, "key: exp\nname: Exp\nenabled: false\narchived: true\n")

    ran = run("rollback", "exp", "--to", 1, "--write", "-q")

    assert lived.path("exp").read_text(encoding="utf-8") == (
        'key: exp\nname: First\ndescription: ""\nenabled: false\narchived: true\n'
    )
    assert ran.err == (
        "warning: not brought back: enabled: an archived experiment can't be enabled: "
        "archived: true beside enabled: true\n"
    )


@pytest.mark.parametrize(
    ("arguments", "error", "hint"),
    [
        (
            ("exp", "--to", 9),
            "experiment 'exp' has no version 9: there are 1 to 3",
            "`expsync history KEY` lists the versions",
        ),
        (
            ("exp", "--to", 0),
            "experiment 'exp' has no version 0: there are 1 to 3",
            "`expsync history KEY` lists the versions",
        ),
        (
            ("none", "--to", 1),
            "no file declares experiment 'none'",
            "`expsync import none` writes a file for it, if it is live",
        ),
        (
            ("new", "--to", 1),
            "experiment 'new' is declared and not live in environment 'test' yet, so it has no versions",
            "`expsync apply` creates it",
        ),
    ],
)
def test_what_can_t_be_is_an_error_with_the_way_out(
    run: Run, lived: Workspace, arguments: tuple[object, ...], error: str, hint: str
) -> None:
    write(lived, "key: new\n", "new")

    ran = run("rollback", *arguments, "--write")

    assert (ran.code, ran.out, ran.err) == (1, "", f"error: {error}\n  hint: {hint}\n")
    assert lived.path("exp").read_text(encoding="utf-8") == FILE


def test_a_version_is_to_be_named(run: Run, lived: Workspace) -> None:
    assert run("rollback", "exp").code == 64
    assert run("rollback", "--to", 1).code == 64


def test_a_creation_that_was_broken_off_is_left_to_apply(run: Run, lived: Workspace) -> None:
    lived.edit("exp", description=UNFINISHED)

    ran = run("rollback", "exp", "--to", 1)

    said = (
        "error: experiment 'exp' can't be rolled back to version 1: "
        "its creation was broken off: `expsync apply` completes it\n"
    )
    assert (ran.code, ran.out, ran.err) == (1, "", said)


def test_what_an_editor_saves_meanwhile_is_not_overwritten(run: Run, lived: Workspace) -> None:
    def save(request: httpx.Request, answer: Answer) -> httpx.Response:
        write(lived, FILE + "# an editor was here\n")
        return answer(request)

    lived.troubles.append(Trouble("listVersions", save))

    ran = run("rollback", "exp", "--to", 1, "--write", "-q")

    said = (
        "error: experiments/exp.yaml: changed while it was worked on; nothing was written\n"
        "  hint: run the command again\n"
    )
    assert (ran.code, ran.out, ran.err) == (1, "", said)
    assert lived.path("exp").read_text(encoding="utf-8") == FILE + "# an editor was here\n"


def test_few_requests_are_enough(run: Run, lived: Workspace) -> None:
    run("rollback", "exp", "--to", 1)

    assert lived.asked == [
        "listExperiments",
        "listVersions",
        "listExperiments",
        "getExperiment",
        "listExperiments",
        "listVariants",
    ]
