"""What is known of an underlying: volatility ranks, the next dividend and report; the search."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from pydantic import TypeAdapter

from strikedesk.brokers.tastytrade.calls import Call, joined, path_of, plain
from strikedesk.brokers.tastytrade.client import Client
from strikedesk.brokers.tastytrade.payloads.envelopes import Listed, Told
from strikedesk.brokers.tastytrade.payloads.fields import flag
from strikedesk.brokers.tastytrade.payloads.market import HolidaysTold, MetricsTold, SessionTold
from strikedesk.brokers.tastytrade.payloads.symbols import FoundTold
from strikedesk.brokers.tastytrade.spelling import EQUITY, read_symbol, spelled
from strikedesk.domain.calendar import Session, exchange_date
from strikedesk.domain.errors import Denied
from strikedesk.domain.events import Dividend, Earnings, EarningsTiming, MarketEvent
from strikedesk.domain.holidays import Holidays
from strikedesk.domain.quotes import SymbolInfo
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol
from strikedesk.domain.volatility import ImpliedHistory

_METRICS: Final = TypeAdapter(Listed[MetricsTold])
_HOLIDAYS: Final = TypeAdapter(Told[HolidaysTold])
_SESSIONS: Final = TypeAdapter(Listed[SessionTold])
_SESSIONS_PATH: Final = path_of("market-time", "sessions")
_FOUND: Final = TypeAdapter(Listed[FoundTold])
_TIMINGS: Final = {"BTO": EarningsTiming.BEFORE_OPEN, "AMC": EarningsTiming.AFTER_CLOSE}
_TEXT_MAX: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """Reads metrics, events and the search."""

    client: Client

    async def metrics(self, underlying: EquitySymbol) -> MetricsTold:
        """Return the figures of an underlying.

        Raises:
            Denied: SYMBOL_NOT_FOUND.
        """
        call = Call(path=path_of("market-metrics"), query=joined("symbols", [spelled(underlying)]))
        for told in await self.client.every(call, _METRICS):
            if read_symbol(EQUITY, told.symbol) == underlying:
                return told
        raise Denied(Reason.SYMBOL_NOT_FOUND, symbol=underlying.compact)

    async def implied_history(self, underlying: EquitySymbol) -> ImpliedHistory:
        """See `MarketData.implied_history`: the broker keeps rank and percentile, and no history.

        Units: both are fractions; the rank may lie a little outside of 0 to 1.
        """
        told = await self.metrics(underlying)
        rank, percentile = told.implied_volatility_index_rank, told.implied_volatility_percentile
        return ImpliedHistory(
            rank=None if rank is None else float(rank),
            percentile=None if percentile is None else float(percentile),
        )

    async def events(
        self, underlying: EquitySymbol, start: date, end: date
    ) -> tuple[MarketEvent, ...]:
        """See `MarketData.events`: the next or last dividend, and the next or last report."""
        told = await self.metrics(underlying)
        known = (_dividend(underlying, told), _earnings(underlying, told))
        return tuple(
            sorted(
                (each for each in known if each is not None and start <= each.day <= end),
                key=lambda each: each.day,
            )
        )

    async def holidays(self) -> Holidays | None:
        """See `MarketData.holidays`. A day that cannot be read is none of them."""
        call = Call(path=path_of("market-time", "equities", "holidays"))
        try:
            told = await self.client.one(call, _HOLIDAYS)
        except Denied:
            return None
        return Holidays(
            closed=frozenset(day for day in told.market_holidays if day is not None),
            half=frozenset(day for day in told.market_half_days if day is not None),
        )

    async def sessions(self, start: date, end: date) -> tuple[Session, ...] | None:
        """See `MarketData.sessions`. One without its hours is none."""
        asked = plain(from_date=f"{start}", to_date=f"{end}", instrument_collection=EQUITY)
        try:
            told = await self.client.every(Call(path=_SESSIONS_PATH, query=asked), _SESSIONS)
        except Denied:
            return None
        known = [session for each in told if (session := _session(each)) is not None]
        return tuple(sorted(known, key=lambda each: each.day))

    async def search(self, text: str, limit: int) -> tuple[SymbolInfo, ...]:
        """See `MarketData.search`."""
        asked = text.strip().upper()[:_TEXT_MAX]
        if not asked:
            return ()
        try:
            found = await self.client.every(Call(path=path_of("symbols", "search", asked)), _FOUND)
        except Denied as denied:
            if denied.reason is Reason.DATA_UNAVAILABLE:
                return ()
            raise
        told = [info for each in found if (info := _info(each)) is not None]
        return tuple(told[:limit])


def _session(told: SessionTold) -> Session | None:
    if told.open_at is None or told.close_at is None:
        return None
    day = told.session_date or exchange_date(told.open_at)
    return Session(day=day, opens_at=told.open_at, closes_at=told.close_at)


def _dividend(underlying: EquitySymbol, told: MetricsTold) -> Dividend | None:
    day, pay_day, amount = (
        told.dividend_ex_date,
        told.dividend_pay_date,
        told.dividend_rate_per_share,
    )
    if day is None or pay_day is None or not amount or pay_day < day:
        return None
    return Dividend(underlying=underlying.ticker, day=day, pay_day=pay_day, amount=amount)


def _earnings(underlying: EquitySymbol, told: MetricsTold) -> Earnings | None:
    report = told.earnings
    if report is None or report.expected_report_date is None or report.visible is False:
        return None
    return Earnings(
        underlying=underlying.ticker,
        day=report.expected_report_date,
        timing=_TIMINGS.get(report.time_of_day or ""),
    )


def _info(told: FoundTold) -> SymbolInfo | None:
    symbol = read_symbol(told.instrument_type or EQUITY, told.symbol)
    if symbol is None:
        return None
    return SymbolInfo(
        symbol=symbol,
        description=told.description or "",
        kind=(told.instrument_type or EQUITY).lower(),
        has_options=flag(told.options) is True,
    )
