"""Frozen values with the field's words."""
