"""What is known of a pattern before any strike: its legs by rank, its gaps, its payoff's corners.

A result at expiration is straight between strikes, so that its corners are sums of strikes with
whole coefficients: at strike r, the calls below bring K_r - K_l each and the puts above K_l - K_r.
Corners that others outdo at any ascending strikes are dropped here, once; what is left of a
vertical is 0 and its width.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, pairwise

from strikedesk.quant.strategies.legs import Kind
from strikedesk.quant.strategies.patterns import Pattern, Wings

# Coefficients of the strikes, by rank from 0.
Sum = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Option:
    """One kind of contract in a unit: `month` and `rank` from 0, `ratio` + bought."""

    kind: Kind
    month: int
    rank: int
    ratio: int

    @property
    def sign(self) -> int:
        """+1 for a call, -1 for a put."""
        return 1 if self.kind is Kind.CALL else -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A pattern, read once.

    Units: `shares` hundreds, + bought; `cut` how many strikes belong to the lower half; `gaps`
    pairs of ranks whose distance is a width; `best` and `worst` the corners that may be the highest
    or lowest, USD before the cost; `slopes` of the result below the first strike, between strikes
    and above the last, in hundreds of shares.
    Law: corners are of one expiration; `best` is empty where the profit has no bound, `worst` where
    the loss has none.
    """

    options: tuple[Option, ...]
    shares: int
    ranks: int
    months: int
    cut: int
    wings: Wings
    gaps: tuple[tuple[int, int], ...]
    corners: tuple[Sum, ...]
    best: tuple[Sum, ...]
    worst: tuple[Sum, ...]
    slopes: tuple[int, ...]

    @property
    def widths(self) -> tuple[Sum, ...]:
        """The gaps as sums of strikes."""
        return tuple(
            tuple((rank == high) - (rank == low) for rank in range(self.ranks))
            for low, high in self.gaps
        )

    @property
    def unevenness(self) -> Sum | None:
        """The lowest gap less the highest, as a sum of strikes; None with fewer than two."""
        if self.ranks < 3:  # noqa: PLR2004 -- two gaps have three ends
            return None
        total = [0] * self.ranks
        for rank, times in ((0, -1), (1, 1), (-2, 1), (-1, -1)):
            total[rank] += times
        return tuple(total)


@cache
def shape_of(pattern: Pattern) -> Shape:
    """Read a pattern.

    Raises:
        ValueError: it has no option, or more than two expirations.
    """
    options = tuple(
        Option(kind, month - 1, rank - 1, ratio)
        for kind, month, rank, ratio in pattern.signature
        if kind is not Kind.SHARE
    )
    if not options:
        raise ValueError(f"{pattern.name} has no option to look for")
    shares = sum(token[3] for token in pattern.signature if token[0] is Kind.SHARE)
    ranks = 1 + max(option.rank for option in options)
    corners = tuple(_corner(options, shares, ranks, at) for at in range(-1, ranks))
    slopes = tuple(_slope(options, shares, above) for above in range(-1, ranks))
    return Shape(
        options=options,
        shares=shares,
        ranks=ranks,
        months=1 + max(option.month for option in options),
        cut=(ranks + 1) // 2,
        wings=pattern.wings,
        gaps=_gaps(options),
        corners=corners,
        best=() if slopes[-1] > 0 else _undone(corners, 1),
        worst=() if slopes[-1] < 0 else _undone(corners, -1),
        slopes=slopes,
    )


def _corner(options: Sequence[Option], shares: int, ranks: int, at: int) -> Sum:
    """Return the result at a strike, or at a price of 0 (`at` -1), as a sum of strikes."""
    total = [0] * ranks
    for option in options:
        inside = option.rank < at if option.kind is Kind.CALL else option.rank > at
        if inside:
            total[option.rank] -= option.sign * option.ratio
            if at >= 0:
                total[at] += option.sign * option.ratio
    if at >= 0:
        total[at] += shares
    return tuple(total)


def _slope(options: Sequence[Option], shares: int, above: int) -> int:
    """Return how the result rises between the strike `above` and the next."""
    calls = sum(o.ratio for o in options if o.kind is Kind.CALL and o.rank <= above)
    puts = sum(o.ratio for o in options if o.kind is Kind.PUT and o.rank > above)
    return shares + calls - puts


def _undone(corners: Sequence[Sum], sign: int) -> tuple[Sum, ...]:
    """Return the corners of which none is always at least as high (`sign` 1) or as low (-1)."""
    different = list(dict.fromkeys(corners))
    return tuple(
        one
        for one in different
        if not any(_always(other, one, sign) for other in different if other != one)
    )


def _always(one: Sum, other: Sum, sign: int) -> bool:
    """Whether a sum is never below another (`sign` 1) or above it (-1).

    Strikes are sums of steps that are not negative, the step to rank r counting for all above.
    """
    steps = accumulate(sign * (a - b) for a, b in zip(reversed(one), reversed(other), strict=True))
    return all(step >= 0 for step in steps)


def _gaps(options: Sequence[Option]) -> tuple[tuple[int, int], ...]:
    """Return neighbouring strikes of one kind, of which one is bought and the other sold."""
    found: set[tuple[int, int]] = set()
    for kind in (Kind.CALL, Kind.PUT):
        by_rank = sorted((o.rank, o.ratio > 0) for o in options if o.kind is kind)
        found |= {(a, b) for (a, up), (b, down) in pairwise(by_rank) if up != down and a != b}
    return tuple(sorted(found))
