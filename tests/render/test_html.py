"""The plan as an HTML page: what it owes to whoever reads it."""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
from functools import cache
from importlib.resources import files
from itertools import pairwise

import pytest

from expsync.model.json_text import compact_json, indented_json
from expsync.model.plan import Plan
from expsync.render import html
from expsync.render.html_text import tag, text
from expsync.render.safe import visible
from tests.node import require_node
from tests.render.large import many
from tests.render.plans import experiment, plan
from tests.render.reading import Page
from tests.render.ten import TEN, ten_plan
from tests.render.ten import shown as shown_of_ten
from tests.security.hostile import acts

OTHERS = {"many-12-hostile": lambda: many(12, hostile=True), "many-100": lambda: many(100)}
SMALL = [name for name in TEN if not name.startswith("many")]
each = pytest.mark.parametrize("name", [*TEN, *OTHERS])


@cache
def plan_of(name: str) -> Plan:
    return OTHERS[name]() if name in OTHERS else ten_plan(name)


@cache
def shown(name: str) -> str:
    return html.render(plan_of(name)) if name in OTHERS else shown_of_ten(name, "html")


@cache
def page(name: str) -> Page:
    return Page(shown(name))


@each
def test_elements_are_balanced_and_nothing_acts(name: str) -> None:
    found = page(name)
    assert (found.unbalanced, found.open) == ([], [])
    assert acts(shown(name)) == []


@each
def test_ids_are_unique_and_links_lead_somewhere(name: str) -> None:
    ids = page(name).ids()
    assert len(ids) == len(set(ids))
    links = [attributes["href"] for attributes in page(name).all("a")]
    assert {f"{link}".removeprefix("#") for link in links} <= set(ids)
    named = [attributes["aria-labelledby"] for attributes in page(name).all("section")]
    assert set(named) <= set(ids)


@each
def test_nothing_is_loaded_and_nothing_runs_but_the_one_script(name: str) -> None:
    found = page(name)
    assert not {"link", "img", "iframe", "object", "embed", "base", "use", "image"} & {
        kind for kind, _ in found.elements
    }
    attributes = {attribute for _, given in found.elements for attribute in given}
    assert not {attribute for attribute in attributes if attribute.startswith("on")}
    assert not attributes & {"src", "srcset", "style", "action", "formaction", "data", "xlink:href", "background"}
    style = shown(name).partition("<style>")[2].partition("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style
    assert len(found.all("script")) == (0 if name == "empty" else 1)


def test_the_policy_allows_the_style_and_the_script_by_their_hashes() -> None:
    (policy,) = [
        meta["content"] for meta in page("rich").all("meta") if meta.get("http-equiv") == "Content-Security-Policy"
    ]
    hashes = []
    for element in ("style", "script"):
        inner = shown("rich").partition(f"<{element}>")[2].partition(f"</{element}>")[0]
        hashes.append(base64.b64encode(hashlib.sha256(inner.encode()).digest()).decode())
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'; "
        "base-uri 'none'; form-action 'none'"
    )


@pytest.mark.parametrize("name", [*SMALL, "many-12-hostile", "many-100"])
def test_all_of_every_change_and_every_call_is_there(name: str) -> None:
    """A reader of the page misses nothing that the document has; long values are there to the last character."""
    said = "".join(page(name).said)
    for planned in plan_of(name).experiments:
        assert visible(planned.key) in said
        for change in planned.changes:
            assert visible(change.path) in said
            values = ([] if change.kind == "add" else [change.before]) + (
                [] if change.kind == "remove" else [change.after]
            )
            assert [value for value in values if not is_said(value, said)] == []
        for operation in planned.operations:
            assert visible(operation.path) in said
            assert operation.body is None or is_said(operation.body, said)
        for finding in planned.findings:
            what, how = finding.sentences()
            assert visible(what) in said
            assert visible(how) in said
    for entry in plan_of(name).unmanaged:
        assert visible(entry.key) in said
    for note in plan_of(name).notes:
        assert visible(note.message) in said


