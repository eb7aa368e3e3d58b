"""Proofs: the long tests of the order path. Each prints its figure; `make proof` runs all of it."""
