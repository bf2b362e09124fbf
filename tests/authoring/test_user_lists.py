"""Lists of users, one a line: who stays keeps their line, and what is written is read back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expsync.authoring.user_lists import listed_user, with_users
from expsync.config.inclusions import InclusionFiles

IDS = st.one_of(
    st.sampled_from(["a", "b@x.y", "a#b", "a b", "012", "é", "a:b"]), st.text("ab#@: ", min_size=1, max_size=6)
)
LINES = st.lists(
    st.one_of(
        IDS,
        st.sampled_from(["", "  ", "# a comment", "  # indented", "a  # why", "\tb@x.y\t", "c #", "#"]),
    ),
    max_size=8,
)


@pytest.mark.parametrize(
    ("text", "users", "after"),
    [
        ("", [], ""),
        ("", ["b", "a"], "a\nb\n"),
        ("a\nb\n", ["b"], "b\n"),
        ("a\nb\n", ["a", "b"], "a\nb\n"),
        ("# who\n\na  # why\n  b\t\n", ["a", "b", "c"], "# who\n\na  # why\n  b\t\nc\n"),
        ("# who\na # why\n# end", [], "# who\n# end"),
        ("a", ["a", "b"], "a\nb\n"),
        ("a\r\nb", ["b", "c"], "b\r\nc\r\n"),
        ("a\rb\r", ["b"], "b\r"),
        ("\ufeffa\nb\n", ["a"], "\ufeffa\n"),
        ("a\n", ["a#b"], "a#b\n"),
        ("z\n", ["z", "b", "a"], "z\na\nb\n"),
    ],
)
def test_lines_of_those_who_stay_are_kept_and_new_ones_go_to_the_end(text: str, users: list[str], after: str) -> None:
    assert with_users(text, frozenset(users)) == after


@pytest.mark.parametrize("user", ["", " a", "a ", "#a", "a #b", "a\nb", "a\rb", "a\t#b", "\ufeffa"])
def test_an_id_that_would_be_read_as_another_can_t_stand_in_a_list(user: str) -> None:
    assert with_users("a\n", frozenset({"a", user})) is None


@given(LINES, st.sampled_from(["\n", "\r\n", "\r"]), st.booleans(), st.frozensets(IDS, max_size=6))
def test_what_is_written_is_read_back_and_no_other_line_moves(
    lines: list[str], newline: str, ends: bool, users: frozenset[str]
) -> None:
    text = newline.join(lines) + (newline if ends and lines else "")
    after = with_users(text, users)
    if after is None:
        assert any(listed_user(user) != user for user in users)
        return
    files = InclusionFiles("/w")
    files.preset({"/w/users.txt": after})
    assert set(files.users("e.yaml", "users.txt").ids) == users
    kept = [line for line in lines if line and (listed_user(line) is None or listed_user(line) in users)]
    there = {listed_user(line) for line in kept}
    assert [line for line in after.splitlines() if line] == [*kept, *sorted(users - there)]


@given(LINES, st.frozensets(IDS, max_size=6))
def test_twice_is_as_once(lines: list[str], users: frozenset[str]) -> None:
    once = with_users("\n".join(lines), users)
    assert once is None or with_users(once, users) == once
