"""One file's documents to experiments: fields, meaning, inclusions, in every environment's form."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import chain, islice
from typing import NamedTuple

from pydantic import ValidationError

from expsync.config.deployments import deployment_problems
from expsync.config.fields import field_problems
from expsync.config.files import read_bounded
from expsync.config.forms import Form, split_forms
from expsync.config.inclusions import InclusionFiles
from expsync.config.lint import checks_of, rule_of
from expsync.config.parsed import Path
from expsync.config.problem import MAX_PROBLEMS, Problem
from expsync.config.prune import sound_part
from expsync.config.report import Located
from expsync.config.rule import Check, declared_names
from expsync.config.rules_risks import idle_acknowledgements
from expsync.config.wording import plain, quote
from expsync.config.workspace import Workspace
from expsync.config.yaml import Document, parse_with_places
from expsync.config.yaml_text import MAX_BYTES
from expsync.diagnostics import Diagnostic, Place, Severity
from expsync.model.experiment import Declared, Experiment, InclusionsFile, Variant


class Checked(NamedTuple):
    """One document that was looked at. `declared` is None if it is not good, or not in the environment in use."""

    key: str | None
    file: str
    document: int
    line: int
    declared: Declared | None


class Repeated(NamedTuple):
    """The keys that more than one document has, and what is said of them."""

    keys: frozenset[str]
    diagnostics: tuple[Diagnostic, ...]


@dataclass(slots=True)
class _Findings:
    """What was found in one document, each thing once, however many environments it is wrong in."""

    seen: set[tuple[str, Path, str]] = field(default_factory=set)
    entries: list[tuple[Problem, Path]] = field(default_factory=list)
    lines: list[Diagnostic] = field(default_factory=list)
    """What is wrong in inclusions files."""

    def add(self, problems: Iterable[Problem], form: Form | None = None) -> None:
        for problem in islice(problems, MAX_PROBLEMS):
            path = form.path_in_file(problem.path) if form else problem.path
            mark = (problem.code, path, problem.message)
            if mark in self.seen:
                continue
            self.seen.add(mark)
            if form is not None and form.overlay_of is not None and path[:1] != ("environments",):
                problem = _in_environment(problem, form.overlay_of)
            self.entries.append((problem, path))


def _in_environment(problem: Problem, name: str) -> Problem:
    detail = f"{problem.detail}\n" if problem.detail else ""
    detail += f"in the environment {quote(name)}, whose overlay is merged in"
    return Problem(problem.code, problem.path, problem.message, detail, problem.hint, problem.at)


@dataclass(slots=True)
class Checker:
    """Checks documents against a workspace; `environment` is the one in use, or None to check them all."""

    workspace: Workspace
    environment: str | None
    today: date | None = None
    inclusions: InclusionFiles = field(init=False)
    _all_checks: tuple[tuple[tuple[str, ...], Check], ...] = field(init=False)
    _checks: dict[frozenset[str], tuple[Check, ...]] = field(default_factory=dict)
    """By what is declared: most experiments of a workspace declare the same fields."""
    _sound_deployments: set[tuple[str | int, ...]] = field(default_factory=set)
    """The environment's name, and a list of deployments that it has each once."""
    _told: set[Diagnostic] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.inclusions = InclusionFiles(os.fspath(self.workspace.root))
        self._all_checks = checks_of(self.workspace.file.rules, self.today)

    def check_file(
        self, file: str, content: bytes, documents: Sequence[Document]
    ) -> tuple[list[Checked], list[Diagnostic]]:
        """What the documents of a good YAML file declare, and what is wrong with them; empty ones are passed over."""
        checked: list[Checked] = []
        diagnostics: list[Diagnostic] = []
        located: Located | None = None
        for index, document in enumerate(documents):
            if document.value is None:
                continue
            entry, findings = self._check(file, index, document)
            if findings.entries or findings.lines:
                located = located or Located(file, parse_with_places(content))
                told = self._tell(findings, located, index, entry.key)
                diagnostics.extend(told)
                if findings.lines or any(diagnostic.severity == "error" for diagnostic in told):
                    entry = Checked(entry.key, file, index, document.line, None)
            checked.append(entry)
        if not checked:
            hint = "delete the file, or write the experiment"
            diagnostics.extend(
                adjustable(self.workspace, "EXP405", Place(file), "no experiment is declared here", hint)
            )
        return checked, diagnostics

    def check_damaged(self, file: str, content: bytes) -> tuple[list[Checked], list[Diagnostic]]:
        """The same for a file with mistakes of YAML: of it nothing is declared, but what could be read is checked."""
        located = Located(file, parse_with_places(content))
        checked: list[Checked] = []
        diagnostics: list[Diagnostic] = []
        for index, placed in enumerate(located.parsed.documents):
            if placed.broken or placed.value is None:
                continue
            entry, findings = self._check(file, index, Document(placed.value, placed.line))
            diagnostics.extend(self._tell(findings, located, index, entry.key))
            checked.append(Checked(entry.key, file, index, placed.line, None))
        return checked, diagnostics

    def repeated_keys(self, checked: Iterable[Checked]) -> Repeated:
        """The keys that stand in two documents; each document but the first is told where the first is."""
        by_key: dict[str, list[Checked]] = {}
        for entry in checked:
            if entry.key is not None:
                by_key.setdefault(entry.key, []).append(entry)
        repeated = {key: entries for key, entries in by_key.items() if len(entries) > 1}
        read: dict[str, Located | None] = {}
        pairs = ((entries[0], entry) for entries in repeated.values() for entry in entries[1:])
        diagnostics = [
            Diagnostic(
                "EXP201",
                "error",
                self._key_place(entry, read),
                f"the key {quote(entry.key)} is declared twice",
                f"first in {self._key_place(first, read)}",
                "delete one of the two, or give it another key",
                plain(entry.key or ""),
            )
            for first, entry in islice(pairs, MAX_PROBLEMS)
        ]
        return Repeated(frozenset(repeated), tuple(diagnostics))

    def _tell(self, findings: _Findings, located: Located, index: int, key: str | None) -> list[Diagnostic]:
        subject = plain(key) if key else ""
        diagnostics: list[Diagnostic] = []
        for problem, path in findings.entries:
            level = severity_of(self.workspace, problem.code)
            if level is not None:
                diagnostics.append(located.diagnostic(problem, path, document=index, severity=level, subject=subject))
        new = [line for line in findings.lines if line not in self._told]
        self._told.update(new)
        return [*diagnostics, *new]

    def _key_place(self, entry: Checked, read: dict[str, Located | None]) -> Place:
        """Where the entry's key stands. The file is read again, once: texts are not kept for the few that repeat."""
        if entry.file not in read:
            read[entry.file] = self._locate(entry.file)
        located = read[entry.file]
        spot = located.document(entry.document).places.get(("key",)) if located else None
        return Place(entry.file, spot.line, spot.column) if spot else Place(entry.file, entry.line)

    def _locate(self, file: str) -> Located | None:
        try:
            content = read_bounded(f"{self.workspace.root}/{file}", MAX_BYTES)
        except OSError:
            return None
        return Located(file, parse_with_places(content))

    def _check(self, file: str, index: int, document: Document) -> tuple[Checked, _Findings]:
        findings = _Findings()
        raw = document.value
        if not isinstance(raw, dict):
            detail = f"it is {quote(raw)}" if not isinstance(raw, list) else "it is a list; put --- between experiments"
            hint = "begin with `key: …`"
            findings.add([Problem("EXP103", (), "an experiment must be a mapping", detail, hint)])
            return Checked(None, file, index, document.line, None), findings
        key = raw.get("key")
        split = split_forms(raw, self.workspace.file.environments)
        if split.problems:
            findings.add(split.problems)
        declared: Declared | None = None
        used: list[tuple[Experiment, Callable[[Path], Path]]] = []
        incomplete = acknowledges = False
        for form in split.forms:
            experiment = self._check_form(file, form, findings)
            if experiment is None:
                incomplete = True
                continue
            if form.environments:
                used.append((experiment, form.path_in_file))
                acknowledges = acknowledges or bool(experiment.acknowledge)
            if self.environment in form.environments:
                declared = Declared(experiment, file, document.line)
        if acknowledges and not incomplete:  # else what is missing may be what raises the risk
            told = {path[:-1] for _, path in findings.entries}  # of an acknowledgement: that it has ended
            findings.add(idle for idle in idle_acknowledgements(used) if idle.path not in told)
        return Checked(key if isinstance(key, str) else None, file, index, document.line, declared), findings

    def _check_form(self, file: str, form: Form, findings: _Findings) -> Experiment | None:
        try:
            experiment = Experiment.model_validate(form.raw)
        except ValidationError as error:
            problems = field_problems(error, Experiment, form.raw)
            findings.add(problems, form)
            rest = sound_part(form.raw, problems)
            if rest is not None:
                self._check_sense(file, rest, form, findings)
            return None
        return self._check_sense(file, experiment, form, findings)

    def _check_sense(self, file: str, experiment: Experiment, form: Form, findings: _Findings) -> Experiment:
        """The experiment with its users read, once everything that it means was checked."""
        names = declared_names(experiment)
        if "variants.inclusions" in names:
            experiment = self._with_users(file, experiment, form, findings)
        if form.environments:  # a form that no environment has may be meant to be incomplete
            checks = self._checks_about(names)
            # Begun anew where one finds something, which is seldom.
            if next(chain.from_iterable([check(experiment) for check in checks]), None) is not None:
                for check in checks:
                    findings.add(check(experiment), form)
        for name in form.environments if experiment.deployments else ():
            if self.environment in (None, name) or form.declares_deployments:
                self._check_deployments(experiment, name, form, findings)
        return experiment

    def _checks_about(self, names: frozenset[str]) -> tuple[Check, ...]:
        """The checks of the rules that are about one of the fields."""
        found = self._checks.get(names)
        if found is None:
            found = tuple(check for about, check in self._all_checks if not names.isdisjoint(about))
            self._checks[names] = found
        return found

    def _check_deployments(self, experiment: Experiment, name: str, form: Form, findings: _Findings) -> None:
        listed = (name, *experiment.deployments)
        if listed in self._sound_deployments:
            return
        problems = list(deployment_problems(experiment, name, self.workspace.file.environments[name]))
        findings.add(problems, form)
        if not problems:
            self._sound_deployments.add(listed)

    def _with_users(self, file: str, experiment: Experiment, form: Form, findings: _Findings) -> Experiment:
        """The experiment with the users of inclusions files in the place of the files' names."""
        if not any(isinstance(variant.inclusions, InclusionsFile) for variant in experiment.variants):
            return experiment
        variants: list[Variant] = []
        for index, variant in enumerate(experiment.variants):
            if not isinstance(variant.inclusions, InclusionsFile):
                variants.append(variant)
                continue
            users = self.inclusions.users(file, variant.inclusions.file)
            if users.refusal is not None:
                told = users.refusal
                path: Path = ("variants", index, "inclusions", "file")
                findings.add([Problem("EXP018", path, told.message, told.detail, told.hint)], form)
            findings.lines.extend(users.diagnostics)
            ids = list(users.ids) if users.refusal is None else []
            variants.append(variant.model_copy(update={"inclusions": ids}))
        return experiment.model_copy(update={"variants": variants})


def severity_of(workspace: Workspace, code: str) -> Severity | None:
    """How severe a code is in this workspace, or None where its rule is off."""
    rule = rule_of(code)
    if rule is None:
        return "error"
    level = workspace.file.rules.get(code, rule.severity)
    return None if level == "off" else level


def adjustable(workspace: Workspace, code: str, place: Place, message: str, hint: str) -> list[Diagnostic]:
    """The diagnostic of a rule that looks at files, or none where it is off."""
    level = severity_of(workspace, code)
    return [] if level is None else [Diagnostic(code, level, place, message, "", hint)]
