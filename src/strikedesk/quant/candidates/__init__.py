"""Candidates: the trades that a chain offers for a pattern, judged by rules and ranked.

`measures`, `search` and `found` are read before numpy is imported, and do without it.
"""
