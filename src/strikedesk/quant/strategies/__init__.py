"""Strategies: what a set of legs is called, what it comes to, and how likely."""
