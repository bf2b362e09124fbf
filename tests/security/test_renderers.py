"""Hostile texts in every field, through every renderer and the log: nothing acts, and JSON loses nothing."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel

from expsync.apply.log import FileLog
from expsync.cli.main import _explain
from expsync.cli.options import Globals
from expsync.diagnostics import Diagnostic, Place
from expsync.errors import ConfigError, ExpsyncError
from expsync.model.drift import Drift
from expsync.model.history import History, HistoryEntry, Subject, VersionDiff
from expsync.model.outcome import ApplyOutcome, ExperimentOutcome
from expsync.model.plan import SETTLE, Base, Flow, Origin, Plan, SplitChange
from expsync.model.plan_file import load_plan, plan_text
from expsync.model.taken import Left, RolledBack, Taken
from expsync.render import drift as drift_renderer
from expsync.render import history as history_renderer
from expsync.render import html as html_renderer
from expsync.render import json as json_renderer
from expsync.render import markdown as markdown_renderer
from expsync.render import outcome as outcome_renderer
from expsync.render import pulled as pulled_renderer
from expsync.render import rolled_back as rolled_back_renderer
from expsync.render import text as text_renderer
from expsync.render import text_diff as diff_renderer
from expsync.render.problems import problem_document, problem_text
from tests.render.drifts import rich_drift
from tests.render.gfm import Comment, broken, gfm
from tests.render.plans import based_plan, hostile_plan, rich_plan, split_plan
from tests.render.reading import Page
from tests.security.hostile import HALVES, HOSTILE, acts

TEXTS = {**HOSTILE, **HALVES}
hostile = pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
whole = pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)


def poisoned(value: Any, text: str) -> Any:
    """The same value with the text in the place of every text that is no word of the model's own."""
    if isinstance(value, BaseModel):
        kept = type(value).model_fields
        changed = {
            name: getattr(value, name) if _closed(kept[name].annotation) else poisoned(getattr(value, name), text)
            for name in kept
        }
        return value.model_construct(**changed)
    if isinstance(value, str):
        return text
    if isinstance(value, list):
        return [poisoned(member, text) for member in value]
    if isinstance(value, dict):
        return {f"{name}{text}": poisoned(member, text) for name, member in value.items()}
    return value


def _closed(annotation: Any) -> bool:
    """Whether only words of the model's own fit there."""
    return get_origin(annotation) is Literal or any(get_origin(inner) is Literal for inner in get_args(annotation))


@functools.cache
def poisoned_plan(text: str) -> Plan:
    """A plan with the text everywhere, and in paths behind every word that the renderers look at."""
    found: Plan = poisoned(rich_plan(), text)
    starts, ends = ("", "variants.", "targetSegments."), ("", ".inclusions", ".conditions", ".payload")
    changes = list({(c.kind, type(c.after)): c for e in found.experiments for c in e.changes}.values())
    variations = [
        change.model_copy(update={"path": f"{start}{text}{end}"})
        for change in changes
        for start in starts
        for end in ends
    ]
    first = found.experiments[0].model_copy(update={"changes": variations})
    findings = [
        finding.model_copy(update={"message": f"{text}{SETTLE}{text}"})
        for e in found.experiments
        for finding in e.findings
    ]
    second = found.experiments[1].model_copy(update={"findings": findings, "action": "blocked"})
    origins: tuple[Origin, ...] = ("file", "live", "both")
    marked = [change.model_copy(update={"origin": origin}) for change in changes for origin in origins]
    splits = [
        SplitChange(
            segment=text,
            before={text: 0.5, f"{text}b": 0.5},
            after={text: 1.0},
            flows=[Flow(before=text, after=text, share=0.5), Flow(before=f"{text}b", after=text, share=0.5)],
        )
    ]
    third = found.experiments[2].model_copy(update={"changes": marked, "splits": splits})
    return found.model_copy(
        update={
            "experiments": [first, second, third, *found.experiments[3:]],
            "base": Base(ref=text, commit=text),
        }
    )


@functools.cache
def poisoned_drift(text: str) -> Drift:
    """The same for a drift."""
    found: Drift = poisoned(rich_drift(), text)
    changes = [
        change.model_copy(update={"path": f"{start}{text}{end}"})
        for experiment in found.experiments
        for change in experiment.changes
        for start, end in (("", ""), ("variants.", ".inclusions"), ("targetSegments.", ".conditions"))
    ]
    first = found.experiments[0].model_copy(update={"changes": changes})
    return found.model_copy(update={"experiments": [first, *found.experiments[1:]]})