def is_said(value: object, said: str) -> bool:
    whole = indented_json(value).rstrip("\n")  # type: ignore[arg-type]
    return visible(compact_json(value)) in said or whole in said  # type: ignore[arg-type]


@each
def test_headings_follow_one_another_and_pictures_and_fields_have_names(name: str) -> None:
    levels = [int(kind[1]) for kind, _ in page(name).elements if re.fullmatch(r"h[1-6]", kind)]
    assert levels[0] == levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))
    assert all(svg["role"] == "img" and svg["aria-label"] for svg in page(name).all("svg"))
    assert len(page(name).all("label")) == len(page(name).all("input", "select"))
    assert page(name).all("html") == [{"lang": "en"}]
    assert all(cell["scope"] in ("col", "row") for cell in page(name).all("th"))


def test_without_the_script_everything_is_there_but_the_filter() -> None:
    (form,) = page("rich").all("form")
    assert "hidden" in form
    assert not any("hidden" in article for article in page("rich").all("article"))


@pytest.mark.parametrize(("number", "opened"), [(10, 10), (11, 0)])
def test_a_few_experiments_are_open_from_the_start(number: int, opened: int) -> None:
    found = Page(html.render(plan(*(experiment(f"e{at}", "update") for at in range(number)))))
    assert sum("open" in details for details in found.all("details")) == opened


def test_ribbons_begin_and_end_where_their_arms_do() -> None:
    """In per mille of the bar: where each ribbon begins and ends, above and below."""
    found = re.findall(r'd="M([\d.]+) .*? ([\d.]+) 92L([\d.]+) 92C.*? ([\d.]+) 28Z"', shown("splits"))
    share = [[round((float(place) - 52) / 340, 3) for place in ends] for ends in found[:6]]
    assert [(left, right, below, over) for left, below, over, right in share] == [
        (0, 0.25, 0, 0.25),
        (0.25, 0.375, 0.25, 0.375),
        (0.375, 0.5, 0.5, 0.625),
        (0.5, 0.625, 0.375, 0.5),
        (0.625, 0.8, 0.625, 0.8),
        (0.8, 1, 0.8, 1),
    ]


COLOURS = [("ink", "page"), ("ink", "panel"), ("ink", "bad-panel"), ("faint", "page"), ("faint", "panel")]
COLOURS += [("link", "page"), ("bad", "page"), ("bad", "bad-panel"), ("good", "panel"), ("warn", "page")]
COLOURS += [("on", f"v{number}") for number in range(8)]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_contrast_is_enough_in_both_schemes(scheme: int) -> None:
    style = files("expsync.render").joinpath("report.css").read_text(encoding="utf-8")
    block = re.findall(r":root \{(.*?)\}", style, re.DOTALL)[scheme]
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))
    low = [(front, back) for front, back in COLOURS if contrast(colours[front], colours[back]) < 4.5]
    assert low == []
    # Lines of tables and frames are no text.
    assert contrast(colours["line"], colours["page"]) >= 3


def contrast(one: str, other: str) -> float:
    """As WCAG 2 reckons it."""
    dark, light = sorted(map(luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_the_script_can_be_read() -> None:
    script = str(files("expsync.render").joinpath("report.js"))
    ran = subprocess.run([require_node(), "--check", script], capture_output=True, timeout=60, check=False)
    assert (ran.returncode, ran.stderr) == (0, b"")


def test_what_is_made_of_texts_is_harmless() -> None:
    assert text("<b>\"&'\x1b") == "&lt;b&gt;&quot;&amp;&#x27;\\x1b"
    assert tag("a", text("x"), href='"><script>', class_="y", hidden="", title=None) == (
        '<a href="&quot;&gt;&lt;script&gt;" class="y" hidden>x</a>'
    )


def test_equal_plans_give_equal_bytes() -> None:
    assert html.render(many(12, hostile=True)) == shown("many-12-hostile")
