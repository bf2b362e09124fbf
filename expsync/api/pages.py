"""The pages of a list: asked for one after the other, since only a page tells the cursor of the next."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from expsync.errors import ReplyError
from expsync.wire import replies
from expsync.wire.schema import WireExperiment, WirePage

ListAnswer = WirePage | bytes
"""One answer of a list, decoded or not."""
MAX_PAGES = 1000
"""Pages of one list at most: a million experiments."""


def list_answers(
    query: Mapping[str, str], ask: Callable[[Mapping[str, str]], bytes], parse: Callable[[bytes], WirePage]
) -> Iterator[ListAnswer]:
    """The answers to a query: as they came where their end tells the next cursor, so that the next can be on its way
    while they are decoded.
    """
    cursors: set[str] = set()
    for _ in range(MAX_PAGES):
        body = ask(query)
        cursor = replies.cursor_at_end(body)
        if cursor is None:
            page = parse(body)
            cursor = page.nextCursor
            yield page
        else:
            yield body
        if not cursor:
            return
        if cursor in cursors:
            raise ReplyError("listExperiments: the list does not end: a page brought nothing new")
        cursors.add(cursor)
        query = {**query, "cursor": cursor}
    raise ReplyError(f"listExperiments: the list does not end: more than {MAX_PAGES} pages")


def decoded_pages(answers: Iterator[ListAnswer], parse: Callable[[bytes], WirePage]) -> Iterator[WirePage]:
    """The pages that the answers are; ReplyError where one brings nothing new, and yet is not the last."""
    ids: set[str] = set()
    for answer in answers:
        if isinstance(answer, WirePage):
            page = answer
        else:
            page = parse(answer)
            if page.nextCursor != replies.cursor_at_end(answer):
                raise ReplyError("listExperiments: the answer can't be read: it has more than one cursor")
        fresh = {experiment.id for experiment in page.experiments} - ids
        ids |= fresh
        yield page
        if page.nextCursor and not fresh:
            raise ReplyError("listExperiments: the list does not end: a page brought nothing new")


def gathered(pages: Iterator[WirePage]) -> tuple[list[WireExperiment], int]:
    """Every experiment of the pages, once, and how many pages; what shows on two counts as the later has it."""
    taken = list(pages)
    found = {experiment.id: experiment for page in taken for experiment in page.experiments}
    return list(found.values()), len(taken)


def filtered(page: WirePage, project: str, key: str | None) -> WirePage:
    """The page without what belongs to another project or key: an older server may not know the filters."""
    kept = [
        experiment
        for experiment in page.experiments
        if experiment.projectId in (None, "", project) and (key is None or experiment.key == key)
    ]
    return page if len(kept) == len(page.experiments) else page.model_copy(update={"experiments": kept})
