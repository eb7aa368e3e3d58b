"""The chains of options on futures, as one document of a product."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from pydantic import TypeAdapter

from strikedesk.brokers.tastytrade.calls import CHAIN_MAX, Call, path_of
from strikedesk.brokers.tastytrade.client import Client
from strikedesk.brokers.tastytrade.instruments import STYLES, plain, point_of, steps
from strikedesk.brokers.tastytrade.payloads.envelopes import Told
from strikedesk.brokers.tastytrade.payloads.future_chains import (
    FutureChainTold,
    FutureExpirationTold,
    FutureStrikeTold,
)
from strikedesk.domain.future_chains import FutureExpiration, FutureStrike, product_code
from strikedesk.domain.reasons import Reason
from strikedesk.domain.untraded import untraded_name

_CHAIN: Final = TypeAdapter(Told[FutureChainTold])


@dataclass(frozen=True, slots=True, kw_only=True)
class FutureChains:
    """Reads them."""

    client: Client

    async def of(self, product: str) -> tuple[FutureExpiration, ...]:
        """See `MarketData.future_chain`."""
        code = product_code(product)
        call = Call(
            path=path_of("futures-option-chains", code, "nested"),
            missing=Reason.SYMBOL_NOT_FOUND,
            facts={"product": code},
            bytes_max=CHAIN_MAX,
        )
        told = await self.client.one(call, _CHAIN)
        found = (
            expiration
            for root in told.option_chains
            for each in root.expirations
            for expiration in _expiration(each, root.exercise_style)
        )
        return tuple(sorted(found, key=lambda each: (each.day, each.future, each.root or "")))


def _expiration(told: FutureExpirationTold, style: str | None) -> Iterator[FutureExpiration]:
    """Yield an expiration, unless its future or its day is not told."""
    future = _named(told.underlying_symbol, "future")
    if future is None or told.expiration_date is None:
        return
    yield FutureExpiration(
        future=future,
        root=plain(told.option_root_symbol),
        day=told.expiration_date,
        style=STYLES.get(style or ""),
        settlement=plain(told.settlement_type),
        ends_at=told.stops_trading_at,
        multiplier=point_of(told.notional_value, told.display_factor),
        strike_factor=told.strike_factor,
        steps=steps(told.tick_sizes),
        strikes=tuple(_strikes(told.strikes)),
    )


def _strikes(listed: Iterable[FutureStrikeTold]) -> Iterator[FutureStrike]:
    """Yield strikes in ascending order: the broker tells them in none."""
    known = [(told.strike_price, told) for told in listed if told.strike_price is not None]
    for strike, told in sorted(known, key=lambda each: each[0]):
        yield FutureStrike(
            strike=strike,
            call=_named(told.call, "future_option"),
            put=_named(told.put, "future_option"),
        )


def _named(text: str | None, kind: str) -> str | None:
    """Return a name as the desk asks for quotes by it; None for what is none of the kind."""
    name = untraded_name(text or "")
    return name.compact if name is not None and name.kind == kind else None
