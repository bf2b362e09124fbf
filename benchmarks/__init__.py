"""What is measured, on what, and beside whom."""
