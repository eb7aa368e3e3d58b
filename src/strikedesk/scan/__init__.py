"""Finds trades that fit rules: enumerate, filter, rank. It cannot send."""
