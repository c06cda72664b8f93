"""Watches margins, decides, and calls orders."""
