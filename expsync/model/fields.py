"""The names of an experiment's fields, by what they hold; apart from the values, which many runs never make."""

from __future__ import annotations

TEXT_FIELDS = ("name", "description", "decisionReason")
"""Texts where the API's null and its empty text mean the same."""
DATE_FIELDS = ("startDate", "endDate")
NUMBER_FIELDS = ("rolloutPercentage",)
PLAIN_FIELDS = (
    "enabled",
    "archived",
    "evaluationMode",
    "experimentType",
    "bucketingKey",
    "bucketingSalt",
    "bucketingUnit",
    "stickyBucketing",
    "decision",
    "rolledOutVariant",
)
SCALAR_FIELDS = (
    "name",
    "description",
    "enabled",
    "archived",
    "evaluationMode",
    "experimentType",
    "bucketingKey",
    "bucketingSalt",
    "bucketingUnit",
    "stickyBucketing",
    "rolloutPercentage",
    "startDate",
    "endDate",
    "exposureEvent",
    "decision",
    "decisionReason",
    "rolledOutVariant",
)
"""Every field of an experiment that holds one value, in the order in which they are shown."""
VARIANT_DETAILS = ("name", "description", "payload")
"""What a variant has beside its key and weight; sparse bodies leave it out."""
