"""Market metrics: how volatile an underlying is and will be, its dividends and its earnings.

What the market has no idea of (beta, capitalisation, earnings per share) is left out, but for what
clients cannot do without, which says 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from strikedesk.domain.calendar import exchange_date
from strikedesk.domain.events import Dividend, Earnings, EarningsTiming
from strikedesk.domain.ledger import Json
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Right
from strikedesk.domain.terms import Terms
from strikedesk.market.cache import MemoryCache
from strikedesk.market.historical import close_to_close
from strikedesk.market.liquidity import Rating
from strikedesk.market.room import MarketRoom
from strikedesk.market.term import Term
from strikedesk.market.volatility import VolatilityReport, volatility_report
from strikedesk.sandbox import query
from strikedesk.sandbox.chains import STANDARD
from strikedesk.sandbox.refusal import Refusal
from strikedesk.sandbox.spelling import read_symbol, read_underlying, wire_symbol
from strikedesk.sandbox.wire import decimal, known, many, maybe, zulu
from strikedesk.sandbox.world import SandboxWorld

_ONE: Final = Decimal(1)
_PERCENT: Final = 100
_SYMBOLS_MAX: Final = 50
_YEARS_BACK: Final = timedelta(days=5 * 366)
_BARS_BACK: Final = timedelta(days=150)  # 91 closes and then some, over any run of holidays.
_RATINGS: Final = {Rating.GOOD: 4, Rating.FAIR: 2, Rating.POOR: 0, None: None}
_TIMES: Final = {EarningsTiming.BEFORE_OPEN: "BTO", EarningsTiming.AFTER_CLOSE: "AMC"}
_EVENTS: Final = "/market-metrics/historic-corporate-events"


@dataclass(frozen=True, slots=True)
class MetricRoutes:
    """Statistics of underlyings."""

    world: SandboxWorld
    room: MarketRoom

    @classmethod
    def of(cls, world: SandboxWorld) -> "MetricRoutes":
        """Return the routes, with a market room of their own that remembers for a while."""
        return cls(world, MarketRoom(data=world.broker, cache=MemoryCache(world.access.clock)))

    def routes(self) -> list[Route]:
        """Return them."""
        return [
            Route("/market-metrics", self.metrics),
            Route(f"{_EVENTS}/dividends/{{symbol}}", self.dividends),
            Route(f"{_EVENTS}/earnings-reports/{{symbol}}", self.earnings),
        ]

    async def metrics(self, request: Request) -> Response:
        """Tell what is known of each symbol; those that are not listed are left out."""
        asked = query.listed(request, "symbols")
        if not 1 <= len(asked) <= _SYMBOLS_MAX:
            raise Refusal.of_parameter("symbols", f"are 1 to {_SYMBOLS_MAX}")
        listed = self.world.listed()
        items: list[Json] = []
        for text in dict.fromkeys(asked):
            symbol = read_symbol(text)
            if isinstance(symbol, EquitySymbol) and symbol.ticker in listed:
                items.append(await self._metrics(symbol))
        return many(request, items)

    async def dividends(self, request: Request) -> Response:
        """Tell the dividends that have gone ex, newest first."""
        symbol, today = read_underlying(request.path_params["symbol"]), self.world.today()
        events = await self.world.broker.events(symbol, today - _YEARS_BACK, today)
        return many(
            request,
            [
                {"occurred-date": event.day.isoformat(), "amount": decimal(event.amount)}
                for event in reversed(events)
                if isinstance(event, Dividend)
            ],
        )

    async def earnings(self, request: Request) -> Response:
        """Tell no reports: this market keeps no earnings per share, and the form wants them."""
        read_underlying(request.path_params["symbol"])
        if query.day(request, "start-date") is None:
            raise Refusal.of_parameter("start-date", "is a date, as 2026-05-01")
        return many(request, [])

    async def _metrics(self, symbol: EquitySymbol) -> dict[str, Json]:
        report = await volatility_report(self.room, symbol)
        terms = [*report.terms]
        for page in range(2, report.span.pages + 1):
            terms += (await volatility_report(self.room, symbol, page=page)).terms
        closes = await self._closes(symbol, report.as_of)
        return known(
            {
                "symbol": wire_symbol(symbol),
                **_implied(report),
                **_moved(report, closes),
                "option-expiration-implied-volatilities": [
                    _of_term(each, self._settlement(each)) for each in terms
                ],
                "liquidity-rating": _RATINGS[report.liquidity.rating],
                **_dividends(report.calendar.dividends),
                "earnings": _earnings(report.calendar.earnings),
                "listed-market": "XSIM",
                "lendability": "Easy To Borrow",
                "borrow-rate": decimal(0),
                "market-cap": 0,
                "updated-at": zulu(report.as_of),
            }
        )

    async def _closes(self, symbol: EquitySymbol, at: datetime) -> list[float]:
        bars = await self.room.daily_bars(symbol, at - _BARS_BACK)
        today = self.world.today()
        return [float(bar.close) for bar in bars if exchange_date(bar.at) < today]

    def _settlement(self, term: Term) -> str:
        contract = OptionSymbol(term.root, term.expiration, Right.CALL, term.strike or _ONE)
        terms = self.world.office.market.terms(contract) or Terms()
        return terms.settlement.value.upper()


def _implied(report: VolatilityReport) -> dict[str, Json]:
    rank, at = _fraction(report.iv_rank.value), zulu(report.as_of)
    return {
        "implied-volatility-index": _fraction(report.iv30.value),
        "implied-volatility-index-rank": rank,
        "tw-implied-volatility-index-rank": rank,
        "tos-implied-volatility-index-rank": rank,
        "tos-implied-volatility-index-rank-updated-at": at,
        "implied-volatility-index-rank-source": "tw",
        "implied-volatility-percentile": _fraction(report.iv_percentile.value),
        "implied-volatility-updated-at": at,
    }


def _moved(report: VolatilityReport, closes: list[float]) -> dict[str, Json]:
    """Return what is told in percent: volatilities of 30, 60 and 90 sessions, and of 30 days."""
    moved = {days: _percent(close_to_close(closes, days).value) for days in (30, 60, 90)}
    implied = _percent(report.iv30.value)
    more = None if implied is None or moved[30] is None else implied - moved[30]
    told: dict[str, Json] = {
        f"historical-volatility-{days}-day": maybe(value) for days, value in moved.items()
    }
    return {
        **told,
        "implied-volatility-30-day": maybe(implied),
        "iv-hv-30-day-difference": None if more is None else decimal(round(more, 2)),
    }


def _fraction(number: float | None) -> str | None:
    return None if number is None else decimal(round(number, 9))


def _percent(fraction: float | None) -> float | None:
    return None if fraction is None else round(fraction * _PERCENT, 2)


def _of_term(term: Term, settlement: str) -> Json:
    return known(
        {
            "expiration-date": term.expiration.isoformat(),
            "option-chain-type": STANDARD,
            "settlement-type": settlement,
            "implied-volatility": _fraction(term.iv),
        }
    )


def _dividends(coming: Sequence[Dividend]) -> dict[str, Json]:
    if not coming:
        return {}
    following = coming[0]
    return {
        "dividend-rate-per-share": decimal(following.amount),
        "dividend-ex-date": following.day.isoformat(),
        "dividend-next-date": following.day.isoformat(),
        "dividend-pay-date": following.pay_day.isoformat(),
    }


def _earnings(coming: Earnings | None) -> Json:
    if coming is None:
        return None
    told: dict[str, Json] = {
        "visible": True,
        "expected-report-date": coming.day.isoformat(),
        "estimated": False,
        "late-flag": 0,
        "time-of-day": None if coming.timing is None else _TIMES[coming.timing],
    }
    return known(told)
