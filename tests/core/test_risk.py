"""Risks: found or not, how bad, and what they say; whole plans of one experiment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, get_args

import pytest

from expsync.core.planner import plan_pruned
from expsync.core.risk import RISKS, SEVERITIES
from expsync.model.words import RiskName, RiskSeverity
from tests.core.risk_worlds import BODY, TODAY, WORLDS, findings, held, live_of, risks, segment, variants

COHORT = {
    "name": "Beta",
    "percentage": 100,
    "conditions": [{"type": "cohort", "prop": "x", "op": "is", "values": ["1"]}],
}
TWO = {"targetSegments": [segment("US"), segment("DE", ["Germany"])]}
NAMES = [f"user-{number}" for number in range(101)]


@dataclass(frozen=True)
class Row:
    """One change: what is live beside BODY, what the file says, how bad it is in each world, and what is said."""

    risk: RiskName
    wanted: Mapping[str, Any]
    worlds: str
    """The severity in each of WORLDS, or `-`."""
    says: str
    body: Mapping[str, Any] = field(default_factory=dict)


NEW = "start again with a new experiment"
# fmt: off
TABLE = [
    # risk, what the file says,                                        live     running  disabled draft
    Row("variant-weights", {"variants": variants(control=3, treatment=1)}, "critical critical - -",
        "some users move to another variant, and the arms can't be compared any more (SRM): all other users; "
        f"to settle it: change the percentage and not the ratio, or {NEW}"),
    Row("variant-added", {"variants": variants(control=1, treatment=1, third=1)}, "critical critical - -",
        f"some users of the other variants move to third; to settle it: add it with weight 0, or {NEW}"),
    Row("variant-removed", {"variants": variants(control=1)}, "critical critical - -",
        "the users of treatment move to other variants; "
        f"to settle it: end the experiment and roll out the winner, or {NEW}"),
    Row("variant-renamed", {"variants": [{"key": "control"}, {"key": "green", "renamedFrom": "treatment"}]},
        "critical critical - -",
        "applications that ask for treatment (now green) don't find it, and the analysis takes it for another "
        "variant; to settle it: change its name and leave its key, or make the applications ready for both keys"),
    Row("variant-order", {"name": "New", "variants": variants(treatment=1, control=1)}, "low low - -",
        "users are split in the server's order of the variants, and not in the file's; "
        "to settle it: list the variants in the server's order"),
    Row("bucketing-salt", {"bucketingSalt": "other"}, "critical critical - -",
        f"every user is drawn anew, and may get any variant or none; to settle it: leave the salt as it is, or {NEW}"),
    Row("bucketing-key", {"bucketingKey": "user_id"}, "critical critical - -",
        "users are drawn anew by another property, and may get any variant or none: all other users; "
        f"to settle it: leave the key as it is, or {NEW}"),
    Row("bucketing-unit", {"bucketingUnit": "org"}, "critical critical - -",
        "everyone is drawn anew and counted by another unit, and may get any variant or none; "
        f"to settle it: leave the unit as it is, or {NEW}"),
    Row("evaluation-mode", {"evaluationMode": "local"}, "critical critical - -",
        "users are evaluated in another place (remote to local), where they may get another variant or none; "
        "to settle it: disable the experiment in a change of its own, and then change the mode"),
    Row("sticky-bucketing", {"stickyBucketing": True}, "high high - -",
        "users who come from now on keep their first variant, whatever becomes of the split; "
        f"to settle it: leave the split as it is, or {NEW}"),
    Row("segments", {"targetSegments": [segment("US")]}, "high high - -",
        "the first segment that matches decides, so that some users fall under another split, or out of it; "
        f"to settle it: choose the segments before it is enabled, or {NEW}"),
    Row("segment-catches-all", {"targetSegments": [segment("All", [])]}, "high high high high",
        'segment "All" has no conditions: it takes every user, and nobody gets to what is below; '
        "to settle it: give it conditions, or delete it and use rolloutPercentage"),
    Row("uneven-segments", {"targetSegments": [segment("US", rolloutWeights={"control": 2, "treatment": 1})]},
        "medium medium - -",
        "users are split by other weights in one segment than in another: the arms differ in who is in them; "
        "to settle it: use the same weights everywhere, and percentages to let more or fewer users in"),
    Row("percentage-up", {"rolloutPercentage": 60.5}, "medium medium - -",
        "more users get a variant: all other users (50 % to 60.5 %); "
        "to settle it: if it is a planned ramp, let the analysis begin when it is over"),
    Row("percentage-down", {"rolloutPercentage": 20}, "high high - -",
        "some users lose their variant: all other users (50 % to 20 %); "
        "to settle it: leave the percentage, or disable the experiment if it must stop"),
    Row("disabled", {"name": "New", "enabled": False}, "high high - -",
        "all users lose their variant at once; "
        "to settle it: be sure that the experiment is over and its winner is rolled out"),
    Row("archived", {"archived": True}, "high high - -",
        "all users lose their variant at once, and the experiment leaves the lists; "
        "to settle it: disable it first, and archive it once nothing is missed"),
    Row("deployment-removed", {"name": "New", "deployments": []}, "high high - -",
        "all users of deployment 101 lose their variant at once; "
        "to settle it: be sure that the application no longer asks for the experiment"),
    Row("exposure-event", {"exposureEvent": {"event_type": "seen", "filters": []}}, "- high - -",
        "from now on users count as exposed by another event, and the results mix both; "
        f"to settle it: leave the event as it is, or {NEW}"),
    Row("bandit-weights", {"name": "New", "variants": variants(control=3, treatment=2)}, "- high - -",
        "the product sets the weights of control and treatment itself as it learns, so the file's are not written; "
        "to settle it: leave the weights out of the file, or list them under lifecycle.ignoreChanges",
        body={"experimentType": "multi-arm-bandit"}),
    Row("payload", {"variants": [{"key": "control", "payload": {"a": 1}}, {"key": "treatment", "payload": 2}]},
        "medium medium - -",
        "users of control and treatment get something else than those who were measured before them; "
        f"to settle it: leave the payload as it is, or {NEW}",
        body={"variants": [{"key": "control", "payload": None}, {"key": "treatment", "payload": None}]}),
    Row("inclusions-many", {"variants": [*variants(control=1, treatment=1), {"key": "vip", "inclusions": NAMES}]},
        "medium medium - -",
        "users who were chosen by name, and not by chance, weigh in the results of vip (101 users); "
        "to settle it: keep the list for testers, and use a segment for the others"),
    Row("analysis-window", {"endDate": "2026-06-01"}, "- low - -",
        "the results are computed over other days, and so over other users; "
        "to settle it: be sure that the new days are meant"),
    Row("cohort-lost", {"targetSegments": [segment("US")]}, "blocked blocked blocked blocked",
        'the cohort in segment "Beta" would be lost: the API can\'t write it back; to settle it: take the cohort out '
        "of the segment in Amplitude first, or leave targetSegments, and the variants that they weigh, as they are",
        body={"targetSegments": [COHORT]}),
]
# fmt: on


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.risk)
@pytest.mark.parametrize("world", WORLDS)
def test_each_risk_counts_where_it_should_and_is_as_bad_as_it_should_be(row: Row, world: str) -> None:
    expected = row.worlds.split()[list(WORLDS).index(world)]
    found = findings(live_of({**row.body, **WORLDS[world]}), row.wanted)

    mine = [(finding.severity, finding.message, finding.acknowledged) for finding in found if finding.risk == row.risk]
    assert mine == ([] if expected == "-" else [(expected, row.says, False)])


def test_the_table_has_every_risk_there_is_in_its_order() -> None:
    assert tuple(row.risk for row in TABLE) == tuple(risk.name for risk in RISKS) == get_args(RiskName)
    assert set(SEVERITIES) == set(get_args(RiskSeverity))


def test_each_risk_says_in_the_table_what_its_own_settle_says() -> None:
    assert [row.says.partition("; to settle it: ")[2] for row in TABLE] == [risk.settle for risk in RISKS]


STICKY = {"stickyBucketing": True}
THREE = held(control=1, treatment=1, third=1)
US = segment("US")
SEG = {"targetSegments": [US]}


@pytest.mark.parametrize(
    ("case", "body", "wanted", "expected"),
    [
        (
            "the same ratio in other numbers, by way of another",
            {},
            {"variants": variants(control=50, treatment=50)},
            ["critical variant-weights"],
        ),
        (
            "the same ratio in fractions",
            held(control=1, treatment=3),
            {"variants": variants(control=0.1, treatment=0.3)},
            ["critical variant-weights"],
        ),
        (
            "all zero is an even split, by way of another",
            held(control=0, treatment=0),
            {"variants": variants(control=2, treatment=2)},
            ["critical variant-weights"],
        ),
        (
            "the same ratio, with one call alone",
            held(control=1, treatment=0),
            {"variants": variants(control=5, treatment=0)},
            [],
        ),
        (
            "a split where nobody gets a variant",
            {"rolloutPercentage": 0, "targetSegments": [US]},
            {"variants": variants(control=3, treatment=1)},
            [],
        ),
        (
            "a split that lets nobody in any more",
            {},
            {"rolloutPercentage": 0, "variants": variants(control=3, treatment=1)},
            ["high percentage-down"],
        ),
        (
            "a split that nobody gets to",
            {"targetSegments": [segment("All", [])]},
            {"variants": variants(control=3, treatment=1)},
            [],
        ),
        ("added with weight 0", {}, {"variants": variants(control=1, treatment=1, third=0)}, []),
        ("added without a weight", {}, {"variants": variants(control=None, treatment=None, third=None)}, []),
        (
            "added where all are zero and so all are equal",
            held(control=0, treatment=0),
            {"variants": variants(control=0, treatment=0, third=0)},
            ["critical variant-added"],
        ),
        (
            "added where nobody gets a variant",
            {"rolloutPercentage": 0, "targetSegments": [US]},
            {"variants": variants(control=1, treatment=1, third=1)},
            [],
        ),
        (
            "added where nobody got a variant until now",
            {"rolloutPercentage": 0, "targetSegments": [US]},
            {"rolloutPercentage": 10, "variants": variants(control=1, treatment=1, third=1)},
            ["medium uneven-segments", "medium percentage-up"],
        ),
        (
            "added in a segment alone",
            SEG,
            {
                "variants": variants(control=1, treatment=1, third=0),
                "targetSegments": [{**US, "rolloutWeights": {"control": 1, "treatment": 1, "third": 1}}],
            },
            ["critical variant-added", "medium uneven-segments"],
        ),
        ("removed with weight 0", held(a=1, b=1, c=0), {"variants": variants(a=1, b=1)}, []),
        (
            "removed with a weight in a segment alone",
            {**held(control=1, treatment=1, third=0), "targetSegments": [segment("US", rolloutWeights={"third": 1})]},
            {"variants": variants(control=1, treatment=1)},
            ["critical variant-removed"],
        ),
        (
            "removed together with the last of the percentage",
            THREE,
            {"rolloutPercentage": 0, "variants": variants(control=1, treatment=1)},
            ["high percentage-down"],
        ),
        (
            "all exchanged",
            {},
            {"variants": variants(x=1, y=2)},
            ["critical variant-added", "critical variant-removed"],
        ),
        (
            "one that had nobody takes over from one that goes",
            held(a=0, b=1),
            {"variants": variants(a=1)},
            ["critical variant-removed"],
        ),
        (
            "all go over to a new one, and the old ones stay at 0",
            {},
            {"variants": variants(control=0, treatment=0, third=1)},
            ["critical variant-weights", "critical variant-added"],
        ),
        (
            "a segment's weights",
            SEG,
            {"targetSegments": [segment("US", rolloutWeights={"control": 3, "treatment": 1})]},
            ["critical variant-weights", "medium uneven-segments"],
        ),
        (
            "a segment's weights where its percentage is 0",
            {"targetSegments": [segment("US", percentage=0)]},
            {"targetSegments": [segment("US", percentage=0, rolloutWeights={"control": 3, "treatment": 1})]},
            [],
        ),
        (
            "a segment's bucketing key",
            SEG,
            {"targetSegments": [segment("US", bucketingKey="device_id")]},
            ["critical bucketing-key"],
        ),
        (
            "a segment's bucketing key, which is the experiment's",
            SEG,
            {"targetSegments": [segment("US", bucketingKey="amplitude_id")]},
            [],
        ),
        (
            "the experiment's bucketing key, where only a segment with its own serves",
            {"rolloutPercentage": 0, "targetSegments": [segment("US", bucketingKey="device_id")]},
            {"bucketingKey": "user_id"},
            [],
        ),
        ("a segment renamed and nothing else", SEG, {"targetSegments": [segment("USA")]}, []),
        (
            "a segment renamed with other weights",
            SEG,
            {"targetSegments": [segment("USA", rolloutWeights={"control": 1})]},
            ["high segments", "medium uneven-segments"],
        ),
        ("segments in another order", TWO, {"targetSegments": TWO["targetSegments"][::-1]}, ["high segments"]),
        ("a segment's conditions", SEG, {"targetSegments": [segment("US", ["Canada"])]}, ["high segments"]),
        (
            "a segment that comes to have no conditions",
            SEG,
            {"targetSegments": [segment("US", [])]},
            ["high segments", "high segment-catches-all", "medium percentage-up"],
        ),
        (
            "a segment that had none before",
            {"targetSegments": [segment("All", [])]},
            {"targetSegments": [segment("All", [], percentage=50)]},
            ["high percentage-down"],
        ),
        (
            "all are taken over by a segment with the split that they had",
            {},
            {"targetSegments": [segment("All", [], percentage=50)]},
            ["high segments", "high segment-catches-all"],
        ),
        (
            "all are let go by a segment that held another split than they get now",
            {**held(control=3, treatment=1), "targetSegments": [segment("All", [])]},
            {"targetSegments": []},
            ["critical variant-weights", "high segments", "high percentage-down"],
        ),
        (
            "a shield that a run left behind",
            {**held(control=3, treatment=1), "targetSegments": [segment("expsync-shield", [], percentage=50)]},
            {"variants": variants(control=3, treatment=1)},
            ["critical variant-weights", "high segments"],
        ),
        (
            "a segment's percentage up, and all others' down",
            {"targetSegments": [segment("US", percentage=10)]},
            {"rolloutPercentage": 10, "targetSegments": [segment("US", percentage=20)]},
            ["high percentage-down", "medium percentage-up"],
        ),
        (
            "a percentage that nobody knew, down from what may be all",
            {"targetSegments": [segment("US", percentage=None)]},
            {"targetSegments": [segment("US", percentage=50)]},
            ["high percentage-down"],
        ),
        (
            "uneven segments, and only a name changes",
            {"targetSegments": [segment("US", rolloutWeights={"control": 1})]},
            {"name": "New", "variants": [{"key": "control", "description": "new"}, {"key": "treatment"}]},
            [],
        ),
        (
            "uneven segments, and one lets nobody in",
            {"targetSegments": [segment("US", rolloutWeights={"control": 1}, percentage=0)]},
            {"rolloutPercentage": 60},
            ["medium percentage-up"],
        ),
        (
            "weights while sticky",
            STICKY,
            {"variants": variants(control=3, treatment=1)},
            ["critical variant-weights", "high sticky-bucketing"],
        ),
        ("segments while sticky", STICKY, SEG, ["high sticky-bucketing", "high segments"]),
        ("a percentage up while sticky", STICKY, {"rolloutPercentage": 60}, ["medium percentage-up"]),
        ("a percentage down while sticky", STICKY, {"rolloutPercentage": 20}, []),
        (
            "a percentage down while sticky, where local evaluation knows nothing of that",
            {**STICKY, "evaluationMode": "local"},
            {"rolloutPercentage": 20},
            ["high percentage-down"],
        ),
        ("sticky turned off", STICKY, {"stickyBucketing": False}, ["high sticky-bucketing"]),
        ("sticky turned on for local evaluation", {"evaluationMode": "local"}, {"stickyBucketing": True}, []),
        (
            "stopped in the same change",
            {**THREE, **SEG, "deployments": ["101", "102"]},
            {
                "enabled": False,
                "bucketingSalt": "x",
                "evaluationMode": "local",
                "stickyBucketing": True,
                "rolloutPercentage": 20,
                "deployments": ["101"],
                "variants": [{"key": "green", "renamedFrom": "control", "rolloutWeight": 9}, {"key": "fourth"}],
                "targetSegments": [],
            },
            ["high disabled"],
        ),
        (
            "archived in the same change",
            {},
            {"archived": True, "bucketingSalt": "x", "deployments": []},
            ["high archived"],
        ),
        ("disabled and archived", {}, {"archived": True, "enabled": False}, ["high disabled", "high archived"]),
        (
            "enabled in the same change",
            {"enabled": False},
            {"enabled": True, "bucketingSalt": "x", "evaluationMode": "local"},
            [],
        ),
        (
            "brought back from the archive",
            {"archived": True},
            {"archived": False, "enabled": True, "bucketingSalt": "x", "evaluationMode": "local"},
            [],
        ),
        (
            "all deployments go, after everything else",
            {},
            {"deployments": [], "bucketingSalt": "x"},
            ["critical bucketing-salt", "high deployment-removed"],
        ),
        (
            "enabled at 0 %, so that nobody is served",
            {"rolloutPercentage": 0},
            {"rolloutPercentage": 10, "bucketingSalt": "x", "evaluationMode": "local"},
            ["critical evaluation-mode"],
        ),
        ("no deployment, so that nobody is served", {"deployments": []}, {"bucketingSalt": "x"}, []),
        (
            "disabled, and the product still collects results",
            {"enabled": False, "state": "running"},
            {"endDate": "2026-06-01", "exposureEvent": {"event_type": "seen"}},
            ["high exposure-event", "low analysis-window"],
        ),
        (
            "a bandit's weights that are as declared",
            {"experimentType": "multi-arm-bandit", "state": "running"},
            {"name": "New", "variants": variants(control=1, treatment=1)},
            [],
        ),
        (
            "a bandit gets a variant",
            {"experimentType": "multi-arm-bandit"},
            {"variants": variants(control=9, treatment=1, third=1)},
            ["critical variant-added"],
        ),
        (
            "a variant that is called payload",
            {},
            {"variants": variants(control=1, treatment=1, payload=0)},
            [],
        ),
        (
            "a new variant with a hundred users",
            {},
            {"variants": [*variants(control=1, treatment=1), {"key": "vip", "inclusions": NAMES[:100]}]},
            [],
        ),
        ("a name", {}, {"name": "New"}, []),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "",
)  # fmt: skip
def test_what_a_change_risks(
    case: str, body: Mapping[str, Any], wanted: Mapping[str, Any], expected: list[str]
) -> None:
    assert risks(body, wanted) == expected, case


UNKNOWN = ("enabled", "deployments", "rolloutPercentage", "stickyBucketing", "evaluationMode")


@pytest.mark.parametrize("without", [*([name] for name in UNKNOWN), UNKNOWN])
def test_what_is_not_known_of_the_live_side_counts_as_live(without: list[str]) -> None:
    found = findings(live_of({"without": without}), {"bucketingSalt": "x"})

    assert [finding.risk for finding in found] == ["bucketing-salt"]


def test_of_an_experiment_that_is_to_be_enabled_nothing_is_known_either() -> None:
    found = findings(live_of({"without": ["enabled"]}), {"enabled": False, "bucketingSalt": "x", "name": "New"})

    assert [finding.risk for finding in found] == ["bucketing-salt"], "`enabled` is unread: it goes along, and may stop"


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, []),
        (TWO, []),
        ({"enabled": True, "targetSegments": [segment("US", rolloutWeights={"control": 1})]}, []),
        (
            {"targetSegments": [segment("A", []), segment("US"), segment("B", [])]},
            ['segment "A" and segment "B" have no conditions: they take every user, and nobody gets to what is below'],
        ),
    ],
)
def test_a_new_experiment_risks_only_to_catch_everybody(wanted: Mapping[str, Any], expected: list[str]) -> None:
    assert [finding.sentences()[0] for finding in findings(None, wanted)] == expected


@pytest.mark.parametrize(("world", "expected"), [("live", ["archived"]), ("disabled", []), ("draft", [])])
def test_an_experiment_that_is_pruned_is_archived(world: str, expected: list[str]) -> None:
    made = plan_pruned(live_of(WORLDS[world]), "1", today=TODAY)

    assert [finding.risk for finding in made.findings] == expected


@pytest.mark.parametrize(
    ("until", "accepted"),
    [("", True), ("2026-04-30", False), ("2026-05-01", True), ("2026-05-02", True)],
)
def test_an_acknowledgement_counts_up_to_its_day(until: str, accepted: bool) -> None:
    note = {"risk": "bucketing-salt", "reason": "a restart", **({"until": until} if until else {})}
    found = findings(live_of({}), {"bucketingSalt": "x", "acknowledge": [note]})

    assert [finding.acknowledged for finding in found] == [accepted]


def test_an_acknowledgement_is_for_its_own_risk_and_any_of_several_will_do() -> None:
    yesterday = (TODAY - timedelta(days=1)).isoformat()
    notes = [
        {"risk": "bucketing-salt", "reason": "old", "until": yesterday},
        {"risk": "bucketing-salt", "reason": "new"},
        {"risk": "payload", "reason": "not found at all"},
    ]
    wanted = {"bucketingSalt": "x", "rolloutPercentage": 20, "acknowledge": notes}

    found = findings(live_of({}), wanted)

    assert [(finding.risk, finding.acknowledged) for finding in found] == [
        ("bucketing-salt", True),
        ("percentage-down", False),
    ]


def test_nothing_acknowledges_what_blocks() -> None:
    wanted = {"targetSegments": [US], "acknowledge": [{"risk": "cohort-lost", "reason": "never mind"}]}

    found = findings(live_of({"targetSegments": [COHORT]}), wanted)

    assert [(finding.severity, finding.acknowledged) for finding in found] == [("blocked", False)]


def test_the_worst_comes_first() -> None:
    wanted = {
        "endDate": "2026-06-01",
        "rolloutPercentage": 20,
        "bucketingSalt": "x",
        "variants": [{"key": "control", "payload": 1}, {"key": "treatment"}],
    }
    body = {"state": "running", "variants": [{"key": "control", "payload": None}, {"key": "treatment"}]}

    assert risks(body, wanted) == [
        "critical bucketing-salt",
        "high percentage-down",
        "medium payload",
        "low analysis-window",
    ]


@pytest.mark.parametrize(
    ("body", "wanted", "said"),
    [
        (
            {},
            {"variants": variants(control=3, treatment=2)},
            "all other users: 5.0 % of users never seen get something else than before "
            "(5.0 % of all without stickiness)",
        ),
        (
            {},
            {"variants": variants(control=1, treatment=1), "targetSegments": [segment("US", percentage=80)]},
            'segment "US": 30.0 % of users never seen get something else than before '
            "(30.0 % of all without stickiness)",
        ),
        (
            TWO,
            {"targetSegments": [segment("US", ["Canada"], percentage=50), TWO["targetSegments"][1]]},
            'segment "US": at most 50.0 % of users never seen get something else than before '
            "(at most 50.0 % of all without stickiness); "
            "all other users: at most 50.0 % of users never seen get something else than before "
            "(at most 50.0 % of all without stickiness)",
        ),
    ],
)
def test_a_change_while_sticky_names_both_figures(
    body: Mapping[str, Any], wanted: Mapping[str, Any], said: str
) -> None:
    found = {finding.risk: finding for finding in findings(live_of({**body, **STICKY}), wanted)}

    assert found["sticky-bucketing"].sentences()[0] == (
        f"users already seen keep their variant, users never seen are split anew, and the two splits mix; {said}"
    )


def test_a_change_while_sticky_that_moves_nobody_has_no_figures() -> None:
    # The same users get the same as before, but for the time between two calls.
    wanted = {"variants": variants(control=2, treatment=2), "targetSegments": [segment("US", percentage=50)]}
    found = {finding.risk: finding for finding in findings(live_of(STICKY), wanted)}

    assert [impact.stay for impact in found["sticky-bucketing"].impact] == [1.0]
    assert found["sticky-bucketing"].sentences()[0] == (
        "users already seen keep their variant, users never seen are split anew, and the two splits mix"
    )


def test_sticky_bucketing_turned_off_lets_users_fall_back() -> None:
    found = findings(live_of(STICKY), {"stickyBucketing": False})

    assert [finding.sentences()[0] for finding in found] == [
        "users who kept an earlier variant fall back to the split, and switch where it gives them another one"
    ]


def test_every_place_is_named() -> None:
    wanted = {
        "variants": variants(control=3, treatment=1),
        "targetSegments": [
            segment("US", rolloutWeights={"control": 3, "treatment": 1}),
            segment("DE", ["Germany"], rolloutWeights={"control": 3, "treatment": 1}),
        ],
    }
    found = findings(live_of(TWO), wanted)

    assert [finding.sentences()[0] for finding in found] == [
        "some users move to another variant, and the arms can't be compared any more (SRM): "
        'segment "US", segment "DE" and all other users'
    ]


MOVING = {
    "variant-weights", "variant-added", "variant-removed", "bucketing-salt", "bucketing-key", "bucketing-unit",
    "sticky-bucketing", "segments", "percentage-up", "percentage-down", "disabled", "archived",
}  # fmt: skip


def test_shares_belong_to_the_risks_that_move_users() -> None:
    assert {risk.name for risk in RISKS if risk.moves} == MOVING


def test_findings_that_move_users_have_the_shares_and_others_have_none() -> None:
    body = {"variants": [{"key": "control", "payload": None}, {"key": "treatment"}]}
    wanted = {"variants": [{"key": "control", "payload": 1, "rolloutWeight": 3}, {"key": "treatment"}]}

    found = findings(live_of(body), wanted)

    shares = [(finding.risk, [(i.segment, i.switch, i.stay) for i in finding.impact]) for finding in found]
    assert shares == [("variant-weights", [(None, 0.125, 0.875)]), ("payload", [])]


def test_the_usual_body_is_served() -> None:
    assert (BODY["enabled"], BODY["deployments"], BODY["rolloutPercentage"]) == (True, ["101"], 50)
