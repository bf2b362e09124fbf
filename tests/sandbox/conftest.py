from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from expsync.sandbox.habits import Habits
from expsync.sandbox.store import Store
from tests.sandbox.calls import Caller


@pytest.fixture
def store() -> Iterator[Store]:
    with Store(None) as opened:
        yield opened


@pytest.fixture
def caller(store: Store) -> Caller:
    """A caller of the current server, with project 1001 on deployments 101 and 102, and 2002 on 201."""
    made = Caller(store)
    made.engine.ensure_project("1001", {"101": "web", "102": "ios"})
    made.engine.ensure_project("2002", {"201": "web"})
    return made


@pytest.fixture
def caller_with(store: Store) -> Callable[..., Caller]:
    """A maker of the same caller with other habits."""

    def make(**habits: Any) -> Caller:
        made = Caller(store, Habits(**habits))
        made.engine.ensure_project("1001", {"101": "web", "102": "ios"})
        return made

    return make
