"""get_volatility: how much a price moved, and how much its options say it will."""

from typing import Annotated, Final

from mcp.types import CallToolResult

from strikedesk.market.numbers import decimals
from strikedesk.market.volatility import ExpectedMove, Figure, VolatilityReport
from strikedesk.server.arguments import Underlying
from strikedesk.server.call import Call, desk_of
from strikedesk.server.schemas import LIST, NUMBER, OBJECT, TEXT, maybe, record_schema
from strikedesk.server.shaping import Value, record

RETURNS: Final = record_schema(
    underlying=TEXT,
    as_of=TEXT,
    feed=maybe(TEXT),
    spot=maybe(NUMBER),
    iv30=OBJECT,
    hv20=OBJECT,
    hv60=OBJECT,
    historical_until=maybe(TEXT),
    expected_moves=LIST,
)


async def get_volatility(call: Call, underlying: Underlying) -> Annotated[CallToolResult, RETURNS]:
    """Compare how much a price moved (hv20, hv60: sessions) with what its options imply (iv30).

    Annual fractions: 0.25 is 25 %. expected_moves: the straddle nearest the money of the next
    expirations, USD and fraction of spot. A null figure says why.
    """
    desk = await desk_of(call)
    return record(_told(await desk.market.volatility(underlying)))


def _told(report: VolatilityReport) -> dict[str, Value]:
    return {
        "underlying": report.underlying,
        "as_of": report.as_of,
        "feed": report.feed,
        "spot": report.spot,
        "iv30": _figure(report.iv30),
        "hv20": _figure(report.historical.hv20),
        "hv60": _figure(report.historical.hv60),
        "historical_until": report.historical.until,
        "expected_moves": [_move(move) for move in report.expected_moves],
    }


def _figure(figure: Figure) -> dict[str, Value]:
    told: dict[str, Value] = {"value": decimals(figure.value, 4)}
    return told | ({"why": figure.why} if figure.why else {"basis": figure.basis})


def _move(move: ExpectedMove) -> dict[str, Value]:
    told: dict[str, Value] = {
        "expiration": move.expiration,
        "root": move.root,
        "days": move.days,
        "strike": move.strike,
        "atm_iv": decimals(move.atm_iv, 4),
        "move": move.move,
        "fraction": decimals(move.fraction, 4),
    }
    return told | ({"why": move.why} if move.why else {})
