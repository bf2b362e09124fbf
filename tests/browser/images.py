"""Writes the pictures of a report in docs/images/ anew: `python -m tests.browser.images`.

They show the plan that README.md shows, made by the program itself.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from tests.browser.chromium import chromium
from tests.browser.reports import REPORTS
from tests.node import run_node

HERE = Path(__file__).parent
IMAGES = HERE.parents[1] / "docs" / "images"
PICTURES: dict[str, dict[str, Any]] = {
    "report-desktop.png": {"width": 1000, "height": 940, "colorScheme": "light", "top": "#experiments"},
    "report-phone.png": {"width": 390, "height": 844, "colorScheme": "dark", "top": "figure"},
}


def main() -> int:
    """0 where both pictures were written, 1 where there is nothing to make them with."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.html"
        report.write_text(REPORTS["real"](), encoding="utf-8")
        pictures = [{"path": str(IMAGES / name), **settings} for name, settings in PICTURES.items()]
        try:
            asked = {"chromium": chromium(), "report": str(report), "pictures": pictures}
            run_node(HERE / "driver" / "shoot.mjs", asked, timeout=120)
        except pytest.fail.Exception as failed:
            print(f"error: {failed}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
