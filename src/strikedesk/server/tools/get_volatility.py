"""get_volatility: how much a price moved, and how much its options say it will."""

from typing import Annotated, Final

from mcp.types import CallToolResult

from strikedesk.domain.events import Dividend
from strikedesk.market.figures import Figure
from strikedesk.market.liquidity import RULE, Liquidity
from strikedesk.market.numbers import decimals
from strikedesk.market.regime import Regime
from strikedesk.market.term import Term
from strikedesk.market.volatility import Calendar, VolatilityReport, volatility_report
from strikedesk.server.arguments import Page, Underlying
from strikedesk.server.call import Call, desk_of
from strikedesk.server.schemas import NUMBER, OBJECT, TEXT, maybe, table_schema
from strikedesk.server.shaping import Cell, Value, table

COLUMNS: Final = (
    "expiration",
    "root",
    "days",
    "strike",
    "iv",
    "skew",
    "straddle",
    "move",
    "one_sigma",
    "why",
)
RETURNS: Final = table_schema(
    underlying=TEXT,
    as_of=TEXT,
    feed=maybe(TEXT),
    spot=maybe(NUMBER),
    iv30=OBJECT,
    iv_rank=OBJECT,
    iv_percentile=OBJECT,
    hv20=OBJECT,
    hv60=OBJECT,
    hv120=OBJECT,
    historical_until=maybe(TEXT),
    skew=OBJECT,
    regime=OBJECT,
    earnings=OBJECT,
    dividends=OBJECT,
    liquidity=OBJECT,
)


async def get_volatility(
    call: Call, underlying: Underlying, page: Page = 1
) -> Annotated[CallToolResult, RETURNS]:
    """Compare how much a price moved with what its options imply; annual fractions, 0.25 = 25 %.

    iv30: at the money, 30 days. iv_rank: (now - low) / (high - low); iv_percentile: share of
    sessions below now; both over 252 sessions. hv20, hv60, hv120: close to close, sessions. skew:
    iv of the 25-delta put minus the call's. Rows are expirations: straddle (USD) is the expected
    move the market charges for, move its fraction of spot, one_sigma spot * iv * sqrt(years) in
    USD. regime: trend, volatility, term structure. A null says why.
    """
    desk = await desk_of(call)
    found = await volatility_report(desk.market, underlying, page=page)
    return table(COLUMNS, [_row(each) for each in found.terms], found.span, _about(found))


def _about(report: VolatilityReport) -> dict[str, Value]:
    return {
        "underlying": report.underlying,
        "as_of": report.as_of,
        "feed": report.feed,
        "spot": report.spot,
        "iv30": _figure(report.iv30),
        "iv_rank": _figure(report.iv_rank),
        "iv_percentile": _figure(report.iv_percentile),
        "hv20": _figure(report.historical.hv20),
        "hv60": _figure(report.historical.hv60),
        "hv120": _figure(report.historical.hv120),
        "historical_until": report.historical.until,
        "skew": _figure(report.skew),
        "regime": _regime(report.regime),
        "earnings": _earnings(report.calendar),
        "dividends": _dividends(report.calendar),
        "liquidity": _liquidity(report.liquidity),
    }


def _figure(figure: Figure) -> dict[str, Value]:
    told: dict[str, Value] = {"value": decimals(figure.value, 4)}
    return told | ({"why": figure.why} if figure.why else {"basis": figure.basis})


def _regime(found: Regime) -> dict[str, Value]:
    trend, volatility, term = found.trend, found.volatility, found.term
    return {
        "trend": trend.label,
        "close_to_mean50": decimals(trend.to_mean50, 4),
        "close_to_mean200": decimals(trend.to_mean200, 4),
        "slope": decimals(trend.slope, 3),
        "t_value": decimals(trend.t_value, 2),
        "volatility": volatility.label,
        "hv20_percentile": decimals(volatility.hv20_percentile, 4),
        "term": term.label,
        "term_slope": decimals(term.slope, 4),
        "term_days": [point.days for point in (term.near, term.far) if point],
        "why": "; ".join(each.why for each in (trend, volatility, term) if each.why) or None,
    }


def _earnings(calendar: Calendar) -> dict[str, Value]:
    event = calendar.earnings
    if event is None:
        return {"next": None, "why": calendar.no_earnings}
    return {"next": event.day, "timing": event.timing}


def _dividends(calendar: Calendar) -> dict[str, Value]:
    told: dict[str, Value] = {"next": [_dividend(each) for each in calendar.dividends]}
    return told if calendar.dividends else {"next": None, "why": calendar.no_dividends}


def _dividend(event: Dividend) -> dict[str, Value]:
    return {"ex_day": event.day, "pay_day": event.pay_day, "amount": event.amount}


def _liquidity(found: Liquidity) -> dict[str, Value]:
    told: dict[str, Value] = {
        "rating": found.rating,
        "spread": decimals(found.spread, 4),
        "open_interest": found.open_interest,
        "volume": found.volume,
        "contracts": found.contracts,
        "two_sided": found.two_sided,
    }
    return told | ({"why": found.why} if found.why else {"rule": RULE})


def _row(each: Term) -> list[Cell]:
    return [
        each.expiration,
        each.root,
        each.days,
        each.strike,
        decimals(each.iv, 4),
        decimals(each.skew, 4),
        each.straddle,
        decimals(each.move, 4),
        decimals(each.one_sigma, 2),
        each.why,
    ]
