"""Tapes: markets recorded as files, and the market that replays one. See docs/tape-format.md.

`reader.read_tape` reads one, `market.TapeMarket` trades on it, `lean.convert` makes one from files
in the layout of the LEAN engine.
"""
