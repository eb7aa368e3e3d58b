"""What the price of an option on a future implies, by Black's model of 1976.

As everywhere in the desk no interest is assumed: over a quarter of a year at 4 % that takes a
hundredth off the volatility. numpy is imported when this is first called.
"""

import math
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, TypeAlias

from strikedesk.domain.errors import Denied, Unavailable
from strikedesk.domain.future_chains import FutureExpiration, Listed, listed_as
from strikedesk.domain.symbols import Right
from strikedesk.domain.untraded import UntradedName
from strikedesk.domain.untraded_quotes import UntradedQuote
from strikedesk.market.beside import Beside

_SECONDS_PER_YEAR: Final = 365.0 * 86_400.0

Chains: TypeAlias = Callable[[str], Awaitable[Sequence[FutureExpiration]]]
Quotes: TypeAlias = Mapping[UntradedName, UntradedQuote]


@dataclass(frozen=True, slots=True, kw_only=True)
class FutureOptionReading:
    """What an option on a future comes to.

    Units: `future` the price of what it delivers, in points; `volatility` a fraction a year;
    `delta` points per point of the future.
    """

    future: Decimal
    volatility: float
    delta: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OnFutures:
    """Reads options on futures beside the futures that they deliver."""

    beside: Beside
    chain: Chains

    async def readings(
        self, quotes: Quotes, now: datetime
    ) -> Mapping[UntradedName, FutureOptionReading]:
        """Return what is known of the options among some quotes: of the others nothing.

        Law: unknown where the option or its future has no price, where no chain says when it ends
        and that its strike is in the future's points, and where no volatility explains its price.
        """
        futures = {name: future for name in quotes if (future := name.future)}
        if not futures:
            return {}
        known = await self.beside.quotes({*futures.values()}, needed=False)
        listed = await self._listed({future.product for future in known})
        found: dict[UntradedName, FutureOptionReading] = {}
        for name, future in futures.items():
            terms = listed_as(listed, name)
            if terms and future in known:
                reading = _reading(quotes[name], known[future], terms, now)
                found |= {name: reading} if reading else {}
        return found

    async def _listed(self, products: Collection[str]) -> list[FutureExpiration]:
        """Return the chains that can be had: a quote is worth more than what it implies."""
        found: list[FutureExpiration] = []
        for product in sorted(products):
            try:
                found += await self.chain(product)
            except (Denied, Unavailable):
                continue
        return found


def _reading(
    quote: UntradedQuote, future: UntradedQuote, terms: Listed, now: datetime
) -> FutureOptionReading | None:
    price, carries, ends = _price(quote), _price(future), terms.expiration.ends_at
    if price is None or carries is None or ends is None or carries <= 0:
        return None
    # Of currencies and interest rates strikes may be scaled; by how much is nowhere written down.
    if terms.expiration.strike_factor != 1:
        return None
    years = (ends - now).total_seconds() / _SECONDS_PER_YEAR
    volatility, delta = _black(price, carries, terms, years)
    if math.isnan(volatility):
        return None
    return FutureOptionReading(future=carries, volatility=volatility, delta=delta)


def _black(price: Decimal, future: Decimal, terms: Listed, years: float) -> tuple[float, float]:
    """Return volatility and delta, NaN where the price has none."""
    from strikedesk.quant import black_76  # noqa: PLC0415 -- imports numpy
    from strikedesk.quant.implied_vol import implied_volatility  # noqa: PLC0415 -- imports numpy

    contracts = black_76.on_futures(
        future=[float(future)],
        strike=float(terms.strike),
        years=years,
        rate=0.0,
        is_call=terms.right is Right.CALL,
    )
    volatility = implied_volatility(contracts, float(price)).volatility
    return float(volatility[0]), float(black_76.greeks(contracts, volatility).delta[0])


def _price(quote: UntradedQuote) -> Decimal | None:
    return quote.mid if quote.mid is not None else quote.mark
