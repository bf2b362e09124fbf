"""The one YAML loader: text to plain JSON values, fast, by YAML 1.2's core schema.

What most files are written in is read line by line (`yaml_lines`), without a parser, which is not even imported until
it is needed. All else is built from the events of ruamel's C parser, by one of two builders. The quick one
(`yaml_quick`) takes only what has nothing remarkable in it (no tag, anchor, directive or mistake) and gives up at the
first remarkable thing; then the careful one (`yaml_places`) goes through the text again, knows every position, and
explains. Positions are needed for few files, and cost more than the values.
"""

from __future__ import annotations

from expsync.config.parsed import Document, Parsed, Path, Places, Spot
from expsync.config.yaml_lines import PlainLines
from expsync.config.yaml_text import YamlError, YamlProblem, decode

__all__ = [
    "Document",
    "Parsed",
    "Path",
    "Places",
    "Spot",
    "YamlError",
    "YamlProblem",
    "parse",
    "parse_with_places",
]


def parse(text: bytes | str, lines: PlainLines | None = None) -> list[Document]:
    """The documents of a text; raises YamlError, with every problem, and nothing else.

    Whoever reads many texts gives the same `lines` each time: it remembers those that it met.
    """
    checked = decode(text)
    plain = (lines or PlainLines()).read(checked)
    if plain is not None:
        return [Document(*plain)]
    from expsync.config.yaml_quick import parse_quickly

    documents = parse_quickly(checked)
    if documents is not None:
        return documents
    from expsync.config.yaml_places import parse_carefully

    parsed = parse_carefully(checked)
    if parsed.problems:
        raise YamlError(parsed.problems)
    return [Document(document.value, document.line) for document in parsed.documents]


def parse_with_places(text: bytes | str) -> Parsed:
    """The documents with the place of every key and value, and the problems, of which none is raised."""
    from expsync.config.yaml_places import parse_carefully

    try:
        checked = decode(text)
    except YamlError as error:
        return Parsed((), error.problems)
    return parse_carefully(checked)
