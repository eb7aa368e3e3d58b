"""The regime of an underlying, fact by fact, for rules. Each is as `market.regime` defines it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from strikedesk.domain.symbols import EquitySymbol
from strikedesk.domain.underlying_facts import Known, UnderlyingFact
from strikedesk.domain.volatility import TermPoint
from strikedesk.market.figures import Figure
from strikedesk.market.historical import finished_closes
from strikedesk.market.regime import Regime, ends_of, regime
from strikedesk.market.room import MarketRoom
from strikedesk.market.volatility import CLOSES_ASKED, listings

_OF_CLOSES: Final = frozenset(
    {
        UnderlyingFact.TREND,
        UnderlyingFact.TREND_T,
        UnderlyingFact.CLOSE_TO_MEAN50,
        UnderlyingFact.CLOSE_TO_MEAN200,
        UnderlyingFact.VOLATILITY,
        UnderlyingFact.HV20_PERCENTILE,
    }
)
_OF_TERM: Final = frozenset({UnderlyingFact.TERM, UnderlyingFact.TERM_SLOPE})
_UNASKED: Final = Figure(value=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegimeFacts:
    """Reads what a regime is made from. What nobody asks for is not looked up.

    `spot` is the underlying's mark; `iv_rank` its rank, where the volatility is wanted.
    """

    market: MarketRoom
    underlying: EquitySymbol
    spot: Decimal | None
    iv_rank: Figure = _UNASKED

    async def wanted(self, wanted: Collection[UnderlyingFact]) -> Mapping[UnderlyingFact, Known]:
        """Return the facts of a regime that are among those wanted."""
        asked = (_OF_CLOSES | _OF_TERM).intersection(wanted)
        if not asked:
            return {}
        closes = await self._closes() if asked & _OF_CLOSES else ()
        points = await self._points() if asked & _OF_TERM else ()
        found = _told(regime(closes, self.iv_rank, points))
        return {fact: found[fact] for fact in asked}

    async def _closes(self) -> Sequence[float]:
        now = self.market.now()
        return finished_closes(
            await self.market.daily_bars(self.underlying, now - CLOSES_ASKED), now
        )

    async def _points(self) -> Sequence[TermPoint]:
        ends = ends_of(await self.market.expirations(self.underlying))
        pieces = await self.market.slices(self.underlying, {each.day for each in ends})
        return [each.point for each in listings(ends, pieces, self.spot) if each.point]


def _told(found: Regime) -> Mapping[UnderlyingFact, Known]:
    trend, volatility, term = found.trend, found.volatility, found.term
    return {
        UnderlyingFact.TREND: _known(trend.label, trend.why),
        UnderlyingFact.TREND_T: _known(trend.t_value, trend.why or "the price does not move"),
        UnderlyingFact.CLOSE_TO_MEAN50: _known(trend.to_mean50, trend.why),
        UnderlyingFact.CLOSE_TO_MEAN200: _known(trend.to_mean200, trend.why),
        UnderlyingFact.VOLATILITY: _known(volatility.label, volatility.why),
        UnderlyingFact.HV20_PERCENTILE: _known(volatility.hv20_percentile, volatility.why),
        UnderlyingFact.TERM: _known(term.label, term.why),
        UnderlyingFact.TERM_SLOPE: _known(term.slope, term.why),
    }


def _known(value: float | str | None, why: str | None) -> Known:
    """Return a fact; what is known needs no reason, though something beside it lacks one."""
    return Known(value=None, why=why) if value is None else Known(value=value)
