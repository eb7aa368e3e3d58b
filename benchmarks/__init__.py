"""Measurements as ratios against a named floor or peer, both sides in one run."""
