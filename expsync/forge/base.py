"""The commit that a pull request's own changes are told from."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping

from expsync.forge.site import Site

_SECONDS = 120


def base_of(site: Site | None, environ: Mapping[str, str]) -> tuple[str, str]:
    """The commit before the pull request, and why there is none: one of the two is empty, or both.

    Where the merged result is checked out, it is what it was merged into; else the commit that the branch left from,
    which must be in the clone.
    """
    if site is None or site.pull_request is None:
        return "", ""
    if site.is_merge_result and _git(environ, "rev-parse", "--verify", "--quiet", "HEAD^2"):
        return _git(environ, "rev-parse", "--verify", "--quiet", "HEAD^1"), ""
    target = site.pull_request.base
    found = _git(environ, "merge-base", "HEAD", target) if target else ""
    if found:
        return found, ""
    return "", (
        f"the clone does not hold the commit that the {site.request} started from, so the plan can't say whose change "
        "each is; let the checkout bring more commits (fetch-depth: 0, on GitLab GIT_DEPTH: 0)"
    )


def _git(environ: Mapping[str, str], *arguments: str) -> str:
    """The one line that git prints, or nothing where it fails: the plan goes without a base then, and says so."""
    program = shutil.which("git")
    if program is None:
        return ""
    try:
        ran = subprocess.run(
            [program, "--no-pager", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**environ, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"},
            encoding="utf-8",
            errors="replace",
            check=False,
            timeout=_SECONDS,
            cwd=os.curdir,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return ran.stdout.strip() if ran.returncode == 0 else ""
