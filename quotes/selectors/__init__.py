"""Reads of the market side."""
