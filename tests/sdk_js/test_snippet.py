"""The JavaScript that docs/app-development.md shows, run as it stands there against the quick start."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.docs.page import fences
from tests.node import TESTS, require_node
from tests.sdk_js.conftest import ROOT, serving

SHOWN = "http://127.0.0.1:8377"


def test_the_snippet_gives_the_variants_that_the_page_says(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "app-development.md").read_text(encoding="utf-8")
    (snippet,) = (fence.text for fence in fences(page) if fence.language == "js")
    assert snippet.count(SHOWN) == 1
    node = require_node()
    (tmp_path / "node_modules").symlink_to(TESTS / "node_modules")

    with serving([["--from", "examples/quickstart"]]) as (url,):
        (tmp_path / "app.mjs").write_text(snippet.replace(SHOWN, url), encoding="utf-8")
        ran = subprocess.run(
            [node, "app.mjs", "ann", "ben", "qa@example.com"],
            cwd=tmp_path,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )

    # The same variants as the page shows for Python.
    shown = 'ann control undefined\nben off undefined\nqa@example.com treatment {"color":"#0a0","label":"Buy now"}\n'
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, shown, "")
    for line in shown.splitlines():
        user, variant, _ = line.split(" ", 2)
        assert f"\n{user} {variant} " in page
