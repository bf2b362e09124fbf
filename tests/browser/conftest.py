"""One start of Chromium for all tests of the reports; each test looks at a part of what was found there.

Pictures of every report are in build/report/ afterwards, or in the folder that `EXPSYNC_SCREENSHOTS` names.
`EXPSYNC_BROWSER=whole` holds the largest report against the accessibility rules with all of its elements.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from expsync.render import html
from tests.browser.chromium import chromium
from tests.browser.reports import REPORTS
from tests.node import run_node
from tests.once import made_once
from tests.render.large import many

HERE = Path(__file__).parent
# Read on import: the settings of the person who runs the tests are hidden from the tests themselves.
PICTURES = Path(os.environ.get("EXPSYNC_SCREENSHOTS") or HERE.parent.parent / "build" / "report").resolve()
WHOLE = os.environ.get("EXPSYNC_BROWSER") == "whole"

STEPS = {
    "start": [],
    "to the field": ["Tab", "Enter", "Tab"],
    "a key": ["type banner"],
    "cleared": ["Escape"],
    "a risk": ["type evaluation-mode"],
    "an action": ["Escape", "type unarchived"],
    "two words in capitals": ["Escape", "type SWITCH Checkout"],
    "one more letter": ["type x"],
    "one less": ["Backspace"],
    "to the kinds": ["Tab"],
    "updates among them": ["type u"],
    "given up": ["Escape"],
    "blocked": ["End"],
    "with risks": ["Home", "ArrowDown"],
    "closed": ["Tab", "Tab", "Enter"],
    "all again": ["Escape"],
    "opened": ["Shift+Tab", "Space"],
}
PLACE = 9
"""The experiment whose address is opened, of a dozen that are closed."""
WORDS = ["", "experiment-00500", "variant-weights", "will be archived", "gone nowhere"]
ATTACK = (
    '<script>document.title = "owned"</script><img src="nowhere:" onerror="document.title = \'owned\'">'
    '<img src="http://127.0.0.1:9/x.png"><p style="width: 3000px">wide</p>'
)


def _look(folder: Path) -> None:
    """Nothing; the folder has what was found in `found.json`."""
    files = {}
    for name, make in REPORTS.items():
        files[name] = folder / f"{name}.html"
        files[name].write_text(make(), encoding="utf-8")
    dozen = folder / "dozen.html"
    dozen.write_text(html.render(many(12)), encoding="utf-8")
    page = files["risky"].read_text(encoding="utf-8")
    assert page.count("<main>") == 1
    policy, marker = page.partition('<meta http-equiv="Content-Security-Policy"')[1:], "<main>"
    assert all(policy)
    bare = page.replace("".join(policy).partition(">")[0] + ">", "")
    attacked = {"with its policy": page, "without": bare}
    for name, text in attacked.items():
        (folder / f"{name}.html").write_text(text.replace(marker, marker + ATTACK), encoding="utf-8")
    found = run_node(
        HERE / "driver" / "main.mjs",
        {
            "chromium": chromium(),
            "reports": {
                name: {"file": str(file), "large": {"words": WORDS} if name == "thousand" else None}
                for name, file in files.items()
            },
            "spoiled": "risky",
            "filter": {"report": "risky", "steps": list(STEPS.items()), "place": {"file": str(dozen), "number": PLACE}},
            "attacked": {name: str(folder / f"{name}.html") for name in attacked},
            "pictures": str(PICTURES),
            "whole": WHOLE,
        },
        timeout=3_600 if WHOLE else 600,
    )
    (folder / "found.json").write_text(json.dumps(found, indent=1), encoding="utf-8")


@pytest.fixture(scope="session")
def found(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """All that was found in the browser."""
    folder = made_once(tmp_path_factory, "browser", _look)
    return json.loads((folder / "found.json").read_text(encoding="utf-8"))
