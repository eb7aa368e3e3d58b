"""Expirations as a scan cuts them out of chains, kept while the chains that they are of are.

A chain is read once in five minutes and scanned by any number of rule sets: what is laid out of an
expiration stays with its piece, and pieces with the rows that they were cut of.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final, TypeAlias

from strikedesk.domain.calendar import expiration_instant
from strikedesk.domain.quotes import ChainRow, Expiration
from strikedesk.domain.symbols import Right
from strikedesk.scan.sources import Slice

if TYPE_CHECKING:
    from strikedesk.quant.candidates.chain import Slice as Columns
    from strikedesk.quant.quoted_slices import Listing, Quoted

KEPT_MAX: Final = 256  # Of some 100 kB each.
_YEAR: Final = timedelta(days=365)

_Ends: TypeAlias = tuple[Decimal, Decimal | None]
_Root: TypeAlias = tuple[date, str]


def _nothing() -> "dict[float, Columns]":
    return {}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Piece:
    """One expiration of one root.

    Units: `years` from when it was read to its end, ACT/365, more than 0.
    Law: `strikes` ascend; `calls` and `puts` are the contracts listed at them. `laid` is what was
    laid out of it, by the spot of then.
    """

    listed: Expiration
    years: float
    strikes: tuple[Decimal, ...]
    calls: Mapping[Decimal, ChainRow]
    puts: Mapping[Decimal, ChainRow]
    laid: "dict[float, Columns]" = field(default_factory=_nothing, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Cut:
    """The contracts of some rows by expiration and root, and the pieces made of them so far.

    Law: it holds the rows, so that no others can have their identity while it is kept.
    """

    rows: tuple[ChainRow, ...]
    own: Mapping[_Root, Sequence[ChainRow]]
    pieces: dict[tuple[Expiration, datetime], Piece] = field(
        default_factory=dict[tuple[Expiration, datetime], Piece]
    )

    def of(self, listed: Expiration, as_of: datetime) -> Piece | None:
        """Return what is listed of an expiration, None where nothing is or it had ended."""
        rows = self.own.get((listed.day, listed.root))
        years = (expiration_instant(listed.day, listed.settlement) - as_of) / _YEAR
        if not rows or years <= 0.0:
            return None
        key = listed, as_of
        if key not in self.pieces:
            self.pieces[key] = _piece(listed, years, rows)
        return self.pieces[key]


class Pieces:
    """What was cut last of chains.

    Units: `most` how many days of chains are kept; those that were asked for last stay.
    """

    def __init__(self, *, most: int = KEPT_MAX) -> None:
        self._most = most
        self._kept: OrderedDict[tuple[int, _Ends], _Cut] = OrderedDict()

    def of(
        self, slices: Sequence[Slice], listed: Iterable[Expiration], ends: _Ends, now: datetime
    ) -> tuple[Piece, ...]:
        """Return what is listed of expirations, the soonest first; of two at once the first.

        Units: `ends` the lowest and the highest strike, USD. Law: nothing that has ended by `now`.
        """
        cuts = [(self._cut(each, ends), each.as_of) for each in slices]
        found: dict[float, Piece] = {}
        for each in sorted(listed, key=lambda one: (one.day, one.root)):
            if expiration_instant(each.day, each.settlement) <= now:
                continue
            for cut, as_of in cuts:
                piece = cut.of(each, as_of)
                if piece is not None:
                    found.setdefault(piece.years, piece)
        return tuple(found[years] for years in sorted(found))

    def _cut(self, of: Slice, ends: _Ends) -> _Cut:
        key = id(of.rows), ends
        if key not in self._kept:
            self._kept[key] = _Cut(rows=of.rows, own=_by_root(of.rows, ends))
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]


def laid_out(pieces: Sequence[Piece], spot: float) -> "tuple[Columns, ...]":
    """Return pieces as columns; those that were not yet are laid out together.

    Units: `spot` USD, which stands in for a forward that calls and puts do not agree on.
    """
    from strikedesk.quant.quoted_slices import slices_of  # noqa: PLC0415 -- imports numpy

    new = [piece for piece in pieces if spot not in piece.laid]
    made = slices_of(spot, [_listing(piece) for piece in new])
    for piece, columns in zip(new, made, strict=True):
        piece.laid[spot] = columns
    return tuple(piece.laid[spot] for piece in pieces)


def _by_root(rows: Iterable[ChainRow], ends: _Ends) -> Mapping[_Root, Sequence[ChainRow]]:
    """Return the contracts whose strikes are within the ends, by expiration and root."""
    least, most = ends
    found: defaultdict[_Root, list[ChainRow]] = defaultdict(list)
    for row in rows:
        contract = row.contract
        if least <= contract.strike and (most is None or contract.strike <= most):
            found[contract.expiration, contract.root].append(row)
    return found


def _piece(listed: Expiration, years: float, rows: Sequence[ChainRow]) -> Piece:
    sides: dict[Right, dict[Decimal, ChainRow]] = {Right.CALL: {}, Right.PUT: {}}
    for row in rows:
        sides[row.contract.right][row.contract.strike] = row
    calls, puts = sides[Right.CALL], sides[Right.PUT]
    return Piece(
        listed=listed,
        years=years,
        strikes=tuple(sorted(calls.keys() | puts.keys())),
        calls=calls,
        puts=puts,
    )


def _listing(piece: Piece) -> "Listing":
    from strikedesk.quant.quoted_slices import Listing  # noqa: PLC0415 -- imports numpy

    return Listing(
        days=float(piece.listed.days),
        years=piece.years,
        strikes=piece.strikes,
        calls=_quoted(piece.strikes, piece.calls),
        puts=_quoted(piece.strikes, piece.puts),
    )


def _quoted(strikes: Sequence[Decimal], rows: Mapping[Decimal, ChainRow]) -> "list[Quoted | None]":
    from strikedesk.quant.quoted_slices import Quoted  # noqa: PLC0415 -- imports numpy

    found: list[Quoted | None] = []
    for strike in strikes:
        row = rows.get(strike)
        if row is None:
            found.append(None)
            continue
        quote, told = row.quote, row.greeks
        found.append(
            Quoted(
                bid=quote.bid,
                ask=quote.ask,
                iv=told and told.implied_volatility,
                delta=told and told.delta,
                gamma=told and told.gamma,
                theta=told and told.theta,
                vega=told and told.vega,
                open_interest=quote.open_interest,
                volume=quote.volume,
            )
        )
    return found
