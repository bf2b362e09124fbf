"""The page of the rules: what files are checked by, and every code that a problem can have."""

from __future__ import annotations

from collections.abc import Iterator

from expsync.config.codes import CODES
from expsync.config.lint import RULES
from scripts.reference.text import MADE, code, sentence, table

_INTRODUCTION = """\
# Rules and codes

`expsync validate` checks the files offline and lists every problem at once: its place, a code that stays the same from
version to version, why it is one, and how to settle it. Errors fail; warnings fail with `--strict`. `plan` and `apply`
stop at the same errors.

What a *change* does to the users of a running experiment is another matter: [what each risk means](risks.md).

## Rules

Rules that are *adjustable* can be set to `off`, `warning` or `error` in `expsync.yaml`; the others always hold.

```yaml
rules:
  EXP410: "off"
```

"""
_CODES = """\
## Codes of all other problems

| codes | what they are about |
| --- | --- |
| EXP0.. | files, and YAML itself |
| EXP1.. | fields: unknown, missing, or with a value that can't be |
| EXP3.. | the workspace file |

"""


def page() -> str:
    """The page as Markdown."""
    rows = [(f"[{rule.code}](#{rule.code.lower()})", rule.name, rule.severity) for rule in RULES]
    parts = [MADE, _INTRODUCTION, table(("code", "name", "severity"), rows), "\n", *_each_rule()]
    codes = [(code(name), sentence(said)) for name, said in CODES.items()]
    return "".join([*parts, _CODES, table(("code", "what it says"), codes)])


def _each_rule() -> Iterator[str]:
    for rule in RULES:
        adjustable = ", adjustable" if rule.adjustable else ""
        yield f"### {rule.code}: {rule.name} {{ #{rule.code.lower()} }}\n\n"
        yield f"*{rule.severity.capitalize()}{adjustable}.* {sentence(rule.why)}\n\n"
        yield f"To settle it: {sentence(rule.settle)}\n\n"
