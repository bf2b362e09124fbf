"""What MkDocs does to a page before it becomes HTML, and how much it says meanwhile.

The pages are read in the repository too, where they may refer to any file, and where the test that runs their commands
reads its own comments. The site has neither.
"""

from __future__ import annotations

import logging
import re

_COMMENT = re.compile(r"^ *<!-- (?:(?:world|meanwhile): .*?|wrong on purpose) -->\n", re.MULTILINE)
_LINK_OUT = re.compile(r"\[(?P<text>[^\]\n]+)\]\(\.\./[^)\n]*\)")
_OUTPUT = "MkDocsStreamHandler"


def on_startup(**_: object) -> None:
    """Nothing; from now on only what is wrong is said.

    Not by `--quiet`: with it, warnings are neither said nor counted, so that `--strict` finds none.
    """
    for handler in logging.getLogger("mkdocs").handlers:
        if handler.name == _OUTPUT:
            handler.setLevel(logging.WARNING)


def on_page_markdown(markdown: str, **_: object) -> str:
    """The page's text without the test's comments, and with links out of `docs/` as their text alone."""
    return _LINK_OUT.sub(lambda link: link["text"], _COMMENT.sub("", markdown))
