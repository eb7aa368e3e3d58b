"""Exposures: what is held of each underlying, and of all of them together."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from strikedesk.portfolio.books import total
from strikedesk.portfolio.holdings import Exposure, Holding


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """As `books.Total`, of statistics: `amount` is None as soon as one part is unknown."""

    amount: float | None
    known: float
    unknown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderlyingRisk:
    """What is held of one underlying. A figure is None as soon as one holding lacks its part.

    Units: those of `Exposure`; `beta_delta` is the dollar delta times `beta`, in USD of the
    benchmark; `worst` the lowest profit over the stress grid, USD, all else left out.
    """

    underlying: str
    positions: int
    spot: Decimal | None
    value: Decimal | None
    beta: float | None
    exposure: Exposure | None
    worst: float | None

    @property
    def beta_delta(self) -> float | None:
        """What moves like it of the benchmark, USD."""
        if self.beta is None or self.exposure is None:
            return None
        return self.beta * self.exposure.dollar_delta


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposures:
    """Sums over all underlyings, in the units of `Exposure`; those that lack a part are counted."""

    dollar_delta: Sum
    beta_delta: Sum
    gamma: Sum
    theta: Sum
    vega: Sum


@dataclass(frozen=True, slots=True, kw_only=True)
class Concentration:
    """How much of the risk is in one underlying: in `largest`, `share` of it.

    The risk of each is its own loss in the worst cell of the stress grid; `effective` is how many
    equal ones they count as, 1 over the sum of squared shares; `of` how many have a loss known.
    """

    largest: str
    share: float
    effective: float
    of: int


def by_underlying(holdings: Iterable[Holding]) -> Mapping[str, Sequence[Holding]]:
    """Return the holdings of each underlying, in the order of their names."""
    found: dict[str, list[Holding]] = {}
    for each in holdings:
        found.setdefault(each.underlying, []).append(each)
    return dict(sorted(found.items()))


def added(exposures: Iterable[Exposure | None]) -> Exposure | None:
    """Return the sum; None as soon as one is unknown."""
    parts = [*exposures]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    return Exposure(
        dollar_delta=sum(part.dollar_delta for part in known),
        gamma=sum(part.gamma for part in known),
        theta=sum(part.theta for part in known),
        vega=sum(part.vega for part in known),
    )


def risk_of(
    underlying: str, held: Sequence[Holding], *, beta: float | None, worst: float | None
) -> UnderlyingRisk:
    """Return what is held of one underlying."""
    return UnderlyingRisk(
        underlying=underlying,
        positions=len(held),
        spot=held[0].spot,
        value=total(each.position.market_value for each in held).amount,
        beta=beta,
        exposure=added(each.exposure for each in held),
        worst=worst,
    )


def summed(rows: Sequence[UnderlyingRisk]) -> Exposures:
    """Return the sums."""
    parts = [row.exposure for row in rows]
    return Exposures(
        dollar_delta=known_sum(part and part.dollar_delta for part in parts),
        beta_delta=known_sum(row.beta_delta for row in rows),
        gamma=known_sum(part and part.gamma for part in parts),
        theta=known_sum(part and part.theta for part in parts),
        vega=known_sum(part and part.vega for part in parts),
    )


def concentration(rows: Iterable[UnderlyingRisk]) -> Concentration | None:
    """Return where the risk is; None where no underlying is known to lose anything."""
    losses = {row.underlying: max(-row.worst, 0.0) for row in rows if row.worst is not None}
    whole = sum(losses.values())
    if whole <= 0.0:
        return None
    largest = max(losses, key=lambda name: losses[name])
    squares = sum((loss / whole) ** 2 for loss in losses.values())
    return Concentration(
        largest=largest, share=losses[largest] / whole, effective=1.0 / squares, of=len(losses)
    )


def known_sum(parts: Iterable[float | None]) -> Sum:
    """Return the sum of statistics of which some may be unknown."""
    rows = [*parts]
    known = [part for part in rows if part is not None]
    unknown = len(rows) - len(known)
    return Sum(amount=None if unknown else sum(known), known=sum(known), unknown=unknown)
