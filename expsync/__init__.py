"""Amplitude experiments in git: plan and apply from YAML."""

__version__ = "0.1.0"
