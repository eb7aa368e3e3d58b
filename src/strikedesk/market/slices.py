"""A chain cut by expiration, with what filters look at laid out once for each cached load."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from strikedesk.domain.greeks import Greeks
from strikedesk.domain.quotes import Chain, ChainRow, Quote
from strikedesk.market.numbers import known


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainSlice:
    """Every contract of one expiration day, of all its roots.

    Law: `strikes`, `deltas` and `interests` run beside `rows`; `ladder` has each strike once
    and `roots` each root, ascending; a delta that is no number is None.
    """

    day: date
    spot: Quote
    as_of: datetime
    complete: bool
    rows: tuple[ChainRow, ...]
    strikes: tuple[Decimal, ...]
    deltas: tuple[float | None, ...]
    interests: tuple[int | None, ...]
    ladder: tuple[Decimal, ...]
    roots: tuple[str, ...]

    def __len__(self) -> int:
        """How many contracts there are: what a cache weighs."""
        return len(self.rows)


def cut(chain: Chain, days: Collection[date]) -> Mapping[date, ChainSlice]:
    """Cut a chain into slices of `days`; a day without contracts gets an empty one."""
    rows: dict[date, list[ChainRow]] = {day: [] for day in days}
    for row in chain.rows:
        if (of_day := rows.get(row.contract.expiration)) is not None:
            of_day.append(row)
    return {day: _slice(chain, day, tuple(of_day)) for day, of_day in rows.items()}


def _slice(chain: Chain, day: date, rows: tuple[ChainRow, ...]) -> ChainSlice:
    strikes = tuple(row.contract.strike for row in rows)
    return ChainSlice(
        day=day,
        spot=chain.spot,
        as_of=chain.as_of,
        complete=chain.complete,
        rows=rows,
        strikes=strikes,
        deltas=tuple(_delta(row.greeks) for row in rows),
        interests=tuple(row.quote.open_interest for row in rows),
        ladder=tuple(sorted(set(strikes))),
        roots=tuple(sorted({row.contract.root for row in rows})),
    )


def _delta(greeks: Greeks | None) -> float | None:
    return greeks.delta if greeks is not None and known(greeks.delta) else None
