"""Searches a chain: every combination of every expiration, judged, ranked, counted."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from strikedesk.quant.candidates.board import board_of, counted
from strikedesk.quant.candidates.chain import Chain
from strikedesk.quant.candidates.found import Found
from strikedesk.quant.candidates.search import Search
from strikedesk.quant.candidates.shape import shape_of
from strikedesk.quant.candidates.tally import Tally

# Of so many halves a numpy call takes far longer than to call it.
_HALVES_TOGETHER: Final = 40_000


def search(chain: Chain, sought: Search, *, sieve: bool = True) -> Found:
    """Return the best candidates of a chain, near misses, and what the others fell to.

    Units: without `sieve` every combination is judged in double precision, which is slow.
    Law: the answer is the same with the sieve and without.

    Raises:
        ValueError: the pattern has no option, or more combinations are in the window than the
            search allows.
    """
    shape = shape_of(sought.pattern)
    tally = Tally(chain, sought, shape)
    chosen = list(_expirations(chain, sought, shape.months))
    used = sorted({place for places in chosen for place in places})
    kinds = {option.kind for option in shape.options}
    with np.errstate(all="ignore"):  # What is unknown becomes NaN, which no rule passes.
        for places in _together(chain, sought, chosen) if shape.months == 1 else chosen:
            tally.add(board_of(chain, sought, shape, places), sieve=sieve)
        return tally.found(counted([chain.slices[place] for place in used], kinds))


def _together(
    chain: Chain, sought: Search, chosen: Sequence[tuple[int, ...]]
) -> Iterator[tuple[int, ...]]:
    """Yield expirations that are searched by themselves in groups that are laid out together."""
    group, size = list[int](), 0
    for (place,) in chosen:
        halves = _halves(chain.slices[place].strikes.size, sought)
        if group and size + halves > _HALVES_TOGETHER:
            yield tuple(group)
            group, size = [], 0
        group.append(place)
        size += halves
    if group:
        yield tuple(group)


def _halves(strikes: int, sought: Search) -> int:
    """Return about how many halves of a side an expiration has."""
    others = shape_of(sought.pattern).cut - 1
    return strikes * min(strikes, sought.window.wing or strikes) ** others


def _expirations(chain: Chain, sought: Search, months: int) -> Iterator[tuple[int, ...]]:
    """Yield the places of the expirations to look at, nearer and farther where there are two."""
    days = [each.days for each in chain.slices]
    (low, high), (far_low, far_high) = sought.days, sought.window.far_days
    for near, to_near in enumerate(days):
        if not low <= to_near <= high:
            continue
        if months == 1:
            yield (near,)
            continue
        for far in range(near + 1, len(days)):
            if far_low <= days[far] <= far_high:
                yield near, far
