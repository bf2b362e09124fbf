"""What docs/app-development.md shows and no shell runs: the JavaScript, and the words of --fault."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from expsync.sandbox import sdk
from expsync.sandbox.faults import Faults
from tests.docs.page import fences
from tests.docs.worlds import ROOT

PAGE = ROOT / "docs" / "app-development.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_the_javascript_can_be_parsed(tmp_path: Path) -> None:
    """What it does is a matter of the tests that have the vendor's package."""
    node = shutil.which("node")
    assert node is not None, "node is not on this machine"
    (snippet,) = (fence.text for fence in fences(TEXT) if fence.language == "js")
    (tmp_path / "app.mjs").write_text(snippet, encoding="utf-8")

    ran = subprocess.run([node, "--check", tmp_path / "app.mjs"], capture_output=True, encoding="utf-8", timeout=60)

    assert (ran.returncode, ran.stderr) == (0, "")


def test_each_fault_of_the_table_can_be_asked_for() -> None:
    _, _, table = TEXT.partition("| fault |")
    shown = re.findall(
        r"`([^`]+)`", re.sub(r"^\| ([^|]*) \|.*$", r"\1", table.partition("\n\n")[0], flags=re.MULTILINE)
    )

    assert len(shown) == 9
    for fault in shown:
        Faults.parse([fault])


def test_the_paths_are_those_that_are_served() -> None:
    assert set(re.findall(r"/sdk/v2/\w+", TEXT)) == {sdk.FLAGS, sdk.VARIANTS}
