"""Every rule about what a declaration means, in one table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from expsync.config import rules_design, rules_fields, rules_lists
from expsync.config.problem import Problem
from expsync.config.rule import Check, CheckOnDay, Rule
from expsync.model.experiment import Experiment
from expsync.model.workspace import RuleLevel

__all__ = ["ADJUSTABLE", "RULES", "Rule", "checks_of", "rule_of"]

RULES: tuple[Rule, ...] = (
    Rule(
        "EXP201",
        "duplicate-experiment",
        "error",
        "The key is an experiment's identity: with two files for one key, the last one applied would win.",
        "Delete one of the two, or give it another key.",
    ),
    Rule(
        "EXP202",
        "duplicate-variant",
        "error",
        "Variants are told apart by their key.",
        "Delete one of the two.",
        rules_lists.repeated_variants,
        about=("variants",),
    ),
    Rule(
        "EXP203",
        "duplicate-segment",
        "error",
        "Segments are told apart by their name.",
        "Rename one of the two.",
        rules_lists.repeated_segments,
        about=("targetSegments",),
    ),
    Rule(
        "EXP204",
        "duplicate-tag",
        "error",
        "Tags are a set.",
        "Delete one of the two.",
        rules_lists.repeated_tags,
        about=("tags",),
    ),
    Rule(
        "EXP205",
        "duplicate-deployment",
        "error",
        "Deployments are a set; an alias and its id are the same deployment.",
        "Delete one of the two.",
    ),
    Rule(
        "EXP206",
        "duplicate-inclusion",
        "error",
        "Inclusions are a set, and count towards the API's limit of 2,000.",
        "Delete one of the two.",
        rules_lists.repeated_inclusions,
        about=("variants.inclusions", "variants.cohortInclusions"),
    ),
    Rule(
        "EXP207",
        "no-variants",
        "error",
        "An empty list would remove every variant.",
        "Declare a variant, or leave `variants` out.",
        rules_lists.no_variants,
        about=("variants",),
    ),
    Rule(
        "EXP208",
        "reserved-variant",
        "error",
        'Amplitude reserves the key "off".',
        "Choose another key.",
        rules_lists.reserved_variant,
        about=("variants",),
    ),
    Rule(
        "EXP209",
        "unknown-variant",
        "error",
        "A segment's weights must name variants of the experiment; others would get nobody.",
        "Correct the name, or declare the variant.",
        rules_lists.unknown_weights,
        about=("targetSegments",),
    ),
    Rule(
        "EXP210",
        "user-in-two-variants",
        "error",
        "Which of two inclusions counts is not defined.",
        "Keep the user in one variant.",
        rules_lists.user_in_two_variants,
        about=("variants.inclusions",),
    ),
    Rule(
        "EXP211",
        "too-many-inclusions",
        "error",
        "The API refuses more than 2,000 inclusions for a variant.",
        "Target a cohort or a segment instead.",
        rules_lists.too_many_inclusions,
        about=("variants.inclusions",),
    ),
    Rule(
        "EXP212",
        "end-before-start",
        "error",
        "An experiment can't end before it starts.",
        "Swap the dates, or correct one.",
        rules_fields.end_before_start,
        about=("endDate",),
    ),
    Rule(
        "EXP213",
        "bad-date",
        "error",
        "The API takes ISO 8601 dates; an instant without a zone is another one in each zone.",
        "Write 2026-02-01, or 2026-02-01T10:00:00Z.",
        rules_fields.bad_dates,
        about=("startDate", "endDate"),
    ),
    Rule(
        "EXP214",
        "unknown-deployment",
        "error",
        "A name that is neither an alias of the environment nor an id would reach nobody.",
        "Correct it, or add the alias to the environment.",
    ),
    Rule(
        "EXP215",
        "archive-prevented",
        "error",
        "`lifecycle.preventArchive` forbids what `archived: true` asks for.",
        "Take one of the two out.",
        rules_fields.archive_prevented,
        about=("archived",),
    ),
    Rule(
        "EXP216",
        "archived-enabled",
        "error",
        "An archived experiment gives nobody a variant, so it can't be enabled.",
        "Write enabled: false.",
        rules_fields.archived_enabled,
        about=("archived",),
    ),
    Rule(
        "EXP217",
        "bad-rename",
        "error",
        "A rename needs one old key, which is no declared variant's.",
        "Correct or delete renamedFrom.",
        rules_fields.renames,
        about=("variants.renamedFrom",),
    ),
    Rule(
        "EXP218",
        "unknown-rolled-out-variant",
        "error",
        "Only a variant of the experiment can be rolled out.",
        "Correct the key.",
        rules_fields.unknown_rolled_out_variant,
        about=("rolledOutVariant",),
    ),
    Rule(
        "EXP219",
        "contradicting-decision",
        "error",
        "A reason and a rolled-out variant belong to a decision.",
        "Give the decision, or leave them out.",
        rules_fields.contradicting_decision,
        about=("decision",),
    ),
    Rule(
        "EXP220",
        "bad-until",
        "error",
        "An acknowledgement ends after a day that the calendar must have.",
        "Write a day such as 2026-12-31.",
        rules_fields.bad_until,
        about=("acknowledge",),
    ),
    Rule(
        "EXP221",
        "unknown-ignored-field",
        "error",
        "A path that names no field ignores nothing.",
        "Correct the path.",
        rules_fields.unknown_ignored_field,
        about=("lifecycle",),
    ),
    Rule(
        "EXP222",
        "blank-inclusion",
        "error",
        "An id with white space at an end matches nobody.",
        "Delete the white space.",
        rules_lists.blank_inclusions,
        about=("variants.inclusions",),
    ),
    Rule(
        "EXP223",
        "no-values",
        "error",
        "A condition that compares with nothing is met by nobody.",
        "Give a value, or delete the condition.",
        rules_lists.no_values,
        about=("targetSegments", "exposureEvent"),
    ),
    Rule(
        "EXP224",
        "unknown-environment",
        "error",
        "An overlay for an environment that the workspace does not have is never used.",
        "Correct the name, or add the environment.",
    ),
    Rule(
        "EXP401",
        "zero-weights",
        "warning",
        "Amplitude splits evenly where all weights are 0, which is seldom what they were set for.",
        "Write equal weights, or a percentage of 0.",
        rules_lists.zero_weights,
        about=("variants.rolloutWeight", "targetSegments"),
        adjustable=True,
    ),
    Rule(
        "EXP402",
        "few-variants",
        "warning",
        "One variant alone compares nothing.",
        "Add a control.",
        rules_lists.few_variants,
        about=("variants",),
        adjustable=True,
    ),
    Rule(
        "EXP403",
        "expired-acknowledgement",
        "warning",
        "An acknowledgement past its day accepts nothing any more.",
        "Delete it, or look at the risk again and give a later day.",
        check_on_day=rules_fields.expired_acknowledgement,
        about=("acknowledge",),
        adjustable=True,
    ),
    Rule(
        "EXP404",
        "nothing-matched",
        "warning",
        "A glob that matches no file is often a mistyped folder, and its experiments would count as unmanaged.",
        "Correct the glob under `experiments:`, or create the file.",
        adjustable=True,
    ),
    Rule(
        "EXP405",
        "empty-file",
        "warning",
        "A file without an experiment declares nothing; what it once declared is unmanaged.",
        "Delete the file, or write the experiment.",
        adjustable=True,
    ),
    Rule(
        "EXP406",
        "idle-acknowledgement",
        "warning",
        "An acknowledgement of a risk that nothing in the file can raise would accept it unseen, should it come.",
        "Delete it; write it again with the change that needs it.",
        adjustable=True,
    ),
    Rule(
        "EXP410",
        "catch-all-segment",
        "warning",
        "A segment without conditions takes everyone, and nothing below it is ever reached.",
        "Give it conditions, or use rolloutPercentage for all other users.",
        rules_design.catch_all_segments,
        about=("targetSegments",),
        adjustable=True,
    ),
    Rule(
        "EXP411",
        "uneven-segments",
        "warning",
        "Arms that hold more of one kind of users look better or worse than they are (Simpson's paradox).",
        "Use the same weights everywhere, and percentages to let more or fewer users in.",
        rules_design.uneven_segments,
        about=("targetSegments",),
        adjustable=True,
    ),
    Rule(
        "EXP412",
        "many-inclusions",
        "warning",
        f"More than {rules_design.MANY_INCLUSIONS} users of a variant, not drawn by chance, weigh in its results.",
        "Keep the list for testers, and use a segment for the rest.",
        rules_design.many_inclusions,
        about=("variants.inclusions",),
        adjustable=True,
    ),
    Rule(
        "EXP413",
        "sticky-and-local",
        "warning",
        "Only remote evaluation remembers what a user had.",
        "Use evaluationMode: remote, or leave sticky bucketing off.",
        rules_design.sticky_and_local,
        about=("stickyBucketing",),
        adjustable=True,
    ),
    Rule(
        "EXP414",
        "one-sided-weights",
        "warning",
        "With all the weight on one variant nothing is compared.",
        "Give the others a weight, or roll the winner out with `decision: rollout`.",
        rules_design.one_sided_weights,
        about=("variants.rolloutWeight",),
        adjustable=True,
    ),
    Rule(
        "EXP415",
        "enabled-nowhere",
        "warning",
        "An experiment on no deployment is asked for by nobody.",
        "Add a deployment, or set enabled: false.",
        rules_design.enabled_nowhere,
        about=("deployments",),
        adjustable=True,
    ),
    Rule(
        "EXP416",
        "fractional-percentage",
        "warning",
        "Users fall into 100 equal parts; of 12.5 % some SDKs make 12 of them, and others 13.",
        "Write a whole number.",
        rules_design.fractional_percentages,
        about=("rolloutPercentage", "targetSegments"),
        adjustable=True,
    ),
    Rule(
        "EXP417",
        "amplitude-id-and-local",
        "warning",
        "Only remote evaluation looks up a user's Amplitude ID; where there is none, nobody is drawn into a variant.",
        "Use bucketingKey: user_id or device_id, or evaluationMode: remote.",
        rules_design.amplitude_id_and_local,
        about=("evaluationMode",),
        adjustable=True,
    ),
)
ADJUSTABLE = frozenset(rule.code for rule in RULES if rule.adjustable)


def rule_of(code: str) -> Rule | None:
    """The rule with this code, or None for a code of another kind."""
    return next((rule for rule in RULES if rule.code == code), None)


def checks_of(levels: Mapping[str, RuleLevel], today: date | None) -> tuple[tuple[tuple[str, ...], Check], ...]:
    """The checks to run on each experiment that declares what they are about: those of the rules that are not off.

    `today` None: none about days.
    """
    checks: list[tuple[tuple[str, ...], Check]] = []
    for rule in RULES:
        if levels.get(rule.code) == "off":
            continue
        if rule.check is not None:
            checks.append((rule.about, rule.check))
        if rule.check_on_day is not None and today is not None:
            checks.append((rule.about, _on_day(rule.check_on_day, today)))
    return tuple(checks)


def _on_day(check: CheckOnDay, today: date) -> Check:
    def check_today(experiment: Experiment) -> Iterator[Problem]:
        return check(experiment, today)

    return check_today
