"""analyze_strategy: what legs would cost, what they can come to, and how likely."""

import asyncio
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

from mcp.types import CallToolResult, ImageContent

from strikedesk.domain.errors import Denied
from strikedesk.domain.orders import Leg
from strikedesk.domain.pages import PageSpan
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol
from strikedesk.market.numbers import decimals, price_number
from strikedesk.portfolio.from_words import legs_from_words
from strikedesk.portfolio.margin import Margin
from strikedesk.portfolio.proposal import StrategyReport, strategy_report
from strikedesk.portfolio.proposal_figures import StrategyLeg
from strikedesk.server.arguments import (
    AccountHandle,
    Flag,
    Legs,
    Underlying,
    decimal,
    fraction,
    text,
)
from strikedesk.server.call import Call, desk_of
from strikedesk.server.schemas import (
    BOOLEAN,
    INTEGER,
    LIST,
    NUMBER,
    OBJECT,
    TEXT,
    maybe,
    table_schema,
    with_optional,
)
from strikedesk.server.shaping import Cell, Value, table

if TYPE_CHECKING:
    from strikedesk.quant.strategies.lines import Lines
    from strikedesk.wiring import Desk
    from strikedesk.wiring.own_strategies import Known

# Bounds are told by a refusal.
Words: TypeAlias = Annotated[str, replace(text(), schema=TEXT)]
Sigma: TypeAlias = Annotated[float, replace(fraction(0.01, 5.0), schema=NUMBER)]
Usd: TypeAlias = Annotated[
    Decimal, replace(decimal(Decimal("0.01"), Decimal(100_000_000)), schema=NUMBER)
]

COLUMNS: Final = (
    "symbol",
    "quantity",
    "price",
    "iv",
    "delta",
    "in_the_money",
    "touch",
    "assignment",
)
RETURNS: Final = with_optional(
    table_schema(
        underlying=TEXT,
        as_of=TEXT,
        spot=NUMBER,
        strategy=TEXT,
        units=INTEGER,
        cost=NUMBER,
        max_profit=maybe(NUMBER),
        max_loss=maybe(NUMBER),
        unbounded=LIST,
        break_evens=LIST,
        exact=BOOLEAN,
        days=NUMBER,
        profit_probability=NUMBER,
        expected_value=NUMBER,
        distribution=TEXT,
        stated=maybe(OBJECT),
        capital=maybe(NUMBER),
        margin=maybe(OBJECT),
        return_on_capital=maybe(NUMBER),
        annualised=maybe(NUMBER),
        exercise=maybe(TEXT),
        greeks=OBJECT,
        liquidity=OBJECT,
        pictures=INTEGER,
    ),
    unread=LIST,
)


async def analyze_strategy(
    call: Call,
    legs: Legs | None = None,
    strategy: Words | None = None,
    underlying: Underlying | None = None,
    stated_volatility: Sigma | None = None,
    capital: Usd | None = None,
    account: AccountHandle | None = None,
    picture: Flag = False,
) -> Annotated[CallToolResult, RETURNS]:
    """Analyze option legs of one underlying at market mids, before an order.

    Give legs, or underlying and strategy to choose them by: `iron condor, 45 DTE, 16 delta,
    5 wide, x 2`, `call calendar, 30/60 DTE`. USD. cost: + paid. Bounds and break_evens at the first
    expiration, exact or sampled, before fees. profit_probability and expected_value (beyond cost)
    are the market's, by its smile; stated: the same, lognormal, at stated_volatility. capital: what
    return_on_capital divides by; not given, what margin takes: by account's broker, else Reg T with
    nothing else held; else the greatest loss. greeks of the position: theta, charm per day, vega,
    vanna per point. iv and greeks by exercise style; vanna, charm, all else European.
    touch: of ever being at the strike.
    assignment: why a sold leg may be exercised. picture: the payoff, for a person.
    """
    desk = await desk_of(call)
    known = desk.strategies.known()
    chosen = await _legs(desk, known, legs, strategy, underlying)
    found = await strategy_report(
        desk.market,
        chosen,
        stated=stated_volatility,
        capital=capital,
        patterns=known.patterns,
        drawn=picture,
        margin_of=desk.margins.alone if account is None else partial(desk.margins.of, account),
    )
    rows = [_row(each) for each in found.legs]
    pictures = [await _picture(found, found.lines)] if found.lines else []
    about = {**_about(found), "pictures": len(pictures)}
    unread: Mapping[str, Value] = {"unread": known.told} if known.unread else {}
    told = table(COLUMNS, rows, PageSpan.whole(len(rows)), {**about, **unread})
    return told.model_copy(update={"content": [*told.content, *pictures]})


