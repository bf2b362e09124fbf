"""The step on a schedule: look for what people changed on the live side."""

from __future__ import annotations

from collections.abc import Sequence

from expsync.forge.run import DRIFTED, ISSUE, Run
from expsync.forge.texts import drift_text, with_foot

DRIFT = 2


def drift_step(run: Run, *, scope: Sequence[str], base: str, fails: bool) -> int:
    """0 where it could be looked, whatever was found; 2 where something has drifted and that `fails`; else 1 or 64."""
    place = run.place()
    part = run.path(".drift.md")
    try:
        arguments = ["--format", "markdown", "--detailed-exitcode", *scope, *(["--base", base] if base else [])]
        ran = run.program.run("drift", *arguments, out=part)
        markdown = part.read_text(encoding="utf-8")
    finally:
        part.unlink(missing_ok=True)
    run.tell(exitcode=ran.code, pending=ran.code == DRIFT if ran.code in (0, DRIFT) else "")
    if ran.code not in (0, DRIFT):
        return ran.code
    text = with_foot(markdown, run.site)
    print(text, end="", flush=True)
    run.summarise(text)
    run.keep(ISSUE, with_foot(drift_text(markdown, environment=place.environment, project=place.project), run.site))
    run.keep(DRIFTED, "yes\n" if ran.code == DRIFT else "no\n")
    return DRIFT if fails and ran.code == DRIFT else 0
