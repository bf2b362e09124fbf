"""Models asked about paths, and documents that are no mapping."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, ValidationError

from expsync.config.fields import field_problems, model_at
from expsync.config.parsed import Path
from expsync.config.problem import Problem, dotted
from expsync.config.prune import sound_part
from expsync.model.experiment import (
    Condition,
    Experiment,
    ExposureEvent,
    ExposureFilter,
    InclusionsFile,
    Overlay,
    Segment,
    Variant,
)
from expsync.model.workspace import Environment, WorkspaceFile


@pytest.mark.parametrize(
    ("root", "path", "model"),
    [
        (Experiment, (), Experiment),
        (Experiment, ("variants", 3), Variant),
        (Experiment, ("variants",), None),
        (Experiment, ("variants", 0, "inclusions"), InclusionsFile),
        (Experiment, ("variants", 0, "payload", "x"), None),
        (Experiment, ("targetSegments", 0), Segment),
        (Experiment, ("targetSegments", 0, "conditions", 1), Condition),
        (Experiment, ("targetSegments", 0, "rolloutWeights", "a"), None),
        (Experiment, ("exposureEvent",), ExposureEvent),
        (Experiment, ("exposureEvent", "filters", 0), ExposureFilter),
        (Experiment, ("environments", "prod"), Overlay),
        (Experiment, ("nothing", "x"), None),
        (Experiment, ("name",), None),
        (WorkspaceFile, ("environments", "prod"), Environment),
    ],
)
def test_the_model_of_a_path_is_found(root: type[BaseModel], path: Path, model: type[BaseModel] | None) -> None:
    assert model_at(root, path) is model


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (None, Problem("EXP108", (), "the document has no value", "a mapping is wanted; null is not a value here",
                       "write a value, or leave the field out")),
        ([], Problem("EXP103", (), "the document is of the wrong kind", "it is a list; a mapping is wanted")),
        ("x", Problem("EXP103", (), "the document is of the wrong kind", '"x" is text; a mapping is wanted')),
    ],
)  # fmt: skip
def test_a_document_that_is_no_mapping_is_one_problem(raw: object, problem: Problem) -> None:
    with pytest.raises(ValidationError) as caught:
        WorkspaceFile.model_validate(raw)
    assert field_problems(caught.value, WorkspaceFile, raw) == [problem]


def test_a_path_is_written_as_a_person_would() -> None:
    assert dotted(("variants", 0, "payload", "x y")) == "variants[0].payload.x y"
    assert dotted((0, "x")) == "[0].x"
    assert dotted(()) == "the document"


def test_the_sound_part_leaves_out_what_is_wrong_and_moves_nothing() -> None:
    raw = {
        "key": 1,
        "tags": ["x", 2, "x"],
        "lifecycle": {"preventArchive": True, "ignoreChanges": 1},
        "variants": [{"name": "no key"}, {"key": "b"}],
        "name": "n",
    }
    with pytest.raises(ValidationError) as caught:
        Experiment.model_validate(raw)
    rest = sound_part(raw, field_problems(caught.value, Experiment, raw))  # type: ignore[arg-type]
    assert rest is not None
    assert rest.declared() == {"key": "unknown", "lifecycle": {"preventArchive": True}, "name": "n"}


def test_there_may_be_no_sound_part() -> None:
    assert sound_part({"key": "a", "name": 1}, []) is None
    assert sound_part({"key": "a", "name": 1}, [Problem("EXP103", ("name", 0, "x"), "")]) is not None
    assert sound_part({"key": "a", "tags": [1]}, [Problem("EXP103", ("tags", 0, "x"), "")]) is not None
