"""Where Chromium is."""

from __future__ import annotations

import os
import shutil

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str:
    """The program, which `CHROMIUM` may name; the test fails where there is none."""
    named = os.environ.get("CHROMIUM")
    if named:
        if shutil.which(named) is None:
            pytest.fail(f"CHROMIUM={named}: there is no such program")
        return named
    for name in NAMES:
        found = shutil.which(name)
        if found is not None:
            return found
    pytest.fail(
        "there is no Chromium to open the reports in: run `scripts/system_packages.sh chromium`, or set CHROMIUM to "
        "the program"
    )
