"""Where scenarios come from: a grid of moves, days that were, and draws that resemble them.

A move is the logarithm of a factor; those of a day are one row of `moves`, in columns first every
underlying's price, then every underlying's volatility. Rows of one day stay together, so that what
moved together does.
"""

from collections.abc import Sequence

import numpy as np

from strikedesk.quant.normal import FloatArray
from strikedesk.quant.revaluation import Scenarios


def grid(underlyings: int, spot: Sequence[float], volatility: Sequence[float]) -> Scenarios:
    """Return every pair of factors, the same for all underlyings, no time passing.

    Law: the columns are in the order of `spot` and, within one, of `volatility`.
    """
    prices, volatilities = np.meshgrid(np.asarray(spot), np.asarray(volatility), indexing="ij")
    shape = (underlyings, prices.size)
    return Scenarios(
        spot=np.broadcast_to(prices.ravel(), shape),
        volatility=np.broadcast_to(volatilities.ravel(), shape),
    )


def as_moves(rows: Sequence[Sequence[float]]) -> FloatArray:
    """Return rows of moves as an array."""
    return np.asarray(rows, dtype=np.float64)


def over(moves: FloatArray, sessions: int) -> FloatArray:
    """Return the moves over each run of so many successive days; runs overlap."""
    if len(moves) < sessions:
        return moves[:0]
    ends = np.concatenate((np.zeros((1, moves.shape[1])), np.cumsum(moves, axis=0)))
    return ends[sessions:] - ends[:-sessions]


def drawn(moves: FloatArray, sessions: int, count: int, seed: int) -> FloatArray:
    """Return draws of the moves over so many days: normal, without drift.

    Law: their covariance is that of `moves` (sample covariance about the mean, times the days); the
    same seed gives the same draws.

    Raises:
        ValueError: fewer than two days.
    """
    if len(moves) < 2:  # noqa: PLR2004 -- a covariance needs two
        raise ValueError("a covariance needs two days")
    centred = moves - moves.mean(axis=0)
    covariance = centred.T @ centred * (sessions / (len(moves) - 1))
    variances, axes = np.linalg.eigh(covariance)
    root = axes * np.sqrt(np.maximum(variances, 0.0))  # Rounding leaves tiny negative ones.
    draws = np.random.default_rng(seed).standard_normal((count, moves.shape[1]))
    return draws @ root.T


def as_scenarios(moves: FloatArray, later: float) -> Scenarios:
    """Return the scenarios of rows of moves, so many years later."""
    factors = np.exp(moves.T)
    half = len(factors) // 2
    return Scenarios(spot=factors[:half], volatility=factors[half:], later=later)
