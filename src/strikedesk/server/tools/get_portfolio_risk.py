"""get_portfolio_risk: what an account's positions gain and lose, move by move."""

from collections.abc import Mapping
from decimal import Decimal
from itertools import islice
from typing import Annotated, Final

from mcp.types import CallToolResult

from strikedesk.domain.calendar import exchange_date
from strikedesk.domain.events import Dividend, Earnings, MarketEvent
from strikedesk.domain.margin import MarginGroup, MarginHeld
from strikedesk.portfolio.ahead import Ending
from strikedesk.portfolio.exposures import Exposures, Sum, UnderlyingRisk
from strikedesk.portfolio.lived import Fall
from strikedesk.portfolio.risk import PortfolioRisk, portfolio_risk
from strikedesk.portfolio.stress import SPOT_SHOWN, VOLATILITY_SHOWN, Stress
from strikedesk.portfolio.value_at_risk import DRAWS, SEED, TailFigure
from strikedesk.server.arguments import AccountHandle, Page, Underlying
from strikedesk.server.call import Call, desk_of
from strikedesk.server.schemas import BOOLEAN, INTEGER, OBJECT, TEXT, maybe, table_schema
from strikedesk.server.shaping import Cell, Value, table

COLUMNS: Final = (
    "underlying",
    "positions",
    "spot",
    "value",
    "beta",
    "dollar_delta",
    "beta_delta",
    "gamma",
    "theta",
    "vega",
    "worst",
)
RETURNS: Final = table_schema(
    account=TEXT,
    simulated=BOOLEAN,
    as_of=TEXT,
    benchmark=OBJECT,
    positions=INTEGER,
    sums=OBJECT,
    stress=maybe(OBJECT),
    tails=OBJECT,
    max_drawdown=OBJECT,
    own_drawdown=maybe(OBJECT),
    concentration=maybe(OBJECT),
    margin=OBJECT,
    expirations=OBJECT,
    events=OBJECT,
    not_covered=OBJECT,
    method=OBJECT,
)
SHOWN: Final = 6
_UNKNOWN: Final = Decimal("Infinity")
METHOD: Final = {
    "beta": "slope of daily log returns on the benchmark's, 60 to 252 sessions",
    "value": (
        "Greeks as american or european options; stress and tails: European at each mark's "
        "volatility, american ones plus today's worth of early exercise, never below exercise"
    ),
    "stress": (
        "all prices by one fraction, all volatilities by one fraction of themselves, no time "
        "passes; 21 x 21 priced, some shown"
    ),
    "tails": (
        "USD lost; 1 session takes 1 day, 10 take 14; es: mean of what is at or beyond var; "
        "historical: moves of prices and of 30-day implied volatilities, runs of 10 overlap; "
        f"monte_carlo: {DRAWS} normal draws with their covariance, no drift, seed {SEED}"
    ),
    "max_drawdown": "today's positions through those sessions' moves",
    "own_drawdown": "the account's own closes of a year, money paid in and out left out",
}


async def get_portfolio_risk(
    call: Call, account: AccountHandle, benchmark: Underlying | None = None, page: Page = 1
) -> Annotated[CallToolResult, RETURNS]:
    """Measure what an account's positions stand to gain and lose, by underlying and in all.

    USD. dollar_delta: value of shares that move alike; beta_delta: the same of the benchmark (SPY);
    gamma: dollar_delta gained per 1 % up; theta per day; vega per volatility point; worst: lowest
    of the stress grid. A sum is null while rows are unknown; not_covered names what is left out.
    """
    desk = await desk_of(call)
    found = await portfolio_risk(desk.books, desk.market, account, benchmark=benchmark, page=page)
    return table(COLUMNS, [_row(each) for each in found.rows], found.span, _about(found))


def _about(found: PortfolioRisk) -> dict[str, Value]:
    measured = found.measured
    return {
        "account": found.account.handle,
        "simulated": found.account.simulated,
        "as_of": found.as_of,
        "benchmark": {"symbol": found.benchmark, "closes": found.benchmark_closes},
        "positions": found.positions,
        "sums": _sums(found.exposures),
        "stress": _stress(measured.stress, found.positions - len(measured.lacking)),
        "tails": _tails(found),
        "max_drawdown": _drawdown(found),
        "own_drawdown": _own_drawdown(found.own_fall),
        "concentration": _concentration(found),
        "margin": _margin(found),
        "expirations": _expirations(found),
        "events": _events(found),
        "not_covered": _not_covered(found),
        "method": METHOD,
    }


def _sums(found: Exposures) -> dict[str, Value]:
    return {
        "dollar_delta": _sum(found.dollar_delta),
        "beta_delta": _sum(found.beta_delta),
        "gamma": _sum(found.gamma),
        "theta": _sum(found.theta),
        "vega": _sum(found.vega),
    }


def _sum(found: Sum) -> Value:
    """Return a sum; where rows are unknown, what is known of it and how many are not."""
    if found.unknown:
        return {"total": None, "known": _usd(found.known), "unknown_rows": found.unknown}
    return _usd(found.amount)