async def _picture(found: StrategyReport, lines: "Lines") -> ImageContent:
    """Draw beside the event loop: it takes a while, and the first time a long one."""
    png = await asyncio.to_thread(_drawn, found, lines)
    return ImageContent(type="image", data=b64encode(png).decode(), mime_type="image/png")


def _drawn(found: StrategyReport, lines: "Lines") -> bytes:
    from strikedesk.server.pictures.payoff import payoff_chart  # noqa: PLC0415 -- brings in matplotlib

    return payoff_chart(found, lines)


async def _legs(
    desk: "Desk",
    known: "Known",
    legs: Sequence[Leg] | None,
    strategy: str | None,
    underlying: EquitySymbol | None,
) -> Sequence[Leg]:
    """Return the legs that were given, or those that the words choose."""
    if legs is not None and strategy is None and underlying is None:
        return legs
    if legs is not None or strategy is None or underlying is None:
        allowed = "legs alone, or strategy and underlying without legs"
        raise Denied(Reason.INVALID_ARGUMENT, argument="legs", allowed=allowed)
    known.check_named(strategy)
    return await legs_from_words(desk.market, underlying, strategy, known.patterns)


def _about(report: StrategyReport) -> dict[str, Value]:
    found, bounds = report.analysis, report.analysis.bounds
    sides = {"profit": bounds.max_profit, "loss": bounds.max_loss}
    stated = found.stated
    return {
        "underlying": report.underlying.ticker,
        "as_of": report.as_of,
        "spot": report.spot,
        "strategy": found.recognised.name,
        "units": found.recognised.units,
        "cost": decimals(found.cost, 2),
        "max_profit": decimals(bounds.max_profit, 2),
        "max_loss": decimals(bounds.max_loss, 2),
        "unbounded": [name for name, most in sides.items() if most == float("inf")],
        "break_evens": [decimals(each, 4) for each in bounds.break_evens],
        "exact": found.exact,
        "days": decimals(found.years * 365.0, 2),
        "profit_probability": decimals(found.market.profit, 4),
        "expected_value": decimals(found.market.expected, 2),
        "distribution": report.distribution,
        "stated": None
        if stated is None
        else {
            "volatility": report.stated,
            "profit_probability": decimals(stated.profit, 4),
            "expected_value": decimals(stated.expected, 2),
        },
        "capital": decimals(found.capital, 2),
        "margin": _margin(report.margin),
        "return_on_capital": decimals(found.return_on_capital, 4),
        "annualised": decimals(found.annualised, 4),
        "exercise": report.style,
        "greeks": {
            "delta": decimals(found.exposure.delta, 2),
            "gamma": decimals(found.exposure.gamma, 4),
            "theta": decimals(found.exposure.theta, 2),
            "vega": decimals(found.exposure.vega, 2),
            "vanna": decimals(report.crossed.vanna, 3),
            "charm": decimals(report.crossed.charm, 3),
        },
        "liquidity": {
            "to_cross": decimals(report.liquidity.to_cross, 2),
            "of_mid": decimals(report.liquidity.of_mid, 4),
            "widest": decimals(report.liquidity.widest, 4),
        },
    }


def _margin(found: Margin | None) -> dict[str, Value] | None:
    if found is None:
        return None
    return {
        "account": found.account,
        "buying_power_taken": found.taken,
        "requirement": found.margin,
        "refusals": found.refusals,
    }


def _row(each: StrategyLeg) -> list[Cell]:
    return [
        each.leg.symbol.compact,
        each.leg.signed_quantity,
        price_number(each.price),
        decimals(each.volatility, 4),
        decimals(each.delta, 4),
        decimals(each.in_the_money, 4),
        decimals(each.touch, 4),
        each.assignment,
    ]
