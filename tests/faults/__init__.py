"""Faults at every call, deaths at every call, and people who edit by hand in between."""
