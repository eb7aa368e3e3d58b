"""Halves that no partner can save, found before any pair is formed.

A line is kept by a pair only if the lower half's number is no less than the upper one's: a lower
half below all upper ones, or an upper one above all lower ones, is in no pair that keeps it.
"""

from typing import Final

import numpy as np

from strikedesk.quant.candidates.halves import Half, Lanes
from strikedesk.quant.candidates.lines import Lines, held_by
from strikedesk.quant.contracts import BoolArray
from strikedesk.quant.normal import FloatArray

_ROUNDS: Final = 2  # What one side loses may doom halves of the other.
_FEW: Final = 0.06  # To leave out fewer than this share takes longer than to look at their pairs.


def hopeful(lines: Lines, halves: tuple[Half, Half], allowed: int) -> tuple[Lanes, Lanes] | None:
    """Return the halves that may be in a pair that fails no more rules than allowed.

    Law: None stands for nearly all; both sides go by expiration, or the upper one is absent.
    """
    own, theirs = (each.numbers for each in halves)
    if not halves[1].rows.shape[0]:
        own = np.zeros_like(own)
    lanes: tuple[Lanes, Lanes] | None = None
    for _ in range(_ROUNDS):
        some = [_left(lines, holds, allowed) for holds in _holds(lines, own, theirs)]
        if all(np.count_nonzero(each) >= (1.0 - _FEW) * each.size for each in some):
            break
        left: tuple[Lanes, Lanes] = np.flatnonzero(some[0]), np.flatnonzero(some[1])
        lines, own, theirs = lines.chosen(*left), own[left[0]], theirs[left[1]]
        lanes = left if lanes is None else (lanes[0][left[0]], lanes[1][left[1]])
    return lanes


def _holds(lines: Lines, own: Lanes, theirs: Lanes) -> tuple[BoolArray, BoolArray]:
    """Return which lines (rows) each half may hold with any other of its expiration."""
    return (
        lines.low >= _extreme(np.fmin, lines.loose, theirs, own, np.inf),
        lines.loose <= _extreme(np.fmax, lines.low, own, theirs, -np.inf),
    )


def _extreme(
    pick: np.ufunc, rows: FloatArray, of: Lanes, wanted: Lanes, nothing: float
) -> FloatArray:
    """Return the extreme of each row in the expirations `of` its columns, for those `wanted`."""
    starts = np.flatnonzero(np.diff(of, prepend=-1))
    last = max(int(each[-1]) if each.size else 0 for each in (of, wanted))
    found = np.full((rows.shape[0], last + 1), nothing)
    if starts.size:
        found[:, of[starts]] = pick(pick.reduceat(rows, starts, axis=1), nothing)
    return found.take(wanted, axis=1) if last else found


def _left(lines: Lines, holds: BoolArray, allowed: int) -> BoolArray:
    """Return which halves fail no more rules than allowed, told where each line may hold."""
    rules = [(*told, *hints) for told, hints in zip(lines.told, lines.hints, strict=True)]
    if not allowed:
        return held_by([clause for rule in rules for clause in rule], holds)
    failed = np.zeros(holds.shape[1], np.intp)
    for clauses in rules:
        failed += ~held_by(clauses, holds)
    return failed <= allowed
