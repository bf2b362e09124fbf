"""The thinking, pure: no files, no network, no clock, no environment."""
