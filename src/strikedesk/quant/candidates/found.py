"""What a search found: the best, what nearly was, and what the rest fell to."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from strikedesk.quant.candidates.measures import Measure
from strikedesk.quant.strategies.legs import Kind


class Flaw(StrEnum):
    """Why a contract is in no candidate."""

    NO_QUOTE = "no_quote"  # A bid or an ask is missing.
    NO_BID = "no_bid"  # The bid is 0.
    CROSSED = "crossed"  # The bid is above the ask.


@dataclass(frozen=True, slots=True)
class Chosen:
    """A leg: where it stands in the chain, and what it is.

    Units: `ratio` contracts, or hundreds of shares, to a unit, + bought; `slice` and `row` the
    places of its expiration in the chain and of its strike in the expiration. All three are 0 for
    shares, whose `strike` is 0.
    """

    kind: Kind
    ratio: int
    slice: int
    row: int
    strike: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One combination. Law: `measures` has every measure, None where it is unknown.

    Units: `mid` and `natural` USD per share of one unit, + paid: at the mids, and across every
    spread; `break_evens` USD, ascending.
    """

    legs: tuple[Chosen, ...]
    score: float
    mid: float
    natural: float
    break_evens: tuple[float, ...]
    measures: Mapping[Measure, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMiss:
    """A candidate that fails one rule alone, by `by` in the measure's unit (always positive).

    Units: `margin` the same as a fraction of the bound, or of the measure's scale at a bound of 0.
    """

    candidate: Candidate
    measure: Measure
    bound: float
    by: float
    margin: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The answer of a search.

    Law: `enumerated` counts the combinations in the window, `passed` those that keep all rules,
    or where no count was asked for those of them that were come across; `alone` says how many fail
    a rule and no other, `unknown` how many of those because the fact is unknown. Both are None
    where no near misses were asked for. `flaws` counts contracts.
    """

    candidates: tuple[Candidate, ...]
    near: tuple[NearMiss, ...]
    enumerated: int
    passed: int
    alone: Mapping[Measure, int] | None
    unknown: Mapping[Measure, int] | None
    flaws: Mapping[Flaw, int]
