"""Node's packages are installed once, and tests that miss something of Node or Chromium say what to do."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests import node
from tests.browser.chromium import chromium

SCRIPT = Path(__file__).parents[2] / "scripts" / "node_packages.sh"
STUB = '#!/bin/sh\necho "$*" >> called\nmkdir -p node_modules\nexit {code}\n'


class Place:
    """A copy of the project's part, with nothing on the PATH but what the script needs and is put there."""

    def __init__(self, root: Path) -> None:
        for name in ("scripts", "tests", "bin"):
            (root / name).mkdir()
        self.tests, self.bin = root / "tests", root / "bin"
        self.script = Path(shutil.copy(SCRIPT, root / "scripts"))
        self.lock = self.tests / "package-lock.json"
        self.lock.write_text("{}", encoding="utf-8")
        for name in ("bash", "cmp", "cp", "dirname", "mkdir"):
            found = shutil.which(name)
            assert found is not None
            (self.bin / name).symlink_to(found)

    def put(self, name: str, *, code: int = 0) -> None:
        program = self.bin / name
        program.write_text(STUB.format(code=code), encoding="utf-8")
        program.chmod(0o755)

    def run(self) -> tuple[int, str]:
        ran = subprocess.run(
            [self.script], env={"PATH": os.fspath(self.bin)}, capture_output=True, encoding="utf-8", check=False
        )
        assert ran.stdout == ""
        return ran.returncode, ran.stderr

    def calls(self) -> list[str]:
        called = self.tests / "called"
        return called.read_text(encoding="utf-8").splitlines() if called.exists() else []


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


SAID = "installing what tests/package.json asks for, as pinned in tests/package-lock.json\n"
CALL = "ci --no-audit --no-fund --loglevel=error"


def test_packages_are_installed_where_they_are_missing_or_others(place: Place) -> None:
    place.put("node")
    place.put("npm")
    assert [place.run(), place.run()] == [(0, SAID), (0, "")]
    assert place.calls() == [CALL]
    place.lock.write_text('{"another": 1}', encoding="utf-8")
    assert [place.run(), place.run()] == [(0, SAID), (0, "")]
    assert place.calls() == [CALL, CALL]


def test_what_is_installed_needs_no_npm(place: Place) -> None:
    place.put("node")
    place.put("npm")
    place.run()
    (place.bin / "npm").unlink()
    (place.bin / "node").unlink()
    assert place.run() == (0, "")


def test_an_install_that_fails_is_tried_again(place: Place) -> None:
    place.put("node")
    place.put("npm", code=7)
    assert place.run() == (7, SAID)
    place.put("npm")
    assert place.run() == (0, SAID)


@pytest.mark.parametrize(("there", "missing"), [([], "node"), (["node"], "npm")])
def test_a_missing_program_is_named(place: Place, there: list[str], missing: str) -> None:
    for name in there:
        place.put(name)
    need = "the browser tests and those of the JavaScript SDK need Node 20 or later"
    assert place.run() == (1, f"error: {missing} is not on the PATH; {need}\n")


def test_the_lock_file_names_versions_and_checksums_and_no_registry() -> None:
    text = (node.TESTS / "package-lock.json").read_text(encoding="utf-8")
    assert "://" not in text
    assert text.count('"integrity": "sha512-') == text.count('"node_modules/') > 3


def test_a_test_without_its_packages_fails_and_says_how_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node, "_INSTALLED", tmp_path / "none.json")
    with pytest.raises(pytest.fail.Exception, match=r"run scripts/node_packages\.sh$"):
        node.require_node()
    monkeypatch.setenv("PATH", os.fspath(tmp_path))
    with pytest.raises(pytest.fail.Exception, match=r"^there is no node on the PATH"):
        node.require_node()


def test_a_test_without_chromium_fails_and_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.fspath(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    with pytest.raises(pytest.fail.Exception, match=r"run `scripts/system_packages\.sh chromium`, or set CHROMIUM"):
        chromium()
    program = tmp_path / "google-chrome"
    program.touch(mode=0o755)
    assert chromium() == os.fspath(program)
    monkeypatch.setenv("CHROMIUM", "none")
    with pytest.raises(pytest.fail.Exception, match=r"^CHROMIUM=none: there is no such program$"):
        chromium()


def test_a_script_that_fails_is_quoted(tmp_path: Path) -> None:
    (tmp_path / "bad.mjs").write_text("throw new Error('why it failed')", encoding="utf-8")
    with pytest.raises(pytest.fail.Exception, match=r"(?s)^bad\.mjs ended with 1:.*why it failed"):
        node.run_node(tmp_path / "bad.mjs", {}, timeout=60)
    (tmp_path / "slow.mjs").write_text("console.error('here'); setInterval(() => {}, 1000)", encoding="utf-8")
    with pytest.raises(pytest.fail.Exception, match=r"^slow\.mjs had not ended after 1 s:"):
        node.run_node(tmp_path / "slow.mjs", {}, timeout=1)
