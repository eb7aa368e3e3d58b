"""The market's answers to what rules ask of an underlying; the port `UnderlyingFacts`.

Each figure is the one that the volatility report shows, and is not known where that one is not.
Days to an event that nobody has announced are infinite; but when a company reports is not known
until it is.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeAlias

from strikedesk.domain.calendar import exchange_date
from strikedesk.domain.events import Dividend, Earnings
from strikedesk.domain.symbols import EquitySymbol
from strikedesk.domain.underlying_facts import Known, UnderlyingFact
from strikedesk.domain.volatility import around_horizon
from strikedesk.market.figures import Figure
from strikedesk.market.historical import historical
from strikedesk.market.implied import implied_30, percentile, rank, sessions_asked
from strikedesk.market.regime_facts import RegimeFacts
from strikedesk.market.room import SEARCH_ROWS_MAX, MarketRoom
from strikedesk.market.volatility import CLOSES_ASKED, DAYS_AHEAD, liquidity_of, listings

Facts: TypeAlias = dict[UnderlyingFact, Known]

_RANKS: Final = {UnderlyingFact.IV_RANK: rank, UnderlyingFact.IV_PERCENTILE: percentile}
_EVENTS: Final[Mapping[UnderlyingFact, type[Earnings | Dividend]]] = {
    UnderlyingFact.DAYS_TO_EARNINGS: Earnings,
    UnderlyingFact.DAYS_TO_EX_DIVIDEND: Dividend,
}
_SILENT: Final = frozenset({"etf", "index"})
_NO_EARNINGS: Final = f"no day of earnings is known for the next {DAYS_AHEAD} days"
_OF_CHAIN: Final = frozenset(
    {
        UnderlyingFact.IV30,
        UnderlyingFact.OPTION_SPREAD,
        UnderlyingFact.OPTION_INTEREST,
        UnderlyingFact.LIQUIDITY,
        *_RANKS,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketFacts:
    """See `UnderlyingFacts`. What nobody asks for is not looked up."""

    market: MarketRoom

    async def facts(
        self, underlying: EquitySymbol, wanted: Collection[UnderlyingFact]
    ) -> Mapping[UnderlyingFact, Known]:
        """See `UnderlyingFacts.facts`."""
        quote = (await self.market.quotes((underlying,))).get(underlying)
        mark = quote.mark if quote else None
        found: Facts = {UnderlyingFact.PRICE: _number(mark, "the underlying has no quote")}
        if UnderlyingFact.REALISED_VOLATILITY in wanted:
            found |= await self._realised(underlying)
        if not _OF_CHAIN.isdisjoint(wanted):
            found |= await self._of_chain(underlying, mark, wanted)
        if not _EVENTS.keys().isdisjoint(wanted):
            found |= await self._of_calendar(underlying)
        found |= await self._of_regime(underlying, mark, wanted)
        return {fact: found[fact] for fact in wanted}

    async def _of_regime(
        self, underlying: EquitySymbol, mark: Decimal | None, wanted: Collection[UnderlyingFact]
    ) -> Facts:
        told = Known(value=None)
        if UnderlyingFact.VOLATILITY in wanted:
            asked = {UnderlyingFact.IV_RANK}
            told = (await self._of_chain(underlying, mark, asked))[UnderlyingFact.IV_RANK]
        value = told.value if isinstance(told.value, float) else None
        iv_rank = Figure(value=value, why=told.why)
        reader = RegimeFacts(market=self.market, underlying=underlying, spot=mark, iv_rank=iv_rank)
        return {**await reader.wanted(wanted)}

    async def _of_calendar(self, underlying: EquitySymbol) -> Facts:
        events = await self.market.events(underlying, DAYS_AHEAD)
        today = exchange_date(self.market.now())
        found: Facts = {}
        for fact, kind in _EVENTS.items():
            days = [(each.day - today).days for each in events if isinstance(each, kind)]
            found[fact] = Known(value=float(min(days, default=math.inf)))
        if found[UnderlyingFact.DAYS_TO_EARNINGS].value == math.inf and await self._reports(
            underlying
        ):
            found[UnderlyingFact.DAYS_TO_EARNINGS] = Known(value=None, why=_NO_EARNINGS)
        return found

    async def _reports(self, underlying: EquitySymbol) -> bool:
        """Whether it is a company, as far as the directory says: funds and indices have none."""
        listed = await self.market.search(underlying.ticker, SEARCH_ROWS_MAX)
        return not any(each.symbol == underlying and each.kind in _SILENT for each in listed)

    async def _realised(self, underlying: EquitySymbol) -> Facts:
        now = self.market.now()
        closes = await self.market.daily_bars(underlying, now - CLOSES_ASKED)
        return {UnderlyingFact.REALISED_VOLATILITY: _figure(historical(closes, now).hv60)}

    async def _of_chain(
        self, underlying: EquitySymbol, mark: Decimal | None, wanted: Collection[UnderlyingFact]
    ) -> Facts:
        around = around_horizon(await self.market.expirations(underlying))
        pieces = await self.market.slices(underlying, {each.day for each in around})
        near = listings(around, pieces, mark)
        iv30 = implied_30(each.point for each in near if each.point)
        easy = liquidity_of(near, mark)
        return {
            UnderlyingFact.IV30: _figure(iv30),
            UnderlyingFact.OPTION_SPREAD: _number(easy.spread, easy.why),
            UnderlyingFact.OPTION_INTEREST: _number(easy.open_interest, easy.why),
            UnderlyingFact.LIQUIDITY: Known(value=easy.rating, why=easy.why),
            **await self._ranks(underlying, iv30, wanted),
        }

    async def _ranks(
        self, underlying: EquitySymbol, iv30: Figure, wanted: Collection[UnderlyingFact]
    ) -> Facts:
        if _RANKS.keys().isdisjoint(wanted):
            return {}
        sessions = sessions_asked(self.market.now())
        history = await self.market.implied_history(underlying, sessions)
        return {fact: _figure(reckon(iv30, history)) for fact, reckon in _RANKS.items()}


def _figure(figure: Figure) -> Known:
    return Known(value=figure.value, why=figure.why)


def _number(value: Decimal | float | None, why: str | None) -> Known:
    return Known(value=None, why=why) if value is None else Known(value=float(value))
