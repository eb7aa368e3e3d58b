"""What is listed on an underlying: its expirations by root, and which contracts each has."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from pydantic import TypeAdapter

from strikedesk.brokers.tastytrade.payloads.chains import ChainTold, ExpirationTold, TickTold
from strikedesk.brokers.tastytrade.payloads.envelopes import Listed
from strikedesk.brokers.tastytrade.payloads.fields import number, numbers
from strikedesk.domain.errors import Denied
from strikedesk.domain.money import SHARES_PER_CONTRACT
from strikedesk.domain.quotes import Expiration, Settlement
from strikedesk.domain.symbols import OptionSymbol, Right

CHAINS: Final = TypeAdapter(Listed[ChainTold])
STANDARD: Final = "Standard"

_SETTLEMENTS: Final = {"AM": Settlement.AM, "PM": Settlement.PM}
_REGULAR: Final = "Regular"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What is listed on one underlying, ascending.

    `sides` tells for each expiration which strikes have a call and which a put, where not all have
    both; `adjusted` are the roots whose contracts deliver something else than 100 shares; `ticks`
    are each root's steps of prices.
    """

    expirations: tuple[Expiration, ...]
    sides: Mapping[tuple[str, date], Mapping[Right, frozenset[Decimal]]]
    adjusted: frozenset[str]
    ticks: Mapping[str, tuple[TickTold, ...]]

    def contracts(self, expiration: Expiration) -> Iterator[OptionSymbol]:
        """Yield the contracts of an expiration by strike, the call first."""
        sides = self.sides.get((expiration.root, expiration.day), {})
        for strike in expiration.strikes:
            for right in Right:
                if right not in sides or strike in sides[right]:
                    yield OptionSymbol(expiration.root, expiration.day, right, strike)


def listing_of(chains: tuple[ChainTold, ...], today: date) -> Listing:
    """Return what nested chains list from `today` on; what cannot be named is left out."""
    expirations = list[Expiration]()
    sides: dict[tuple[str, date], Mapping[Right, frozenset[Decimal]]] = {}
    for chain in chains:
        for told in chain.expirations:
            found = _expiration(chain, told, today)
            if found is None:
                continue
            expirations.append(found)
            if lame := _lame_sides(told):
                sides[found.root, found.day] = lame
    return Listing(
        expirations=tuple(sorted(expirations, key=lambda each: (each.day, each.root))),
        sides=sides,
        adjusted=frozenset(c.root_symbol for c in chains if c.root_symbol and _is_adjusted(c)),
        ticks={c.root_symbol: c.tick_sizes for c in chains if c.root_symbol},
    )


def _is_adjusted(chain: ChainTold) -> bool:
    return chain.option_chain_type != STANDARD or chain.shares_per_contract != SHARES_PER_CONTRACT


def _expiration(chain: ChainTold, told: ExpirationTold, today: date) -> Expiration | None:
    root, day = chain.root_symbol, told.expiration_date
    settlement = _SETTLEMENTS.get(told.settlement_type or "")
    strikes = _strikes(told)
    if root is None or day is None or settlement is None or not strikes or day < today:
        return None
    try:
        first = OptionSymbol(root, day, Right.CALL, strikes[0])
    except Denied:
        return None
    return Expiration(
        underlying=first.underlying,
        root=root,
        day=day,
        days=(day - today).days,
        standard=told.expiration_type == _REGULAR,
        settlement=settlement,
        strikes=strikes,
    )


def _strikes(told: ExpirationTold) -> tuple[Decimal, ...]:
    """Return the strikes in order: those of futures come in none, and some come as null."""
    read = numbers([strike.get("strike-price") for strike in told.strikes])
    return tuple(sorted(strike for strike in read if strike is not None and strike > 0))


def _lame_sides(told: ExpirationTold) -> Mapping[Right, frozenset[Decimal]]:
    """Return, where a strike lacks its call or its put, which strikes have which."""
    if all(strike.get("call") and strike.get("put") for strike in told.strikes):
        return {}
    return {
        right: frozenset(
            price
            for strike in told.strikes
            if strike.get(key) and (price := number(strike.get("strike-price"))) is not None
        )
        for right, key in ((Right.CALL, "call"), (Right.PUT, "put"))
    }
