"""Text to declarations: the loader, overlays and lint."""
