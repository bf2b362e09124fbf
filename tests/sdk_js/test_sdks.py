"""The vendor's JavaScript SDK and its Python SDK, unmodified, on the examples as `sandbox serve --from` serves them.

Splits are told from 20,000 users by JavaScript and from 2,000 by Python; `EXPSYNC_SDK_USERS=20000` makes it as many
for both, and `-rP` prints the shares.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import Any

import pytest

from tests.node import TESTS
from tests.sdk_js.conftest import PYTHON_USERS, REMOTE, USERS
from tests.sdk_js.worlds import FIXED, GROUPS

# What the Python SDK's own loader does; pytest would make an error of it.
pytestmark = pytest.mark.filterwarnings("ignore::marshmallow.warnings.RemovedInMarshmallow4Warning")

groups = pytest.mark.parametrize("at", range(len(GROUPS)), ids=[f"{one.world} {one.flag} {one.by}" for one in GROUPS])
fixed = pytest.mark.parametrize("at", range(len(FIXED)))


def test_the_sdk_is_the_one_that_is_pinned(answers: Any) -> None:
    for language, users in (("javascript", USERS), ("python", PYTHON_USERS)):
        evaluations, seconds = users * len(GROUPS), answers[language]["milliseconds"] / 1000
        print(f"{language:<10} {evaluations:,} evaluations in {seconds:.1f} s")
    wanted = json.loads((TESTS / "package.json").read_text(encoding="utf-8"))
    assert answers["javascript"]["version"] == wanted["devDependencies"]["@amplitude/experiment-node-server"]


@groups
def test_every_share_is_what_the_file_says(answers: Any, at: int) -> None:
    """Within four standard errors; a share of all or of nobody is met exactly."""
    wanted = GROUPS[at]
    for language, users, arms in (
        ("javascript", USERS, answers["javascript"]["groups"][at]["local"]),
        ("python", PYTHON_USERS, answers["python"]["groups"][at]),
    ):
        counts = Counter(arms)
        assert sum(counts.values()) == users
        assert set(counts) <= set(wanted.shares)
        for arm, share in wanted.shares.items():
            error = math.sqrt(share * (1 - share) / users)
            seen = counts[arm] / users
            off = seen - share
            ratio = off / error if error else 0.0
            print(f"{language:<10} {arm:<14} {share:8.4%} {seen:8.4%} {ratio:+.2f} standard errors")
            assert abs(off) <= 4 * error, (language, arm)


@groups
def test_each_user_gets_the_same_from_both_sdks_and_from_the_server(answers: Any, at: int) -> None:
    javascript, python = answers["javascript"]["groups"][at], answers["python"]["groups"][at]
    pairs = zip(javascript["local"][:PYTHON_USERS], python, strict=True)
    assert [number for number, (one, other) in enumerate(pairs) if one != other] == []
    assert javascript["remote"] == python[:REMOTE]
    assert len(javascript["remote"]) == REMOTE


@fixed
def test_inclusions_and_segments_decide_before_the_split(answers: Any, at: int) -> None:
    user = answers["javascript"]["fixed"][at]
    for given in (
        {flag: (one["key"], one.get("payload")) for flag, one in user["local"].items()},
        {flag: (one["key"], one.get("payload")) for flag, one in user["remote"].items()},
        {flag: (key, payload) for flag, (key, payload) in answers["python"]["fixed"][at].items()},
    ):
        assert list(given) == sorted(FIXED[at].given)
        assert {flag: given[flag] for flag, wanted in FIXED[at].given.items() if wanted is not None} == {
            flag: wanted for flag, wanted in FIXED[at].given.items() if wanted is not None
        }
