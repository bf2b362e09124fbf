"""The names of an experiment's fields, by what they hold; apart from the values, which many runs never make."""

from __future__ import annotations

from typing import Literal

_KINDS: dict[str, Literal["text", "plain", "number", "date", "event"]] = {
    "name": "text",
    "description": "text",
    "enabled": "plain",
    "archived": "plain",
    "evaluationMode": "plain",
    "experimentType": "plain",
    "bucketingKey": "plain",
    "bucketingSalt": "plain",
    "bucketingUnit": "plain",
    "stickyBucketing": "plain",
    "rolloutPercentage": "number",
    "startDate": "date",
    "endDate": "date",
    "exposureEvent": "event",
    "decision": "plain",
    "decisionReason": "text",
    "rolledOutVariant": "plain",
}
SCALAR_FIELDS = tuple(_KINDS)
"""Every field of an experiment that holds one value, in the order in which they are shown."""
TEXT_FIELDS = tuple(name for name, kind in _KINDS.items() if kind == "text")
"""Texts where the API's null and its empty text mean the same."""
DATE_FIELDS = tuple(name for name, kind in _KINDS.items() if kind == "date")
NUMBER_FIELDS = tuple(name for name, kind in _KINDS.items() if kind == "number")
PLAIN_FIELDS = tuple(name for name, kind in _KINDS.items() if kind == "plain")
VARIANT_DETAILS = ("name", "description", "payload")
"""What a variant has beside its key and weight; sparse bodies leave it out."""
