"""`expsync schema`."""

from __future__ import annotations

import json

import pytest

from expsync.model.json_schema import schema_text
from tests.cli.conftest import Run


@pytest.mark.parametrize("kind", ["experiment", "workspace", "plan"])
def test_the_schema_is_printed(run: Run, kind: str) -> None:
    ran = run("schema", kind)

    assert (ran.code, ran.err) == (0, "")
    assert ran.out == schema_text(kind).rstrip("\n") + "\n"  # type: ignore[arg-type]
    assert json.loads(ran.out)


def test_without_a_kind_it_is_the_experiments(run: Run) -> None:
    assert run("schema").out == run("schema", "experiment").out


def test_another_kind_is_wrong_usage(run: Run) -> None:
    assert run("schema", "flag").code == 64
