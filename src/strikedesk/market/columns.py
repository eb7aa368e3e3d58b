"""The columns that a page of a chain can have, and what each costs to read.

Units: `bid`, `ask`, `mid`, `last`, `strike` USD per share; `iv` a fraction; Greeks as in
`domain.greeks` (theta per calendar day, vega per volatility point, rho per 1 % rate); sizes, volume
and open interest in contracts; `days` calendar days to expiration. Null = unknown, never 0.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias

from strikedesk.domain.errors import Denied
from strikedesk.domain.greeks import Greeks
from strikedesk.domain.quotes import ChainRow, Quote
from strikedesk.domain.reasons import Reason
from strikedesk.market.numbers import decimals, digits, price_number

Cell: TypeAlias = str | int | float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One contract on a page: its row of the cached chain and its newest quote, if it has one."""

    row: ChainRow
    quote: Quote | None
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """How a cell is read. `tokens` is what it costs a model, `quoted` whether it ages in seconds.

    Source: `tokens` counts the pieces that usual tokenizers cut such a cell into, comma included.
    """

    read: Callable[[Line], Cell]
    tokens: int
    quoted: bool = False


def _from_quote(read: Callable[[Quote], Cell], tokens: int) -> Column:
    return Column(
        read=lambda line: None if line.quote is None else read(line.quote),
        tokens=tokens,
        quoted=True,
    )


def _from_greeks(read: Callable[[Greeks], Cell], tokens: int) -> Column:
    return Column(
        read=lambda line: None if line.row.greeks is None else read(line.row.greeks),
        tokens=tokens,
    )


COLUMNS: Final[Mapping[str, Column]] = MappingProxyType(
    {
        "symbol": Column(read=lambda line: line.row.contract.compact, tokens=12),
        "root": Column(read=lambda line: line.row.contract.root, tokens=3),
        "expiration": Column(read=lambda line: line.row.contract.expiration.isoformat(), tokens=8),
        "days": Column(read=lambda line: line.days, tokens=2),
        "strike": Column(read=lambda line: price_number(line.row.contract.strike), tokens=3),
        "right": Column(read=lambda line: line.row.contract.right.value, tokens=3),
        "bid": _from_quote(lambda quote: price_number(quote.bid), 4),
        "ask": _from_quote(lambda quote: price_number(quote.ask), 4),
        "mid": _from_quote(lambda quote: price_number(quote.mid), 4),
        "last": _from_quote(lambda quote: price_number(quote.last), 4),
        "bid_size": _from_quote(lambda quote: quote.bid_size, 2),
        "ask_size": _from_quote(lambda quote: quote.ask_size, 2),
        "volume": _from_quote(lambda quote: quote.volume, 3),
        "open_interest": Column(read=lambda line: line.row.quote.open_interest, tokens=3),
        "iv": _from_greeks(lambda greeks: decimals(greeks.implied_volatility, 3), 4),
        "delta": _from_greeks(lambda greeks: decimals(greeks.delta, 3), 4),
        "gamma": _from_greeks(lambda greeks: digits(greeks.gamma, 3), 5),
        "theta": _from_greeks(lambda greeks: digits(greeks.theta, 3), 5),
        "vega": _from_greeks(lambda greeks: digits(greeks.vega, 3), 5),
        "rho": _from_greeks(lambda greeks: digits(greeks.rho, 3), 5),
    }
)

# One root and one expiration: strike and right name a contract. Otherwise its symbol must.
NAMED_BY_STRIKE: Final = ("strike", "right", "bid", "ask", "iv", "delta", "open_interest")
NAMED_BY_SYMBOL: Final = ("symbol", "bid", "ask", "iv", "delta", "open_interest")


def check_columns(names: tuple[str, ...]) -> None:
    """Refuse columns that do not exist or stand twice.

    Raises:
        Denied: INVALID_ARGUMENT, with the columns there are.
    """
    bad = next((name for name in names if name not in COLUMNS), None)
    twice = next((name for name in names if names.count(name) > 1), None)
    if bad is not None:
        given = "".join(c if c.isascii() and c.isprintable() else "?" for c in bad[:24])
        choose = " ".join(COLUMNS)
        raise Denied(Reason.INVALID_ARGUMENT, argument="columns", given=given, choose_from=choose)
    if twice is not None:
        raise Denied(Reason.INVALID_ARGUMENT, argument="columns", given_twice=twice)


def tokens_of_row(names: tuple[str, ...]) -> int:
    """Estimate what a row of these columns costs a model, in tokens."""
    return 1 + sum(COLUMNS[name].tokens for name in names)
