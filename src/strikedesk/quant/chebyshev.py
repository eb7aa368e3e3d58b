"""Interpolation between the extrema of a Chebyshev polynomial, as a matrix that is reused."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from strikedesk.quant.normal import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Chebyshev:
    """The points -cos(πj/n) on [-1, 1], and what it takes to interpolate between them.

    Source: J.-P. Berrut, L. N. Trefethen, SIAM Review 46 (2004) 501, the second formula.
    """

    points: FloatArray
    weights: FloatArray

    @classmethod
    def of(cls, degree: int) -> Self:
        """Return the `degree` + 1 points, from -1 to 1."""
        steps = np.arange(degree + 1)
        weights = np.where(steps % 2, -1.0, 1.0)
        weights[[0, -1]] *= 0.5
        return cls(points=-np.cos(np.pi * steps / degree), weights=weights)

    def matrix(self, x: FloatArray) -> FloatArray:
        """Return the rows that turn values at the points into values at each `x`."""
        away = x[:, None] - self.points
        away[away == 0.0] = np.finfo(np.float64).tiny  # At a point, its own term outweighs all.
        rows = np.divide(self.weights, away, out=away)
        rows /= rows.sum(axis=1, keepdims=True)
        return rows
