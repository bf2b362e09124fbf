"""Rules about single fields, and about fields that contradict each other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from expsync.config.problem import Problem
from expsync.config.wording import nearest, quote, suggest
from expsync.model.experiment import Experiment, Fields

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_INSTANT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}:[0-9]{2})(:[0-9]{2})?(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})\Z"
)
_NO_ZONE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?(\.[0-9]{1,9})?\Z")
_NOT_COMPARED = frozenset({"lifecycle", "acknowledge"})


@lru_cache(maxsize=1000)
def instant(text: str) -> datetime | None:
    """The instant that a date (its midnight, UTC) or an ISO 8601 instant with a zone names, or None."""
    try:
        if _DAY.match(text):
            day = date.fromisoformat(text)
            return datetime(day.year, day.month, day.day, tzinfo=UTC)
        found = _INSTANT.match(text)
        if found is None:
            return None
        day_text, minutes, seconds, fraction, zone = found.groups()
        # Fractions past a microsecond are cut: no two dates of an experiment are told apart by them.
        return datetime.fromisoformat(f"{day_text}T{minutes}{seconds or ':00'}{(fraction or '')[:7]}{zone}")
    except ValueError:
        return None


def bad_dates(experiment: Experiment) -> Iterator[Problem]:
    """Dates that are no date, or an instant whose zone has to be guessed."""
    for name, text in (("startDate", experiment.startDate), ("endDate", experiment.endDate)):
        if text is None or instant(text) is not None:
            continue
        if _NO_ZONE.match(text):
            hint = f'write "{text.replace(" ", "T")}Z" for UTC, or an offset such as +01:00'
            yield Problem("EXP213", (name,), f"{name} has no zone", f"{quote(text)} is another instant in each", hint)
        else:
            hint = "write 2026-02-01, or 2026-02-01T10:00:00Z"
            yield Problem("EXP213", (name,), f"{name} is not a date", f"{quote(text)} is no ISO 8601 date", hint)


def end_before_start(experiment: Experiment) -> Iterator[Problem]:
    """An end before the start. A day as an end lasts until its midnight."""
    start_text, end_text = experiment.startDate, experiment.endDate
    start = instant(start_text) if start_text is not None else None
    end = instant(end_text) if end_text is not None else None
    if start is None or end is None or start_text is None or end_text is None:
        return
    # In seconds, since the last day that there is has no midnight after it.
    last = (end - start).total_seconds()
    if _DAY.match(end_text) and not _DAY.match(start_text):
        last += timedelta(days=1).total_seconds()
    if last < 0:
        yield Problem(
            "EXP212",
            ("endDate",),
            "endDate is before startDate",
            f"{quote(end_text)} is before {quote(start_text)}",
            "swap them, or correct one",
        )


def archive_prevented(experiment: Experiment) -> Iterator[Problem]:
    """`archived: true` beside `preventArchive: true`."""
    if experiment.archived and experiment.lifecycle.preventArchive:
        yield Problem(
            "EXP215",
            ("archived",),
            "the experiment is archived and may not be",
            "lifecycle.preventArchive forbids it",
            "take one of the two out",
        )


def archived_enabled(experiment: Experiment) -> Iterator[Problem]:
    """`archived: true` beside `enabled: true`."""
    if experiment.archived and experiment.enabled:
        yield Problem(
            "EXP216",
            ("enabled",),
            "an archived experiment can't be enabled",
            "archived: true beside enabled: true",
            "write enabled: false",
        )


def renames(experiment: Experiment) -> Iterator[Problem]:
    """`renamedFrom` that names the variant itself, another declared one, or the same as another's."""
    keys = {variant.key for variant in experiment.variants}
    first: dict[str, str] = {}
    for index, variant in enumerate(experiment.variants):
        before = variant.renamedFrom
        if not before:
            continue
        path = ("variants", index, "renamedFrom")
        if before == variant.key:
            yield Problem(
                "EXP217", path, "a variant can't be renamed from its own key", quote(before), "delete renamedFrom"
            )
        elif before in keys:
            yield Problem(
                "EXP217",
                path,
                f"the variant {quote(before)} is declared and renamed at once",
                f"{quote(variant.key)} says that it was {quote(before)}",
                "delete renamedFrom, or the old variant",
            )
        elif first.setdefault(before, variant.key) != variant.key:
            yield Problem(
                "EXP217",
                path,
                f"two variants are renamed from {quote(before)}",
                f"{quote(first[before])} and {quote(variant.key)}",
                "keep one renamedFrom",
            )


def unknown_rolled_out_variant(experiment: Experiment) -> Iterator[Problem]:
    """`rolledOutVariant` that is none of the declared variants."""
    keys = [variant.key for variant in experiment.variants]
    chosen = experiment.rolledOutVariant
    if chosen is not None and keys and chosen not in keys:
        hint = suggest(chosen, keys, kind="variant")
        yield Problem("EXP218", ("rolledOutVariant",), f"rolledOutVariant {quote(chosen)} is no variant", hint=hint)


def contradicting_decision(experiment: Experiment) -> Iterator[Problem]:
    """A reason or a rolled-out variant beside a decision that was not made, or was to go on."""
    if "decision" not in experiment.model_fields_set:
        return
    if experiment.decision is None and experiment.decisionReason:
        yield Problem(
            "EXP219", ("decisionReason",), "there is a reason and no decision", "decision is null", "give a decision"
        )
    if experiment.rolledOutVariant is not None and experiment.decision in (None, "continue-running"):
        yield Problem(
            "EXP219",
            ("rolledOutVariant",),
            "a variant is rolled out without that decision",
            f"decision is {quote(experiment.decision)}",
            "write decision: rollout, or leave rolledOutVariant out",
        )


def bad_until(experiment: Experiment) -> Iterator[Problem]:
    """Acknowledgements until a day that the calendar does not have."""
    for index, acknowledgement in enumerate(experiment.acknowledge):
        if acknowledgement.until and _day(acknowledgement.until) is None:
            yield Problem(
                "EXP220",
                ("acknowledge", index, "until"),
                "until is not a day of the calendar",
                quote(acknowledgement.until),
                "write a day such as 2026-12-31",
            )


def expired_acknowledgement(experiment: Experiment, today: date) -> Iterator[Problem]:
    """Acknowledgements whose last day is past."""
    for index, acknowledgement in enumerate(experiment.acknowledge):
        until = _day(acknowledgement.until) if acknowledgement.until else None
        if until is not None and until < today:
            yield Problem(
                "EXP403",
                ("acknowledge", index, "until"),
                f"the acknowledgement of {acknowledgement.risk} has ended",
                f"its last day was {until.isoformat()}",
                "delete it, or look at the risk again and give a later day",
            )


def unknown_ignored_field(experiment: Experiment) -> Iterator[Problem]:
    """`ignoreChanges` paths that begin with no field."""
    for index, path in enumerate(experiment.lifecycle.ignoreChanges):
        word = path.split(".", 1)[0]
        if word == "*" or (word in Fields.model_fields and word not in _NOT_COMPARED):
            continue
        fields = [name for name in Fields.model_fields if name not in _NOT_COMPARED]
        near = nearest(word, fields)
        yield Problem(
            "EXP221",
            ("lifecycle", "ignoreChanges", index),
            f"{quote(path)} names no field that is compared",
            f"{quote(word)} is not one",
            f'did you mean "{near}"?' if near else "begin with a field, as in variants.*.rolloutWeight",
        )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DAY.match(text) else None
    except ValueError:
        return None
