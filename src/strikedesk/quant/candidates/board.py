"""The contracts that a pattern's options can be, of one expiration or two, on one axis."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from strikedesk.quant.candidates.chain import Chain, Slice
from strikedesk.quant.candidates.columns import Columns, flaws_of
from strikedesk.quant.candidates.found import Flaw
from strikedesk.quant.candidates.search import Search
from strikedesk.quant.candidates.shape import Shape
from strikedesk.quant.candidates.values import Values
from strikedesk.quant.contracts import BoolArray
from strikedesk.quant.likelihoods import expected_move
from strikedesk.quant.normal import FloatArray
from strikedesk.quant.strategies.legs import Kind


@dataclass(frozen=True, eq=False, kw_only=True)
class Board:
    """What a search sees of one expiration, or of a nearer and a farther one.

    Units: `places` of the expirations in the chain; `strikes` USD, ascending; `move` the expected
    one, USD; `below` the chance of ending at or below each strike; `columns` for each of the
    pattern's options and quantity; `open` where an option is to be had.
    """

    chain: Chain
    shape: Shape
    places: tuple[int, ...]
    strikes: FloatArray
    move: float
    below: FloatArray
    columns: tuple[Columns, ...]
    open: tuple[BoolArray, ...]
    values: Values

    @property
    def near(self) -> Slice:
        """The expiration, the nearer one of two."""
        return self.chain.slices[self.places[0]]

    @cached_property
    def tables(self) -> tuple[FloatArray, ...]:
        """Each option's value at the nearest expiration, strikes by prices of the share."""
        return tuple(
            self.values.over(option, self.strikes, columns.of("iv"))
            for option, columns in zip(self.shape.options, self.columns, strict=True)
        )


def counted(slices: Sequence[Slice], kinds: set[Kind]) -> Counter[Flaw]:
    """Return how many contracts of some expirations have each flaw."""
    found = Counter[Flaw]()
    for each in slices:
        for kind in kinds:
            for flaw, rows in flaws_of(each.calls if kind is Kind.CALL else each.puts).items():
                found[flaw] += int(rows.sum())
    return found


def board_of(chain: Chain, search: Search, shape: Shape, places: tuple[int, ...]) -> Board:
    """Lay out one expiration, or two."""
    slices = [chain.slices[place] for place in places]
    near = slices[0]
    strikes = np.unique(np.concatenate([each.strikes for each in slices]))
    values = Values.of(chain, slices)
    move = float(expected_move(chain.spot, near.market.volatility, near.years))
    columns = tuple(
        Columns(
            chain,
            slices[option.month],
            option,
            strikes,
            move=move,
            values=values,
            slippage=search.slippage,
        )
        for option in shape.options
    )
    return Board(
        chain=chain,
        shape=shape,
        places=places,
        strikes=strikes,
        move=move,
        below=near.market.below(strikes),
        columns=columns,
        open=tuple(each.open(search.window) for each in columns),
        values=values,
    )
