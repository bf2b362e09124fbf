"""Everything that a real server may do one way or another, in one value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Habits:
    """The habits of a server; the defaults are those of the current document."""

    older: bool = False
    """The older document: fewer endpoints, filters, operators and body fields, other experiment types."""
    ids: Literal["text", "number"] = "text"
    """Ids of experiments, projects and deployments in bodies; an id that is not all digits stays text."""
    variants: Literal["keys", "whole"] = "keys"
    """The variants within list, get and version bodies."""
    tags_in_list: bool = False
    deleted_in_list: bool = False
    numbers: Literal["int", "float"] = "int"
    """Percentages and weights in bodies: 50 or 50.0; a fraction stays what it is."""
    dates: Literal["as-sent", "date", "instant"] = "as-sent"
    """How startDate and endDate read back."""
    tag_order: Literal["kept", "sorted", "reversed"] = "kept"
    segment_bucketing_key: bool = False
    """Segments that come without a bucketingKey are given the experiment's when they are stored."""
    cursor: Literal["number", "text"] = "number"
    last_cursor: Literal["absent", "null", "empty"] = "absent"
    """What stands for nextCursor on the last page."""
    page_size: int = 1000
    """The most experiments a page holds, and what it holds where no limit is asked for."""
    ok: Literal["OK", "ok"] = "OK"
    unknown_fields: bool = False
    """Fields that no document knows, in every object that is read."""
    exposure_event_read: bool = False
    """Bodies carry exposureEvent."""
    empty_payload: Literal["object", "null"] = "object"
    """How a variant reads whose payload is absent, null or an empty object."""
    description_null: bool = False
    """Empty names and descriptions read as null."""
    edit_while_archived: bool = True
    """An archived experiment takes writes; otherwise only its unarchiving."""
    rename_keeps_weights: bool = True
    """On a rename the weights follow; otherwise they are lost. Inclusions follow either way."""
    decisions_in_edit: bool = True
    """Edit takes decision, decisionReason and rolledOutVariant."""
