"""The site: built without a warning, whole by itself, and with nothing of the tests in it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.docs_hooks import on_page_markdown
from tests.docs.worlds import ROOT

_FETCHED = re.compile(r"""<(?:script|link|img|iframe|source)\b[^>]*?\b(?:src|href)=["']?((?:https?:)?//[^"'\s>]+)""")


def build(source: Path, site: Path) -> subprocess.CompletedProcess[str]:
    """What came of building the site of the folder `source` by the command of `make docs`."""
    command = (ROOT / "Makefile").read_text(encoding="utf-8")
    built = re.search(r"@(?P<variable>\S+)=1 \$\(BIN\)/mkdocs (?P<arguments>build .*)", command)
    assert built is not None
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", *built["arguments"].split(), "--site-dir", site],
        cwd=source,
        env={**os.environ, built["variable"]: "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` builds it."""
    folder = tmp_path_factory.mktemp("site")
    ran = build(ROOT, folder)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    return folder


def test_a_link_to_a_heading_that_is_not_there_fails_the_build(tmp_path: Path) -> None:
    for name in ("docs", "scripts"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    with (tmp_path / "docs" / "start.md").open("a", encoding="utf-8") as page:
        page.write("[nowhere](risks.md#no-such-heading)\n")

    ran = build(tmp_path, tmp_path / "site")

    assert ran.returncode == 1
    assert "contains a link 'risks.md#no-such-heading'" in ran.stderr


def test_the_site_fetches_nothing_from_elsewhere(site: Path) -> None:
    found = [
        f"{page.relative_to(site)}: {address}"
        for page in site.rglob("*.html")
        for address in _FETCHED.findall(page.read_text(encoding="utf-8"))
    ]
    sheets = [sheet.name for sheet in site.rglob("*.css") if re.search(r"url\(['\"]?(https?:)?//", sheet.read_text())]

    assert (found, sheets) == ([], [])


def test_every_page_is_in_the_site_and_in_its_search(site: Path) -> None:
    index = (site / "search" / "search_index.js").read_text(encoding="utf-8")
    pages = [path.stem for path in (ROOT / "docs").glob("*.md")]

    assert [page for page in pages if not (site / f"{page}.html").is_file()] == []
    assert [page for page in pages if f'"location":"{page}.html"' not in index] == []


def test_nothing_of_the_tests_is_in_the_site(site: Path) -> None:
    told = [page.name for page in site.glob("*.html") if re.search("(?:world|meanwhile): ", _comments(page))]

    assert told == []


def _comments(page: Path) -> str:
    return "".join(re.findall(r"<!--.*?-->", page.read_text(encoding="utf-8"), re.DOTALL))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<!-- world: live -->\n# Title\n", "# Title\n"),
        ('a\n\n<!-- meanwhile: a {"enabled": true} -->\n\nb\n', "a\n\n\nb\n"),
        ("see [the code](../expsync/errors.py) and [`it`](../expsync/model), not [this](risks.md)\n",
         "see the code and `it`, not [this](risks.md)\n"),
        ("<!-- risks -->\n", "<!-- risks -->\n"),
    ],
)  # fmt: skip
def test_a_page_of_the_site_has_no_comments_of_the_tests_and_no_links_out(text: str, shown: str) -> None:
    assert on_page_markdown(text) == shown