def poisoned_outcome(text: str) -> ApplyOutcome:
    plan = poisoned_plan(text)
    experiments = []
    for status in get_args(ExperimentOutcome.model_fields["status"].annotation):
        for planned in plan.experiments[:1]:
            operations = [operation for e in plan.experiments for operation in e.operations]
            experiments.append(
                ExperimentOutcome.model_construct(
                    key=text,
                    id=text,
                    action=planned.action,
                    status=status,
                    done=operations,
                    failed=operations[0],
                    pending=operations,
                    error=text,
                    hint=text,
                    left=planned.changes[:12],
                )
            )
    return ApplyOutcome.model_construct(
        environment=text, digest=text, experiments=experiments, interrupted=True, requests=1, unverified=text
    )


@hostile
def test_nothing_acts_in_a_plan_as_text(text: str) -> None:
    for width, colour in ((40, True), (120, False)):
        shown = text_renderer.render(poisoned_plan(text), colour=colour, width=width, verbose=True)
        assert acts(shown, colour=colour) == []


@hostile
def test_nothing_acts_in_a_plan_as_json_and_nothing_is_lost(text: str) -> None:
    plan = poisoned_plan(text)
    shown = json_renderer.render(plan)
    assert acts(shown) == []
    assert json.loads(shown) == plan.model_dump(mode="json", warnings=False)


@hostile
def test_nothing_acts_in_a_plan_as_markdown(text: str) -> None:
    """Tables and details are those of any plan, and what comes from outside stands in code or is escaped."""
    shown = markdown_renderer.render(poisoned_plan(text))
    assert len(shown) <= markdown_renderer.LIMIT
    assert acts(shown) == []
    assert broken(shown) == []


@hostile
def test_nothing_acts_in_a_plan_as_html(text: str) -> None:
    """The page has the elements and attributes that it has for a harmless text."""
    plan = poisoned_plan(text)
    shown = html_renderer.render(plan)
    assert acts(shown) == []
    found = Page(shown)
    assert (found.unbalanced, found.open) == ([], [])
    assert {name for name, _ in found.elements} <= _html_elements()
    attributes = {name for _, given in found.elements for name in given}
    assert not {name for name in attributes if name.startswith("on")} | attributes & {"src", "style", "action"}
    assert {f"{link['href']}"[0] for link in found.all("a")} == {"#"}
    assert len(found.all("script")) == len(found.all("style")) == 1
    assert len(found.all("article")) == len(plan.experiments)
    assert len(found.ids()) == len(set(found.ids()))


@functools.cache
def _html_elements() -> set[str]:
    plans = (rich_plan(), based_plan(), split_plan(), hostile_plan())
    return {name for plan in plans for name, _ in Page(html_renderer.render(plan)).elements}


@hostile
def test_nothing_acts_in_a_drift(text: str) -> None:
    drift = poisoned_drift(text)
    for width, colour in ((40, True), (120, False)):
        assert acts(drift_renderer.render_text(drift, colour=colour, width=width), colour=colour) == []
    shown = drift_renderer.render_json(drift)
    assert acts(shown) == []
    assert json.loads(shown) == drift.model_dump(mode="json", warnings=False)


@hostile
def test_nothing_acts_in_a_drift_as_markdown(text: str) -> None:
    """What comes from outside stands in code or is escaped, and the tables and lists are those of any drift."""
    drift = poisoned_drift(text)
    shown = drift_renderer.render_markdown(drift)
    assert acts(shown) == []
    assert broken(shown) == []
    comment = Comment(shown)
    assert "details" not in comment.elements
    assert shown.count("\n### ") == len(comment.tables) == len(drift.experiments)
    cells = [len(row) for table in comment.tables for row in table.rows[1:]]
    assert cells == [3] * sum(len(experiment.changes) for experiment in drift.experiments)
    assert gfm(shown).count("<li>") == len(drift.unmanaged) + len(drift.notLive)


@whole
def test_a_saved_plan_is_read_back_to_the_letter(text: str) -> None:
    plan = poisoned_plan(text).model_copy(update={"formatVersion": "1.0"}).sealed()
    assert load_plan(plan_text(plan)) == plan


@hostile
def test_nothing_acts_in_an_outcome(text: str) -> None:
    outcome = poisoned_outcome(text)
    for colour in (False, True):
        assert acts(outcome_renderer.render_text(outcome, colour=colour), colour=colour) == []
    shown = outcome_renderer.render_json(outcome)
    assert acts(shown) == []
    assert json.loads(shown) == outcome.document()


def poisoned_diagnostic(text: str) -> Diagnostic:
    return Diagnostic("EXP104", "error", Place(text, 3, 4), text, text, text, text)


@hostile
@pytest.mark.parametrize("colour", [False, True])
def test_nothing_acts_in_a_diagnostic(text: str, colour: bool) -> None:
    diagnostic = poisoned_diagnostic(text)
    assert acts(problem_text(diagnostic, colour=colour), colour=colour) == []
    assert json.loads(json.dumps(problem_document(diagnostic)))["message"] == text


