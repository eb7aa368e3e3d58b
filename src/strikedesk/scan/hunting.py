"""The search of one chain, off the event loop: numpy is imported when it is first called."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import inf
from typing import TYPE_CHECKING, Final

from strikedesk.domain.money import SHARES_PER_CONTRACT
from strikedesk.quant.candidates.measures import Measure
from strikedesk.quant.candidates.search import LEAST_USD, Bound, Search, Weight, Window
from strikedesk.scan.chains import SeenChain
from strikedesk.scan.definition import Bounds, Scan
from strikedesk.scan.picks import Pick, pick_of
from strikedesk.scan.pieces import laid_out
from strikedesk.scan.verdicts import RuledOutError

if TYPE_CHECKING:
    from strikedesk.quant.candidates.found import Found

NEAR: Final = 3
MOST: Final = 300_000_000  # A few seconds.


@dataclass(frozen=True, slots=True, kw_only=True)
class NearPick:
    """A trade that one rule alone keeps out. Units: `margin` a fraction of the bound."""

    pick: Pick
    measure: Measure
    asked: Bounds
    margin: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Hunted:
    """What the search of one chain came to.

    `removed` says how many each rule alone keeps out, `flaws` how many contracts were of no use.
    """

    picks: tuple[Pick, ...]
    near: tuple[NearPick, ...]
    enumerated: int
    passed: int
    removed: Mapping[str, int]
    flaws: Mapping[str, int]


def hunted(chain: SeenChain, scan: Scan, loss_most: Decimal | None, *, near: int = NEAR) -> Hunted:
    """Search a chain. Units: `loss_most` USD that one unit may lose, None = anything.

    Without `near` misses nothing is counted by rule either, and a search takes a third of the time.

    Raises:
        RuledOutError: there are more combinations than anybody waits for.
    """
    if loss_most is not None and not _bears(scan, loss_most):
        raise RuledOutError("max_loss", f"the account bears {loss_most:.2f} USD a unit")
    asked = asked_of(scan, loss_most)
    found = _searched(chain, search_of(scan, asked, near))
    slippage = Decimal(str(scan.slippage))
    return Hunted(
        picks=tuple(pick_of(each, chain, slippage) for each in found.candidates),
        near=tuple(
            NearPick(
                pick=pick_of(each.candidate, chain, slippage),
                measure=each.measure,
                asked=asked.get(each.measure, Bounds(low=each.bound)),
                margin=each.margin,
            )
            for each in found.near
        ),
        enumerated=found.enumerated,
        passed=found.passed,
        removed={measure.value: count for measure, count in (found.alone or {}).items() if count},
        flaws={flaw.value: count for flaw, count in found.flaws.items() if count},
    )


def _searched(chain: SeenChain, asked: Search) -> "Found":
    from strikedesk.quant.candidates.chain import Chain  # noqa: PLC0415 -- imports numpy
    from strikedesk.quant.candidates.searching import search  # noqa: PLC0415 -- imports numpy

    spot = float(chain.spot)
    slices = laid_out(chain.pieces, spot)
    columns = Chain(spot=spot, slices=slices, forecast=chain.forecast)
    try:
        return search(columns, asked)
    except ValueError:  # A checked scan can only ask for too much.
        raise RuledOutError("combinations", f"more than {MOST}: bound the chain") from None


def _bears(scan: Scan, loss_most: Decimal) -> bool:
    """Whether there is a loss that an account bears and a scan's own rules allow."""
    least = scan.rules.get(Measure.MAX_LOSS, Bounds()).low or 0.0
    return float(loss_most) / SHARES_PER_CONTRACT >= max(least, LEAST_USD)


def asked_of(scan: Scan, loss_most: Decimal | None) -> Mapping[Measure, Bounds]:
    """Return the rules of a scan, with the greatest loss that an account bears among them."""
    if loss_most is None:
        return scan.rules
    most, own = float(loss_most) / SHARES_PER_CONTRACT, scan.rules.get(Measure.MAX_LOSS, Bounds())
    high = most if own.high is None else min(most, own.high)
    return {**scan.rules, Measure.MAX_LOSS: Bounds(low=own.low, high=high)}


def search_of(scan: Scan, asked: Mapping[Measure, Bounds], near: int) -> Search:
    """Return what the kernel is asked for."""
    chain = scan.chain
    return Search(
        pattern=scan.pattern,
        bounds=tuple(Bound(measure, each.low, each.high) for measure, each in asked.items()),
        ranking=tuple(Weight(measure, weight) for measure, weight in scan.weights.items()),
        window=Window(
            days=_range(chain.days),
            far_days=_range(chain.far_days),
            wing=chain.wing,
            sold=None if chain.sold is None else _range(chain.sold),
            bought=None if chain.bought is None else _range(chain.bought),
        ),
        slippage=scan.slippage,
        top=scan.caps.per_symbol or scan.top,
        per_expiration=scan.caps.per_expiration,
        near=near,
        most=MOST,
    )


def _range(bounds: Bounds) -> tuple[float, float]:
    return (
        0.0 if bounds.low is None else bounds.low,
        inf if bounds.high is None else bounds.high,
    )


def summed(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Return counts added up, the greatest first."""
    found: dict[str, int] = {}
    for each in counts:
        for name, count in each.items():
            found[name] = found.get(name, 0) + count
    return dict(sorted(found.items(), key=lambda item: -item[1]))
