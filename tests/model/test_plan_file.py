"""A saved plan is read back only if it is the document that was written."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from expsync.errors import ExpsyncError, RefusedError
from expsync.model import plan_file
from expsync.model.plan import digest_of
from expsync.model.plan_file import load_plan, plan_text, read_plan, save_plan
from tests.render.plans import hostile_plan, plan, rich_plan


def test_what_was_saved_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    for saved in (rich_plan(), hostile_plan(), plan()):
        save_plan(path, saved)

        assert read_plan(path) == saved
        assert path.read_text(encoding="utf-8") == plan_text(saved)
    assert [file.name for file in tmp_path.iterdir()] == ["plan.json"]


def test_only_the_owner_may_read_a_saved_plan(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text("older", encoding="utf-8")
    path.chmod(0o644)

    save_plan(path, plan())

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_link_is_followed(tmp_path: Path) -> None:
    link, target = tmp_path / "link.json", tmp_path / "target.json"
    link.symlink_to(target)

    save_plan(link, plan())

    assert link.is_symlink()
    assert read_plan(target) == plan()


@pytest.mark.parametrize(
    ("name", "why"),
    [("missing/plan.json", "No such file or directory"), (".", "it is not a regular file")],
)
def test_a_plan_that_cannot_be_saved_is_an_error(tmp_path: Path, name: str, why: str) -> None:
    with pytest.raises(ExpsyncError) as caught:
        save_plan(tmp_path / name, plan())

    assert caught.value.exit_code == 1
    assert str(caught.value) == f"{tmp_path / name}: the plan can't be saved: {why}"


def test_an_older_plan_stays_when_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "plan.json"
    path.write_text("older", encoding="utf-8")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ExpsyncError, match="No space left"):
        save_plan(path, plan())

    assert [(file.name, file.read_text(encoding="utf-8")) for file in tmp_path.iterdir()] == [("plan.json", "older")]


def test_a_plan_that_is_not_there_is_an_error_and_no_refusal(tmp_path: Path) -> None:
    with pytest.raises(ExpsyncError) as caught:
        read_plan(tmp_path / "none.json")

    assert caught.value.exit_code == 1
    assert str(caught.value) == f"{tmp_path / 'none.json'}: the plan can't be read: No such file or directory"


def test_a_plan_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(RefusedError, match=r"plan\.json: the plan is damaged: it is not UTF-8 text"):
        read_plan(tmp_path / "plan.json")


def test_a_refusal_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text("[]", encoding="utf-8")

    with pytest.raises(RefusedError) as caught:
        read_plan(tmp_path / "plan.json")

    assert str(caught.value) == f"{tmp_path / 'plan.json'}: the file is not a plan: it does not hold a JSON object"
    assert caught.value.hint == "make a new plan with `expsync plan --out FILE`"


def _changed(change: Callable[[dict[str, Any]], None], *, sealed: bool) -> str:
    document = json.loads(plan_text(rich_plan()))
    change(document)
    if sealed:
        document["digest"] = digest_of(document)
    return json.dumps(document)


def test_spaces_and_the_order_of_names_do_not_matter() -> None:
    document = json.loads(plan_text(rich_plan()))

    assert load_plan(json.dumps(dict(reversed(document.items())))) == rich_plan()


@pytest.mark.parametrize(
    ("change", "sealed", "message"),
    [
        (
            lambda d: d["experiments"][0]["operations"].clear(),
            False,
            "the plan does not match its digest: it was changed after it was saved, or damaged on the way",
        ),
        (lambda d: d.pop("digest"), False, "the plan does not match its digest"),
        (lambda d: d.update(more=1), False, "the plan does not match its digest"),
        (
            lambda d: d.update(formatVersion="2.0"),
            True,
            "the plan has format version '2.0', and this expsync reads 1.0",
        ),
        (
            lambda d: d.update(formatVersion="1.1"),
            True,
            "the plan has format version '1.1', and this expsync reads 1.0",
        ),
        (lambda d: d.pop("formatVersion"), True, "the file is not a plan: it has no formatVersion"),
        (
            lambda d: d["experiments"][0].update(action="explode"),
            True,
            "the plan is not of the shape that version 1.0 has: experiments.0.action: "
            "input should be 'create', 'update', 'archive', 'unarchive' or 'blocked'",
        ),
        (
            lambda d: d.update(more=1),
            True,
            "the plan is not of the shape that version 1.0 has: more: extra inputs are not permitted",
        ),
    ],
)
def test_another_document_than_the_one_saved_is_refused(change: Any, sealed: bool, message: str) -> None:
    with pytest.raises(RefusedError) as caught:
        load_plan(_changed(change, sealed=sealed))

    assert caught.value.exit_code == 3
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the plan is damaged: it can't be read as JSON: Expecting value: line 1 column 1 (char 0)"),
        (plan_text(plan())[:-3], "the plan is damaged: it can't be read as JSON: Expecting ',' delimiter"),
        ('{"a": NaN}', "the plan is damaged: it can't be read as JSON: NaN is not JSON"),
        ('{"a": 1, "a": 2}', "the plan is damaged: it can't be read as JSON: the name 'a' stands twice in one object"),
        ("[" * 100_000, "the plan is damaged: it can't be read as JSON: it nests too deep"),
        ('{"a":' + "[" * 300 + "]" * 300 + "}", "the plan is damaged: it nests deeper than 200 levels"),
        ('{"a":' + "1" * 5000 + "}", "the plan is damaged: it can't be read as JSON: Exceeds the limit (4300 digits)"),
        ("null", "the file is not a plan: it does not hold a JSON object"),
        ("{}", "the file is not a plan: it has no formatVersion"),
    ],
)
def test_what_is_no_plan_is_refused(text: str, message: str) -> None:
    with pytest.raises(RefusedError) as caught:
        load_plan(text)

    assert str(caught.value).startswith(message)


def test_a_plan_past_the_bound_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_file, "MAX_CHARACTERS", 10)

    with pytest.raises(RefusedError, match="the plan is too big: more than 10 characters"):
        load_plan("{" + " " * 20 + "}")
