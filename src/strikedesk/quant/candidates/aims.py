"""What a candidate has to reach to be among the best: of those found, or of a few looked at."""

from typing import Final

import numpy as np

from strikedesk.quant.candidates.judging import Test, judged, scores
from strikedesk.quant.candidates.measures import MEANINGS
from strikedesk.quant.candidates.pairs import Pairs
from strikedesk.quant.candidates.scouts import scouted
from strikedesk.quant.candidates.search import Bound, Search
from strikedesk.quant.candidates.shape import Shape
from strikedesk.quant.candidates.tiles import Tiling
from strikedesk.quant.normal import FloatArray

_SAME: Final = 1e-15  # More than a score of 1 loses.
_MANY: Final = 50_000  # Of fewer pairs all are looked at as soon as a few.


class Aim:
    """The ranking of a search, backwards: from a place on a podium to a bound.

    Law: it can be told where one measure ranks, of which more is better, and no misses are asked
    for.
    """

    def __init__(self, search: Search, shape: Shape, tests: list[Test]) -> None:
        self._search, self._tests = search, tests
        self._only, *others = search.ranking
        self._told = not (search.near or others or self._only.weight < 0.0)
        capped = (search.per_expiration or search.top) < search.top
        self._scouts = self._told and shape.months == 1 and not capped

    def bounds(self, bar: float) -> tuple[Bound, ...]:
        """Return what a pair has to keep whose key is not above a bar, none if that is unknown."""
        # A tie is still among the best.
        score = -bar / self._only.weight - _SAME
        if not self._told or not -1.0 < score < 1.0:
            return ()
        # The score x/(|x| + scale), backwards.
        reach = MEANINGS[self._only.measure].scale * score / (1.0 - abs(score))
        return (Bound(self._only.measure, low=reach),)

    def ahead(self, tiling: Tiling, count: int) -> float:
        """Return the bar that a few of the pairs of a grid set, inf where they tell nothing.

        Units: `count` how many pairs there are.
        """
        if not self._scouts or count < _MANY:
            return np.inf
        keys, top = scouted(tiling, self.in_order), self._search.top
        return float(np.partition(keys, top - 1)[top - 1]) if keys.size >= top else np.inf

    def in_order(self, pairs: Pairs) -> tuple[Pairs, FloatArray]:
        """Return the pairs that keep all rules, and their keys on a podium."""
        (verdicts,) = judged(pairs, self._tests, 0)
        return verdicts.kept, -scores(verdicts.kept, self._search.ranking)
