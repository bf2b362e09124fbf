"""The step that writes what the others left in the folder: the comment, or the issue."""

from __future__ import annotations

from pathlib import Path

from expsync.errors import ExpsyncError
from expsync.forge.calls import DeniedError
from expsync.forge.connect import NoTokenError, connected
from expsync.forge.notes import Written, outdate_comment, put_comment, put_issue
from expsync.forge.run import COMMENT, DRIFTED, ISSUE, NUMBER, OUTDATED, Run
from expsync.forge.site import Site


def comment_step(run: Run, *, whole: str) -> int:
    """0: the comment is there, or there is none to write, or it may not be written, which is warned of.

    `whole` is the address where the plan and its report are kept.
    """
    text, outdated = _read(run.path(COMMENT)), _read(run.path(OUTDATED))
    number = _read(run.path(NUMBER)).strip()
    if not number or not (text or outdated):
        return 0
    site = _site(run)
    try:
        with connected(site) as forge:
            if text:
                kept = f"\n[The whole plan and its report]({whole}).\n" if whole else ""
                written: Written | None = put_comment(forge, int(number), text + kept)
            else:
                written = outdate_comment(forge, int(number), outdated)
    except (DeniedError, NoTokenError) as error:
        return _may_not(run, site, "comment", f"pull-requests: write for a {site.request}", error)
    _tell(run, "comment", written)
    return 0


def issue_step(run: Run) -> int:
    """0: the issue is as it is to be, or it may not be written, which is warned of."""
    text = _read(run.path(ISSUE))
    if not text:
        return 0
    site = _site(run)
    environment = run.known_environment()
    title = f"Experiments were changed by hand: {environment}"
    try:
        with connected(site) as forge:
            written = put_issue(forge, title, text, is_open=_read(run.path(DRIFTED)).strip() == "yes")
    except (DeniedError, NoTokenError) as error:
        return _may_not(run, site, "issue", "issues: write", error)
    _tell(run, "issue", written)
    return 0


def _site(run: Run) -> Site:
    if run.site is None:
        raise ExpsyncError("comments and issues are on GitHub and GitLab, and this is a run of neither")
    return run.site


def _may_not(run: Run, site: Site, what: str, permission: str, error: ExpsyncError) -> int:
    needs = f"the job needs the permission {permission}" if site.kind == "github" else "the token needs the scope api"
    where = "what it would say is in the summary of the run" if site.kind == "github" else "it is in the artifacts"
    run.warn(f"the {what} can't be written: {error.message}; {needs}, and runs for forks have none; {where}")
    run.tell(**{what: ""})
    return 0


def _tell(run: Run, what: str, written: Written | None) -> None:
    if written is not None:
        print(f"{what} {written.done}: {written.url}" if written.url else f"{what} {written.done}", flush=True)
    run.tell(**{what: "" if written is None else written.url})


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""
