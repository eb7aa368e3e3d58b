"""The contracts that a pattern's options can be, on one axis.

Expirations that are searched by themselves may be laid out together, one after another.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from strikedesk.quant.candidates.axis import Axis, Ends, chosen_of, distinct, flaws_of, side
from strikedesk.quant.candidates.chain import Chain, Slice
from strikedesk.quant.candidates.columns import Columns, Laid
from strikedesk.quant.candidates.found import Flaw
from strikedesk.quant.candidates.search import Search
from strikedesk.quant.candidates.shape import Shape
from strikedesk.quant.candidates.values import Values
from strikedesk.quant.contracts import BoolArray, Lanes
from strikedesk.quant.normal import FloatArray
from strikedesk.quant.strategies.legs import Kind


@dataclass(frozen=True, eq=False, kw_only=True)
class Board:
    """What a search sees of some expirations, or of a nearer and a farther one.

    Units: `places` of the expirations in the chain; `near` those at which a result is reckoned: all
    of them, or the nearer one; `months` these and the farther one; `columns` for each of the
    pattern's options and quantity; `open` where an option is to be had; `values` of what ends at
    each of the near ones.
    """

    chain: Chain
    shape: Shape
    places: tuple[int, ...]
    axis: Axis
    near: Ends
    months: tuple[Ends, Ends]
    columns: tuple[Columns, ...]
    open: tuple[BoolArray, ...]
    values: tuple[Values, ...]

    @property
    def strikes(self) -> FloatArray:
        """The strikes, USD: ascending for each expiration."""
        return self.axis.strikes

    @property
    def below(self) -> FloatArray:
        """The chance of ending at or below each strike."""
        return self.near.below

    @cached_property
    def days(self) -> FloatArray:
        """The calendar days to each near expiration."""
        return np.array([each.days for each in self.near.slices])

    @cached_property
    def yearly(self) -> FloatArray:
        """What of a year each near expiration is, inverted."""
        return np.array([1.0 / each.years for each in self.near.slices])

    @cached_property
    def carried(self) -> FloatArray:
        """What a share is worth more today than it costs, on average at each near expiration."""
        return np.array(self.near.carried(self.chain.spot))

    @cached_property
    def tables(self) -> tuple[FloatArray, ...]:
        """Each option's value at the nearer of two expirations, strikes by prices of the share."""
        return tuple(
            self.values[0].over(option, self.strikes, columns.of("iv"))
            for option, columns in zip(self.shape.options, self.columns, strict=True)
        )


def counted(slices: Sequence[Slice], kinds: set[Kind]) -> Counter[Flaw]:
    """Return how many contracts of some expirations have each flaw."""
    quotes = [side(each, kind) for each in slices for kind in kinds]
    if not quotes:
        return Counter()
    bid, ask = (
        np.concatenate(each) for each in zip(*((q.bid, q.ask) for q in quotes), strict=True)
    )
    return Counter({flaw: int(rows.sum()) for flaw, rows in flaws_of(bid, ask).items()})


def board_of(
    chain: Chain,
    search: Search,
    shape: Shape,
    places: tuple[int, ...],
    rows: Sequence[Lanes] | None = None,
) -> Board:
    """Lay out expirations: a nearer and a farther one for a pattern of two, else any number.

    Units: `rows` the strikes of each expiration to lay out, ascending, None for all. Law: all of
    them where a pattern has two expirations.
    """
    slices = [chain.slices[place] for place in places]
    own, far = (slices[:1], slices[1:]) if shape.months > 1 else (slices, [])
    axis = _axis(slices, ladders=len(own)) if rows is None else _some(slices, rows)
    near = Ends(own, axis, rows)
    months = (near, Ends(far, axis))
    values = tuple(Values.of(chain, [each, *far]) for each in own)
    laid = Laid(spot=chain.spot, near=near, values=values, slippage=search.slippage)
    columns = tuple(
        Columns(laid, months[option.month], option, leads=not place)
        for place, option in enumerate(shape.options)
    )
    return Board(
        chain=chain,
        shape=shape,
        places=places,
        axis=axis,
        near=near,
        months=months,
        columns=columns,
        open=tuple(each.open(search.window) for each in columns),
        values=values,
    )


def _axis(slices: Sequence[Slice], *, ladders: int) -> Axis:
    """Return the strikes one after another, or those of two expirations as one ladder."""
    if ladders == len(slices):
        strikes = [each.strikes for each in slices]
        return Axis(strikes=np.concatenate(strikes), sizes=tuple(each.size for each in strikes))
    ladder = distinct(np.concatenate([each.strikes for each in slices]))
    return Axis(strikes=ladder, sizes=(ladder.size,))


def _some(slices: Sequence[Slice], rows: Sequence[Lanes]) -> Axis:
    """Return some strikes of expirations one after another."""
    strikes = chosen_of([each.strikes for each in slices], rows)
    return Axis(strikes=strikes, sizes=tuple(each.size for each in rows))
