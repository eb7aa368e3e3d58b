"""Legs for a request, out of what is listed."""

from dataclasses import dataclass
from functools import reduce

import numpy as np
import numpy.typing as npt

from strikedesk.quant.contracts import BoolArray
from strikedesk.quant.normal import FloatArray
from strikedesk.quant.strategies.legs import SHARES_PER_CONTRACT, Kind, Leg
from strikedesk.quant.strategies.patterns import Token
from strikedesk.quant.strategies.request import Request, Unmet

_AT_THE_MONEY = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The contracts of one underlying, a column each.

    Units: `spot`, `strike` USD; `years` ACT/365; `delta` per $1, NaN where unknown.
    """

    spot: float
    strike: FloatArray
    years: FloatArray
    is_call: BoolArray
    delta: FloatArray

    @classmethod
    def of(
        cls,
        *,
        spot: float,
        strike: npt.ArrayLike,
        years: npt.ArrayLike,
        is_call: npt.ArrayLike,
        delta: npt.ArrayLike,
    ) -> "Listing":
        """Return the listing of columns of any kind."""
        return cls(
            spot=spot,
            strike=np.asarray(strike, np.float64),
            years=np.asarray(years, np.float64),
            is_call=np.asarray(is_call, np.bool_),
            delta=np.asarray(delta, np.float64),
        )


def built(request: Request, listing: Listing) -> tuple[Leg, ...]:
    """Return the legs nearest to what was asked for.

    Law: each expiration is the listed one nearest to its days. With a delta, the options that are
    sold (bought, where none is) have the strikes whose deltas are nearest to it, those of a strike
    that is both call and put the one nearest the money; the other strikes are `width` further out
    or in, each from the chosen one beside it. Without, the strikes are `width` apart around the
    spot. Every strike is listed for its legs, and no two are one.

    Raises:
        Unmet: something that is needed was not said, or nothing listed fits; it says what.
    """
    ends = _expirations(request, listing)
    tokens = request.pattern.signature
    ranks = sorted({token[2] for token in tokens} - {0})
    wanted = _by_delta(request, listing, ends) if request.delta else {}
    if len(ranks) > max(len(wanted), 1) and request.width is None:
        raise Unmet(f"{request.pattern.name} has more strikes: say how wide, as 5 wide")
    width = request.width or 0.0
    strikes: dict[int, float] = {}
    for rank in ranks:
        near = min(wanted, key=lambda each: abs(each - rank), default=None)
        centre = listing.spot if near is None else wanted[near]
        from_rank = 0.5 * (ranks[0] + ranks[-1]) if near is None else near
        aim = centre + (rank - from_rank) * width
        strikes[rank] = _listed(aim, [t for t in tokens if t[2] == rank], listing, ends)
    chosen = [strikes[rank] for rank in ranks]
    if sorted(set(chosen)) != chosen:
        raise Unmet("the listed strikes are too far apart for this: ask for wider or another delta")
    return tuple(_leg(token, strikes, ends, request.units) for token in tokens)


def _expirations(request: Request, listing: Listing) -> tuple[float, ...]:
    """Return the listed years nearest to each of the days, earlier first."""
    listed = np.array(sorted({each for each in listing.years.tolist() if each > 0.0}))
    if not listed.size:
        raise Unmet("no expiration is listed")
    found = tuple(float(listed[np.argmin(np.abs(listed - days / 365.0))]) for days in request.days)
    if len(set(found)) < len(found):
        raise Unmet("one expiration is the nearest to both: say days further apart")
    return found


def _by_delta(request: Request, listing: Listing, ends: tuple[float, ...]) -> dict[int, float]:
    """Return the strikes that the delta chooses, by rank."""
    options = [token for token in request.pattern.signature if token[0] is not Kind.SHARE]
    sold = [token for token in options if token[3] < 0] or options
    found: dict[int, float] = {}
    for token in sold:
        both = len({other[0] for other in sold if other[2] == token[2]}) > 1
        aim = _AT_THE_MONEY if both else request.delta or _AT_THE_MONEY
        at = _nearest_delta(token, aim, listing, ends)
        # Two that are sold side by side cannot have one delta: the first has it, the other a width.
        if at not in found.values():
            found.setdefault(token[2], at)
    return found


def _nearest_delta(token: Token, aim: float, listing: Listing, ends: tuple[float, ...]) -> float:
    side = (listing.is_call == (token[0] is Kind.CALL)) & (listing.years == ends[token[1] - 1])
    known = np.flatnonzero(side & np.isfinite(listing.delta))
    if not known.size:
        raise Unmet("no delta is known at that expiration: ask for strikes by width")
    nearest = known[np.argmin(np.abs(np.abs(listing.delta[known]) - aim))]
    return float(listing.strike[nearest])


def _listed(aim: float, tokens: list[Token], listing: Listing, ends: tuple[float, ...]) -> float:
    """Return the strike nearest to `aim` that is listed for all of its legs."""
    sides = {(kind is Kind.CALL, ends[month - 1]) for kind, month, _, _ in tokens}
    ladders = [
        listing.strike[(listing.is_call == call) & (listing.years == end)] for call, end in sides
    ]
    common = reduce(np.intersect1d, ladders)
    if not common.size:
        raise Unmet("no strike is listed for all legs that share it")
    apart = np.abs(common - aim)
    return float(common[apart == apart.min()].min())


def _leg(token: Token, strikes: dict[int, float], ends: tuple[float, ...], units: int) -> Leg:
    kind, month, rank, ratio = token
    if kind is Kind.SHARE:
        return Leg(kind=kind, quantity=SHARES_PER_CONTRACT * ratio * units)
    return Leg(kind=kind, quantity=ratio * units, strike=strikes[rank], years=ends[month - 1])
