"""The best few of a long stream, whatever its pieces."""

import numpy as np

from strikedesk.quant.candidates.halves import Lanes
from strikedesk.quant.normal import FloatArray


class Podium:
    """Keeps the `room` entries of the lowest keys; equal keys go by their rows, lowest first."""

    def __init__(self, room: int, width: int) -> None:
        self._room = room
        self.keys: FloatArray = np.zeros(0)
        self.rows: Lanes = np.zeros((0, width), np.intp)

    @property
    def bar(self) -> float:
        """The key above which nothing enters any more."""
        return float(self.keys[-1]) if self.keys.size == self._room else np.inf

    def enter(self, keys: FloatArray, rows: Lanes) -> None:
        """Offer entries, a row of numbers for each key."""
        bar = self.bar
        if keys.size > self._room:
            bar = min(bar, float(np.partition(keys, self._room - 1)[self._room - 1]))
        near = np.flatnonzero(keys <= bar)
        if not near.size:
            return
        keys = np.concatenate((self.keys, keys[near]))
        rows = np.concatenate((self.rows, rows[near]))
        order = np.lexsort((*rows.T[::-1], keys))[: self._room]
        self.keys, self.rows = keys[order], rows[order]
