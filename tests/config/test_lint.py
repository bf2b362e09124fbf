"""The table of rules and the table of codes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from pydantic import ValidationError

from expsync.config.codes import CODES
from expsync.config.lint import ADJUSTABLE, RULES, checks_of, rule_of
from expsync.config.rule import declared_names
from expsync.config.yaml import YamlError, parse
from expsync.model.experiment import Experiment
from tests.config.test_bad_files import ALL


def test_codes_and_names_are_one_of_a_kind() -> None:
    codes = [rule.code for rule in RULES]
    assert codes == sorted(set(codes))
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert not set(codes) & set(CODES)


def test_only_warnings_are_adjustable_and_bear_codes_of_their_own() -> None:
    assert {rule.code for rule in RULES if rule.severity == "warning"} == ADJUSTABLE
    assert all(code.startswith("EXP4") for code in ADJUSTABLE)


def test_each_rule_says_why_and_how_to_settle_it() -> None:
    assert all(rule.why.endswith(".") and rule.settle.endswith(".") for rule in RULES)


def test_a_rule_is_found_by_its_code() -> None:
    rule = rule_of("EXP209")
    assert rule is not None
    assert rule.name == "unknown-variant"
    assert rule_of("EXP104") is None


def test_rules_that_are_off_are_not_run() -> None:
    assert len(checks_of({}, None)) - len(checks_of({"EXP401": "off", "EXP402": "error"}, None)) == 1


def test_the_bad_files_show_every_code_of_files_fields_and_meaning() -> None:
    shown = {word for case in ALL for line in case.expected for word in line.split() if word.startswith("EXP")}
    elsewhere = {
        *(code for code in CODES if code.startswith("EXP3")),  # the workspace file's own
        *("EXP001", "EXP002", "EXP009", "EXP016", "EXP017", "EXP019", "EXP107", "EXP201", "EXP404"),
    }
    assert {*CODES, *(rule.code for rule in RULES)} - shown == elsewhere


def test_a_rule_finds_nothing_where_nothing_that_it_is_about_is_declared() -> None:
    """Rules are not run then; each is run here all the same, on every part of every odd experiment."""
    checks = [(rule, rule.check) for rule in RULES if rule.check is not None]
    assert all(rule.about for rule in RULES if rule.check or rule.check_on_day)
    seen: set[str] = set()
    for raw in odd_experiments():
        for experiment in parts_of(raw):
            declared = declared_names(experiment)
            for rule, check in checks:
                found = next(check(experiment), None)
                seen |= {rule.code} if found is not None else set()
                assert found is None or not declared.isdisjoint(rule.about), (rule.code, experiment)
    assert seen == {rule.code for rule, _ in checks}


def odd_experiments() -> Iterator[dict[str, Any]]:
    """What the bad files of these tests declare, as far as it can be read."""
    for case in ALL:
        try:
            values = [document.value for document in parse(case.text)]
        except YamlError:
            continue
        yield from (value for value in values if isinstance(value, dict) and isinstance(value.get("key"), str))


def parts_of(raw: dict[str, Any]) -> Iterator[Experiment]:
    """The experiment without some of its fields, in many ways: alone, one left out, two kept."""
    names = [name for name in raw if name not in ("key", "environments")]
    chosen = [names, *([kept] for kept in names), *([k for k in names if k != gone] for gone in names)]
    for kept in chosen + [[one, other] for one in names for other in names if one < other]:
        with suppress(ValidationError):
            yield Experiment.model_validate({"key": raw["key"], **{name: raw[name] for name in kept}})
