"""The cohorts of variants, on servers that may be too old to have them."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

from expsync.api.client import Client
from expsync.errors import NotFoundError


class CohortLists:
    """The cohorts of variants, until the server says that it has no such list; then it is not asked again."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._asking = Lock()
        self._has_lists: bool | None = None

    def read(self, id: str, variant: str) -> Sequence[str] | None:
        """The cohorts of the variant, or None on a server without such a list."""
        if self._has_lists is None:
            with self._asking:
                if self._has_lists is None:
                    return self._try(id, variant)
        return self._client.get_cohort_inclusions(id, variant) if self._has_lists else None

    def _try(self, id: str, variant: str) -> Sequence[str] | None:
        # The users of this variant were read just now, so a 404 is about the list and not about the experiment.
        try:
            found = self._client.get_cohort_inclusions(id, variant)
        except NotFoundError:
            self._has_lists = False
            return None
        self._has_lists = True
        return found