@hostile
def test_nothing_acts_in_an_error(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    _explain(ExpsyncError(text, hint=text), Globals())
    _explain(ExpsyncError(f"a\n{text}", hint=f"b\n{text}"), Globals())
    _explain(ConfigError([poisoned_diagnostic(text)]), Globals())
    out, err = capsys.readouterr()
    assert out == ""
    assert acts(err) == []


logged = pytest.mark.parametrize(
    "text",
    [pytest.param(text, id=name) for name, text in TEXTS.items()],
)


@logged
def test_nothing_acts_in_the_log_and_nothing_is_lost(tmp_path: Path, text: str) -> None:
    operation = poisoned_plan(text).experiments[0].operations[0].model_copy(update={"body": {text: text}})
    path = tmp_path / "log"
    with FileLog(path) as log:
        log.intent(text, operation)
        log.outcome(text, operation, text)
    content = path.read_text(encoding="utf-8")
    assert acts(content) == []
    before, after = map(json.loads, content.splitlines())
    assert (before["experiment"], before["body"], after["result"]) == (text, {text: text}, text)


def poisoned_history(text: str) -> tuple[History, VersionDiff]:
    changes = poisoned_plan(text).experiments[0].changes
    subject = Subject(text, text, text)
    entries = [
        HistoryEntry(4, text, text, {text: text}, changes),
        *(HistoryEntry(3, text, text, text, [change]) for change in changes),
        HistoryEntry(2, text, text, text, []),
        HistoryEntry(1, text, text, text, None),
    ]
    return History(subject, entries, ["tags"]), VersionDiff(subject, 3, 4, changes, ["tags"])


@hostile
def test_nothing_acts_in_versions_as_text_or_json_and_json_loses_nothing(text: str) -> None:
    history, diff = poisoned_history(text)
    for colour in (False, True):
        for shown in (
            history_renderer.render_text(history, colour=colour, width=60),
            history_renderer.render_text(history, colour=colour, width=60, verbose=True),
            history_renderer.render_diff_text(diff, colour=colour, width=60),
        ):
            assert acts(shown, colour=colour) == []
    whole, differing = history_renderer.render_json(history), history_renderer.render_diff_json(diff)
    assert acts(whole) == acts(differing) == []
    assert json.loads(whole)[0] == {"version": 4, "createdAt": text, "createdBy": text, "config": {text: text}}
    assert [change["path"] for change in json.loads(differing)["changes"]] == [change.path for change in diff.changes]


@hostile
def test_nothing_acts_in_versions_as_markdown(text: str) -> None:
    history, diff = poisoned_history(text)
    for shown, rows in (
        (history_renderer.render_markdown(history), len(history.entries)),
        (history_renderer.render_markdown(history, verbose=True), len(history.entries)),
        (history_renderer.render_diff_markdown(diff), len(diff.changes)),
    ):
        assert acts(shown) == []
        assert broken(shown) == []
        page = gfm(shown)
        assert (page.count("<h3>"), page.count("<table>"), page.count("<tr>")) == (1, 1, rows + 1)
        outside = re.sub(r"<code>[^<]*</code>", "", page)
        # All that is left is ours: the table, its words, and the pipes between two pieces of code.
        assert set(re.findall(r"<(\w+)", outside)) <= {"h3", "p", "table", "thead", "tbody", "tr", "th", "td", "br"}
        assert not re.search(r"[@#`*\[\]]|https?:|www\.", outside)


@hostile
def test_nothing_acts_in_what_was_pulled(text: str) -> None:
    changes = tuple(poisoned_plan(text).experiments[0].changes)
    left = tuple(Left(change, text) for change in changes)
    elsewhere = {text: (text, text), f"b{text}": (text,)}
    taken = Taken(text, (text, text), changes, left, "", (text,), elsewhere)
    results = [taken, Taken(text, problem=text), Taken(text)]
    for width, colour in ((40, True), (120, False)):
        assert acts(pulled_renderer.render(results, colour=colour, width=width), colour=colour) == []
    said = [*pulled_renderer.problem_lines(results), *pulled_renderer.note_lines(results)]
    said.append(pulled_renderer.summary_line(results, environment=text))
    assert acts("\n".join(said)) == []
    # A line an error, a note and an environment, however many breaks a text has.
    assert len(said) == 2 + 2 + 1


@hostile
def test_nothing_acts_in_what_is_rolled_back(text: str) -> None:
    left = tuple(Left(change, text) for change in poisoned_plan(text).experiments[0].changes)
    result = RolledBack(text, 3, left, (text, text), (text,), (text,), (text, text), (text,), {text: (text,)})
    said = [*rolled_back_renderer.warning_lines(result), *rolled_back_renderer.note_lines(result)]
    assert acts("\n".join(said)) == []
    assert len(said) == 2 + 5


@hostile
def test_nothing_acts_in_a_difference_of_texts(text: str) -> None:
    for colour in (False, True):
        shown = diff_renderer.render(text, f"a\n{text}\nb\n", f"b\n{text}{text}\na", colour=colour)
        assert acts(shown, colour=colour) == []
