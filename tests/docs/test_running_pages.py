"""What runs the pages finds what is wrong with one: else their tests would prove nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import mkdtemp

import pytest

from tests.docs.page import Command, PageError, read_page
from tests.docs.run import Result, run_page
from tests.docs.shown import is_shown
from tests.docs.test_shown_commands import complaint, update

Run = Callable[[str], list[Result]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs the page of this text, in the world `empty`."""

    def run(text: str) -> list[Result]:
        folder = Path(mkdtemp(dir=tmp_path))
        page = folder / "page.md"
        page.write_text(f"<!-- world: empty -->\n# Page\n\n{text}", encoding="utf-8")
        return list(run_page(read_page(page), folder))

    return run


def console(*lines: str) -> str:
    return "\n".join(["```console", *lines, "```", ""])


def complaints(results: Sequence[Result]) -> list[str]:
    return [complaint(Path("page.md"), result) for result in results]


def test_commands_run_in_order_in_one_session(run: Run) -> None:
    results = run(
        console("$ mkdir made && cd made", "$ name=value", "$ pwd", "/home/ann/work/made")
        + console("$ echo $name \\", "    twice", "value twice", "$ false", "$ echo $?", "1")
    )

    assert complaints(results) == [""] * 6


def test_other_output_than_is_shown_is_found(run: Run) -> None:
    (found,) = complaints(run(console("$ echo one; echo two", "one", "three")))

    assert found == "\npage.md:5: $ echo one; echo two\n--- shown\none\nthree\n--- printed\none\ntwo\n"


def test_output_on_stderr_is_output(run: Run) -> None:
    assert complaints(run(console("$ echo one; echo two >&2", "one", "two"))) == [""]


def test_an_exit_code_that_the_page_does_not_tell_is_found(run: Run) -> None:
    (found, _) = complaints(run(console("$ (exit 3)", "$ echo next")))

    assert found == "\npage.md:5: $ (exit 3)\nended with 3, and no `$ echo $?` follows:\n\n"


def test_lines_are_left_out_only_where_the_page_says_so(run: Run) -> None:
    results = run(console("$ printf '1\\n2\\n3\\n'", "1", "…", "$ printf '1\\n2\\n3\\n'", "1", "…", "2"))

    assert [bool(text) for text in complaints(results)] == [False, True]


def test_a_question_is_answered_as_shown(run: Run) -> None:
    asked = "$ read -r -p 'Only yes will do: ' answer; echo \"got $answer\""
    shown = ["Only yes will do: no", "got no"]

    assert complaints(run(console(asked, *shown))) == [""]
    assert [result.printed for result in run(console(asked))] == [["Only yes will do: yes", "got yes"]]


def test_what_stays_in_the_background_is_waited_for(run: Run) -> None:
    results = run(console("$ (until [ -e go ]; do :; done; echo gone) &", "$ touch go; wait", "gone"))
    shown = run(console("$ (echo here; until [ -e go ]; do :; done) &", "here", "$ touch go"))

    assert complaints([*results, *shown]) == [""] * 4


def test_a_fence_with_a_title_is_a_file_and_a_diff_edits_it(run: Run) -> None:
    results = run(
        '```yaml title="a/b.yaml"\nkey: b\nname: B\n```\n'
        '```diff title="a/b.yaml"\n key: b\n-name: B\n+name: C\n+more: true\n```\n'
        + console("$ cat a/b.yaml", "key: b", "name: C", "more: true")
    )

    assert complaints(results) == [""]


def test_an_edit_of_what_is_not_there_is_found(run: Run) -> None:
    with pytest.raises(AssertionError, match="what is to be edited stands 0 times in a"):
        run('```text title="a"\nx\n```\n```diff title="a"\n-y\n+z\n```\n' + console("$ true"))


def test_the_port_and_the_home_of_a_page_read_the_same_everywhere(run: Run) -> None:
    results = run(console("$ echo http://127.0.0.1:8377 $HOME", "http://127.0.0.1:8377 /home/ann"))

    assert complaints(results) == [""]
    assert run(console('$ [ 8377 != "${address#*:}" ]', "$ echo x"))[0].code == 0


@pytest.mark.parametrize(
    "command",
    [
        "pip install requests",
        "pip install .",
        "pip uninstall expsync",
        "git clone https://example.com/other.git",
        "make nothing",
    ],
)
def test_a_stand_in_refuses_what_is_not_this_project(run: Run, command: str) -> None:
    (result,) = run(
        '```text title="Makefile"\ntest: lint\n```\n```toml title="pyproject.toml"\n```\n' + console(f"$ {command}")
    )

    assert result.code != 0


def test_a_stand_in_installs_this_project_and_makes_its_targets(run: Run) -> None:
    results = run(
        '```toml title="pyproject.toml"\n[project]\nname = "expsync"\n```\n```text title="Makefile"\ntest: lint\n```\n'
        + console(
            "$ python3 -m venv .venv", "$ .venv/bin/pip install .", "$ ls -1 .venv/bin", "expsync", "pip", "$ make test"
        )
    )

    assert complaints(results) == [""] * 4


@pytest.mark.parametrize(
    "text",
    [
        "# Page\n```console\n$ true\n```\n",
        "<!-- world: empty -->\n```console\noutput\n```\n",
        "<!-- world: empty -->\n```console\n$ true\n",
        "<!-- world: empty -->\n<!-- meanwhile: checkout-button -->\n",
    ],
    ids=["no world", "no command", "no end", "no edit"],
)
def test_a_page_that_breaks_the_rules_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "page.md").write_text(text, encoding="utf-8")

    with pytest.raises(PageError):
        read_page(tmp_path / "page.md")


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("at 2026-03-02 09:00:00 UTC", "at 2027-01-01 12:13:14 UTC", True),
        ("at 2026-03-02T09:00:00Z", "at 2027-01-01T12:13:14.123Z", True),
        ("on 2026-03-02", "on 2027-01-01", False),
        ("digest sha256:0a1b2c3d4e5f", "digest sha256:ffeeddccbb11", True),
        ("commit 0a1b2c3", "commit none", False),
        ("bucketingSalt: aB3dE6gH", "bucketingSalt: Zz9Yy8Xx", True),
        ("20 → 40", "20 → 41", False),
        ("id 81001", "id 81002", False),
    ],
)
def test_only_what_no_two_runs_have_in_common_may_differ(shown: str, printed: str, same: bool) -> None:
    assert is_shown([shown], [printed]) is same


def test_an_update_changes_what_is_wrong_and_keeps_what_the_page_leaves_out(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "<!-- world: empty -->\n- x\n\n  ```console\n  $ a\n  ?\n  $ b\n  …\n  ?\n  $ c\n  c\n  ```\n", encoding="utf-8"
    )
    first, second, third = (event for event in read_page(page).events if isinstance(event, Command))

    update(
        page,
        [
            Result(first, ["1", "2"], 0, told=False),
            Result(second, ["1", "2", "3"], 0, told=False),
            Result(third, ["c"], 0, told=False),
        ],
    )

    assert page.read_text(encoding="utf-8") == (
        "<!-- world: empty -->\n- x\n\n  ```console\n  $ a\n  1\n  2\n  $ b\n  …\n  3\n  $ c\n  c\n  ```\n"
    )
