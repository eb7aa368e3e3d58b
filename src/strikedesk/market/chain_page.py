"""A page of a chain: framed from what is remembered, then written with prices of now. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from strikedesk.domain.pages import PageSpan
from strikedesk.domain.quotes import ChainRow, Expiration, Feed, Quote
from strikedesk.domain.symbols import Symbol
from strikedesk.market.chain_filter import Sifted, sift
from strikedesk.market.chain_query import ChainQuery
from strikedesk.market.columns import COLUMNS, NAMED_BY_STRIKE, NAMED_BY_SYMBOL, Cell, Line
from strikedesk.market.listing import RestOfChain, rest_of
from strikedesk.market.slices import ChainSlice


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainPage:
    """Some contracts of a chain, by expiration, strike and right (calls first).

    Units: as in `columns`; `rows` are lists of JSON numbers, strings and nulls in the order of
    `columns`, prices as the nearest floats, because they are read and not computed with.
    Law: `total` + the sum of `filtered_out` = the contracts listed for `expirations`; a contract
    that was left out counts under the first filter it failed.
    Source: which contracts there are, their Greeks and open interest are as of `as_of`, read at
    most five minutes ago. Prices were read at most five seconds ago; `quotes_as_of` is the instant
    of the oldest one shown, None where none is. `strikes_each_side` counts from the spot of
    `as_of`, so that pages turn over one and the same set; `spot` is the newest.
    """

    underlying: str
    spot: Decimal | None
    feed: Feed
    as_of: datetime
    quotes_as_of: datetime | None
    complete: bool
    expirations: tuple[date, ...]
    roots: tuple[str, ...]
    strikes_each_side: int | None
    columns: list[str]
    rows: list[list[Cell]]
    total: int
    returned: int
    page: int
    pages: int
    next_page: int | None
    filtered_out: Mapping[str, int]
    rest: RestOfChain


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A page before its prices: which contracts it shows, and what they are shown by."""

    query: ChainQuery
    listed: Sequence[Expiration]
    slices: Sequence[ChainSlice]
    columns: tuple[str, ...]
    sifted: Sifted
    span: PageSpan

    @property
    def days(self) -> tuple[date, ...]:
        """The expirations it is made from, ascending."""
        return tuple(piece.day for piece in self.slices)

    @property
    def rows(self) -> Sequence[ChainRow]:
        """The contracts it shows."""
        return self.sifted.rows[self.span.start : self.span.stop]

    @property
    def newest(self) -> ChainSlice:
        """The slice that was read last: where the spot is taken from."""
        return max(self.slices, key=lambda piece: piece.as_of)

    @property
    def to_quote(self) -> tuple[Symbol, ...]:
        """What needs a price of now: the underlying, and its contracts where columns show one."""
        priced = any(COLUMNS[name].quoted for name in self.columns)
        contracts = [row.contract for row in self.rows] if priced else []
        return (self.query.underlying, *contracts)

    @property
    def own_quotes(self) -> Mapping[Symbol, Quote]:
        """The prices of `to_quote` that came with the chain."""
        spot: Symbol = self.query.underlying
        own = {spot: self.newest.spot} | {row.contract: row.quote for row in self.rows}
        return {symbol: own[symbol] for symbol in self.to_quote}

    def younger_than(self, age: timedelta, now: datetime) -> bool:
        """Whether the whole chain behind it was read within `age`."""
        return all(timedelta(0) <= now - piece.as_of < age for piece in self.slices)


def frame(query: ChainQuery, listed: Sequence[Expiration], slices: Sequence[ChainSlice]) -> Frame:
    """Filter slices (one or more) and cut out the page.

    Raises:
        Denied: PAGE_PAST_END, or NO_QUOTE (see `sift`).
    """
    sifted = sift(query, slices)
    columns = query.columns or _default_columns(slices)
    size = query.rows_a_page(columns)
    return Frame(
        query=query,
        listed=listed,
        slices=slices,
        columns=columns,
        sifted=sifted,
        span=PageSpan(page=query.page, size=size, total=len(sifted.rows)),
    )


def written(page: Frame, quotes: Mapping[Symbol, Quote]) -> ChainPage:
    """Write a frame out with prices; a contract without a quote gets nulls."""
    shown = [quote for row in page.rows if (quote := quotes.get(row.contract))]
    spot = quotes.get(page.query.underlying)
    return ChainPage(
        underlying=page.query.underlying.compact,
        spot=spot.mark if spot else None,
        feed=page.newest.spot.feed,
        as_of=min(piece.as_of for piece in page.slices),
        quotes_as_of=min((quote.at for quote in shown), default=None),
        complete=all(piece.complete for piece in page.slices),
        expirations=page.days,
        roots=_roots(page.slices),
        strikes_each_side=page.query.around_the_money,
        columns=list(page.columns),
        rows=_cells(page, quotes),
        total=page.span.total,
        returned=page.span.returned,
        page=page.span.page,
        pages=page.span.pages,
        next_page=page.span.next_page,
        filtered_out=page.sifted.left_out,
        rest=rest_of(page.listed, page.days),
    )


def _default_columns(slices: Sequence[ChainSlice]) -> tuple[str, ...]:
    """Strike and right name a contract of one root and one day; else its symbol must."""
    one_grid = len(slices) == 1 and len(slices[0].roots) == 1
    return NAMED_BY_STRIKE if one_grid else NAMED_BY_SYMBOL


def _roots(slices: Sequence[ChainSlice]) -> tuple[str, ...]:
    return tuple(sorted({root for piece in slices for root in piece.roots}))


def _cells(page: Frame, quotes: Mapping[Symbol, Quote]) -> list[list[Cell]]:
    days = {each.day: each.days for each in page.listed}
    reads = [COLUMNS[name].read for name in page.columns]
    lines = (
        Line(row=row, quote=quotes.get(row.contract), days=days[row.contract.expiration])
        for row in page.rows
    )
    return [[read(line) for read in reads] for line in lines]
