"""Makes tapes from files in the layout of the LEAN engine's sample data.

`convert.convert` is the door. What each column of those files was found to mean, and what was odd
in them, stands in docs/tape-format.md.
"""