def _stress(found: Stress | None, covered: int) -> Value:
    if found is None:
        return None
    worst = found.worst
    return {
        "covers": covered,
        "spot": SPOT_SHOWN,
        "volatility": VOLATILITY_SHOWN,
        "profit": [[round(profit) for profit in row] for row in found.shown],
        "worst": {
            "spot": worst.spot,
            "volatility": worst.volatility,
            "profit": _usd(worst.profit),
        },
    }


def _tails(found: PortfolioRisk) -> dict[str, Value]:
    measured = found.measured
    return {
        "covers": found.positions - len(measured.tails_lacking),
        "sessions": len(measured.moves.rows),
        "until": measured.moves.until,
        "volatility_held_still": measured.moves.held_still,
        "columns": ("sessions", "method", "percent", "var", "es"),
        "rows": [_tail(each) for each in measured.tails.tails],
    }


def _tail(each: TailFigure) -> list[Cell]:
    return [
        each.sessions,
        each.method,
        each.percent,
        _usd(each.value_at_risk),
        _usd(each.expected_shortfall),
    ]


def _drawdown(found: PortfolioRisk) -> dict[str, Value]:
    fall, worth = found.measured.tails.drawdown, found.balances.net_liquidation
    share = None if fall is None or not worth else round(fall / float(worth), 4)
    return {"usd": _usd(fall), "of_net_liquidation": share}


def _own_drawdown(found: Fall | None) -> Value:
    if found is None:
        return None
    return {
        "usd": found.usd,
        "of_worth_then": None if found.share is None else round(float(found.share), 4),
        "from": exchange_date(found.high_at),
        "to": exchange_date(found.low_at),
        "closes": found.closes,
        "since": exchange_date(found.since),
    }


def _concentration(found: PortfolioRisk) -> Value:
    known = found.concentration
    if known is None:
        return None
    return {
        "largest": known.largest,
        "share_of_worst": round(known.share, 4),
        "effective_underlyings": round(known.effective, 2),
        "known_of": known.of,
    }


def _margin(found: PortfolioRisk) -> dict[str, Value]:
    balances = found.balances
    excess, worth = balances.maintenance_excess, balances.net_liquidation
    share = None if excess is None or not worth else round(float(excess / worth), 4)
    return {
        "net_liquidation": worth,
        "maintenance": balances.maintenance_margin,
        "headroom": excess,
        "headroom_share": share,
        "option_buying_power": balances.option_buying_power,
        "initial": None if found.margin is None else found.margin.initial,
        "by_underlying": _claims(found.margin),
    }


def _claims(held: MarginHeld | None) -> Value:
    """Return what is asked for a few underlyings, the largest first; null where nobody says."""
    if held is None:
        return None
    largest = sorted(held.groups, key=_size, reverse=True)[:SHOWN]
    return {
        "total": len(held.groups),
        "columns": ("underlying", "initial", "maintenance"),
        "rows": [[each.underlying, each.initial, each.maintenance] for each in largest],
    }


def _size(group: MarginGroup) -> Decimal:
    """Return how much is asked for; what nobody says might be the most."""
    return _UNKNOWN if group.maintenance is None else group.maintenance


def _expirations(found: PortfolioRisk) -> dict[str, Value]:
    today = exchange_date(found.as_of)
    return {
        "total": len(found.endings),
        "columns": ("day", "days", "underlying", "long", "short", "short_itm"),
        "rows": [
            [each.day, (each.day - today).days, *_counts(each)] for each in found.endings[:SHOWN]
        ],
    }


def _counts(each: Ending) -> list[Cell]:
    return [each.underlying, each.long, each.short, each.short_in_the_money]


def _events(found: PortfolioRisk) -> dict[str, Value]:
    return {
        "total": len(found.events),
        "columns": ("day", "underlying", "event"),
        "rows": [[each.day, each.underlying, _named(each)] for each in found.events[:SHOWN]],
    }


def _named(event: MarketEvent) -> str:
    if isinstance(event, Dividend):
        return f"ex-dividend {event.amount}"
    if isinstance(event, Earnings):
        return f"earnings {event.timing.value if event.timing else ''}".rstrip()
    return f"split {event.new} for {event.old}"


def _not_covered(found: PortfolioRisk) -> dict[str, Value]:
    measured, beside = found.measured, found.untraded
    gaps: dict[str, Value] = {
        "stress": _named_gaps(measured.lacking),
        "tails": _named_gaps(measured.tails_lacking),
    }
    if beside:  # In no figure at all, so not one that lacks something.
        named = [each.symbol for each in beside[:SHOWN]]
        gaps["untraded"] = {"total": len(beside), "symbols": named}
    return gaps


def _named_gaps(lacking: Mapping[str, str]) -> Value:
    """Name the first few, each with what it lacks, and count them all."""
    first = dict(islice(lacking.items(), SHOWN))
    return {"total": len(lacking), "lacks": first}


def _row(each: UnderlyingRisk) -> list[Cell]:
    known = each.exposure
    return [
        each.underlying,
        each.positions,
        each.spot,
        each.value,
        None if each.beta is None else round(each.beta, 3),
        _usd(known.dollar_delta if known else None),
        _usd(each.beta_delta),
        _usd(known.gamma if known else None),
        _usd(known.theta if known else None),
        _usd(known.vega if known else None),
        _usd(each.worst),
    ]


def _usd(amount: float | None) -> float | None:
    """Return a statistic in USD to the cent."""
    return None if amount is None else round(amount, 2) + 0.0
