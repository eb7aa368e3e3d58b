"""A few pairs judged beforehand, which tell what the best have to reach.

One pair of every few tiles is judged, then all of the tiles whose pairs are the best. Tiles are of
neighbours: where strikes are many, the best of a few hundred of them are nearly the best of all.
"""

from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np

from strikedesk.quant.candidates.pairs import Pairs
from strikedesk.quant.candidates.pieces import Listed
from strikedesk.quant.candidates.tiles import Tiling
from strikedesk.quant.normal import FloatArray

_TILES: Final = 1024  # Of which a pair is judged.
_NEAREST: Final = 16  # Of which all are.

# Pairs that keep all rules, and their keys, the lowest first in the order of candidates.
Judged: TypeAlias = tuple[Pairs, FloatArray]


def scouted(tiling: Tiling, judge: Callable[[Pairs], Judged]) -> FloatArray:
    """Return the keys of some of the best pairs, each once; none where of a few none is kept."""
    kept, keys = judge(_pairs(tiling, tiling.corners(_TILES)))
    best = np.argsort(keys)[:_NEAREST]
    down, across = (
        strip.of[picked[best]]
        for strip, picked in zip((tiling.rows, tiling.columns), kept.picked, strict=True)
    )
    table = tiling.table(down, across)
    lawful = np.ones(table.shape, np.bool_) if table.lawful is None else table.lawful
    return judge(_pairs(tiling, table.listed(lawful)))[1]


def _pairs(tiling: Tiling, listed: Listed) -> Pairs:
    return Pairs(tiling.grid.halves, (listed.rows, listed.columns))
