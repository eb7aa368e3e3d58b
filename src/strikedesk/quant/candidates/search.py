"""What is searched for: a pattern, rules that bound measures, and how the rest is ranked."""

from dataclasses import dataclass, field
from math import inf, isfinite
from typing import Final

from strikedesk.quant.candidates.measures import MEANINGS, Measure
from strikedesk.quant.strategies.patterns import Pattern

# Half a cent: less can neither be lost nor earned by an order, so a quote of it is out of date.
LEAST_USD: Final = 0.005
SAME: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Bound:
    """A rule: a measure is known, and within both ends where they are given.

    Law: an unknown measure never passes, nor does one beyond an end by more than a millionth.
    """

    measure: Measure
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        """Refuse ends that nothing lies between."""
        if not self.lowest <= self.highest:  # A NaN is no end either.
            raise ValueError(f"{self.measure}: write a low end that is not above the high one")

    @property
    def lowest(self) -> float:
        """The low end, -inf where there is none."""
        return -inf if self.low is None else self.low

    @property
    def highest(self) -> float:
        """The high end, inf where there is none."""
        return inf if self.high is None else self.high

    def both(self, other: "Bound") -> "Bound":
        """Return the rule that holds where both do."""
        low, high = max(self.lowest, other.lowest), min(self.highest, other.highest)
        return Bound(self.measure, low if isfinite(low) else None, high if isfinite(high) else None)

    def slack(self) -> tuple[float, float]:
        """Return the ends, each moved out by a millionth of itself or of the measure's scale."""
        scale = MEANINGS[self.measure].scale
        low, high = self.lowest, self.highest
        return (
            low - SAME * max(abs(low), scale) if isfinite(low) else low,
            high + SAME * max(abs(high), scale) if isfinite(high) else high,
        )


@dataclass(frozen=True, slots=True)
class Weight:
    """How much a measure counts in the order of candidates; negative where less is better."""

    measure: Measure
    weight: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what does not weigh."""
        if not isfinite(self.weight) or self.weight == 0.0:
            raise ValueError(f"{self.measure}: a weight is a number other than 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which combinations are looked at at all; None bounds nothing.

    Units: `days` and `far_days` calendar days to the nearer and the farther expiration, both ends
    inclusive; `wing` how many listed strikes a bought strike is at most from the neighbouring sold
    one of its kind; `sold` and `bought` ranges of |delta| of every option sold or bought.
    Law: an option whose delta is unknown is in no range.
    """

    days: tuple[float, float] = (0.0, inf)
    far_days: tuple[float, float] = (0.0, inf)
    wing: int | None = None
    sold: tuple[float, float] | None = None
    bought: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A pattern's candidates that keep all bounds, best first.

    A candidate's score is the sum of weight x x/(|x| + scale) over the ranked measures, each by
    its own scale: it depends on the candidate alone, so that scores of any chains and days compare,
    and one measure alone ranks as itself. Equal scores go by expiration and then by strikes.

    Units: `slippage` the share of half the bid-ask spread that every option pays beyond its mid:
    0 the mid, 1 the natural price; `top` and `per_expiration` how many are kept; `near` how many
    near misses; `most` how many combinations are looked at before the search is refused.
    Law: a ranked measure must be known. Whatever the bounds, a candidate can lose half a cent and
    earn one: what cannot stems from a quote that is out of date. A bound on the days chooses
    expirations, as the window does, and misses none nearly. With `near` 0 nothing is known of what
    a rule alone removed, and the search is faster; without `count` neither of how many passed, and
    it is faster again: what cannot be among the best is not looked at.
    """

    pattern: Pattern
    bounds: tuple[Bound, ...] = ()
    ranking: tuple[Weight, ...] = (Weight(Measure.EV_TO_RISK),)
    window: Window = field(default_factory=Window)
    slippage: float = 0.5
    top: int = 20
    per_expiration: int | None = None
    near: int = 3
    count: bool = True
    most: int = 2_000_000_000

    def __post_init__(self) -> None:
        """Refuse what cannot be searched for."""
        if not self.ranking or self.top < 1 or self.near < 0 or (self.per_expiration or 1) < 1:
            raise ValueError("rank by one measure at least, and keep one candidate at least")
        if self.near and not self.count:
            raise ValueError("near misses are counted: ask for none, or leave the count on")
        if not 0.0 <= self.slippage <= 1.0:
            raise ValueError("slippage is a share, from 0 (the mid) to 1 (the natural price)")
        _ = self.rules  # Two bounds of one measure that nothing can keep together are refused.

    @property
    def rules(self) -> tuple[Bound, ...]:
        """What a candidate is judged by: one rule for each measure, days left out."""
        least = [Bound(m, low=LEAST_USD) for m in (Measure.MAX_LOSS, Measure.MAX_PROFIT)]
        ranked = [Bound(weight.measure) for weight in self.ranking]
        merged: dict[Measure, Bound] = {}
        for bound in (*self.bounds, *least, *ranked):
            known = merged.get(bound.measure)
            merged[bound.measure] = bound if known is None else known.both(bound)
        return tuple(bound for bound in merged.values() if bound.measure is not Measure.DAYS)

    @property
    def days(self) -> tuple[float, float]:
        """The days to the nearest expiration that are searched, both ends inclusive."""
        low, high = self.window.days
        for bound in self.bounds:
            if bound.measure is Measure.DAYS:
                low, high = max(low, bound.lowest), min(high, bound.highest)
        return low, high
