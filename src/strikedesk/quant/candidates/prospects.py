"""Halves that no partner can save, found before any pair is formed.

A line is kept by a pair only if the lower half's number is no less than the upper one's: a lower
half below all upper ones, or an upper one above all lower ones, is in no pair that keeps it.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from strikedesk.quant.candidates.halves import Half, Lanes, numbered
from strikedesk.quant.candidates.lines import Lines, Places
from strikedesk.quant.contracts import BoolArray
from strikedesk.quant.normal import FloatArray

_ROUNDS: Final = 2  # What one side loses may doom halves of the other.


def hopeful(lines: Lines, halves: tuple[Half, Half], allowed: int) -> tuple[Lanes, Lanes]:
    """Return the halves that may be in a pair that fails no more rules than allowed.

    Law: both sides go by expiration, or the upper one is absent.
    """
    lanes = numbered(lines.low.shape[1]), numbered(lines.loose.shape[1])
    own, theirs = (each.numbers for each in halves)
    if not halves[1].rows.shape[0]:
        own = np.zeros_like(own)
    for _ in range(_ROUNDS):
        left = lines.chosen(*lanes)
        numbers = own[lanes[0]], theirs[lanes[1]]
        low = left.low >= _extreme(np.fmin, left.loose, numbers[1], numbers[0], np.inf)
        high = left.loose <= _extreme(np.fmax, left.low, numbers[0], numbers[1], -np.inf)
        some = [_left(lines, holds, allowed) for holds in (low, high)]
        if all(each.all() for each in some):
            break
        lanes = lanes[0][some[0]], lanes[1][some[1]]
    return lanes


def _extreme(
    pick: np.ufunc, rows: FloatArray, of: Lanes, wanted: Lanes, nothing: float
) -> FloatArray:
    """Return the extreme of each row in the expirations `of` its columns, for those `wanted`."""
    starts = np.flatnonzero(np.diff(of, prepend=-1))
    found = np.full(
        (rows.shape[0], int(max(of.max(initial=0), wanted.max(initial=0))) + 1), nothing
    )
    if starts.size:
        found[:, of[starts]] = pick(pick.reduceat(rows, starts, axis=1), nothing)
    return found[:, wanted] if found.shape[1] > 1 else found


def _left(lines: Lines, holds: BoolArray, allowed: int) -> BoolArray:
    """Return which halves fail no more rules than allowed, told where each line may hold."""
    rules = [(*told, *hints) for told, hints in zip(lines.told, lines.hints, strict=True)]
    if not allowed:
        return _all([clause for rule in rules for clause in rule], holds)
    failed = np.zeros(holds.shape[1], np.intp)
    for clauses in rules:
        failed += ~_all(clauses, holds)
    return failed <= allowed


def _all(clauses: Sequence[Places], holds: BoolArray) -> BoolArray:
    """Return where each clause holds."""
    kept = np.logical_and.reduce(holds[[line for line, *others in clauses if not others]])
    for places in clauses:
        if len(places) > 1:
            kept &= np.logical_or.reduce(holds[list(places)])
    return kept
