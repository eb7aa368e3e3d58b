"""The events of market data that are told here, and all the fields of each.

A client that names none gets these, in this order; one that names some gets those, in its order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias

Cell: TypeAlias = str | int | float | bool | None
Known: TypeAlias = Mapping[str, Cell]

NO_NUMBER: Final = "NaN"
_EVERY: Final = ("eventType", "eventSymbol", "eventTime")
_INDEXED: Final = ("eventFlags", "index", "time", "sequence")

FIELDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "Quote": (
            *_EVERY,
            "sequence",
            "timeNanoPart",
            "bidTime",
            "bidExchangeCode",
            "bidPrice",
            "bidSize",
            "askTime",
            "askExchangeCode",
            "askPrice",
            "askSize",
        ),
        "Trade": (
            *_EVERY,
            "time",
            "timeNanoPart",
            "sequence",
            "exchangeCode",
            "price",
            "change",
            "size",
            "dayId",
            "dayVolume",
            "dayTurnover",
            "tickDirection",
            "extendedTradingHours",
        ),
        "Summary": (
            *_EVERY,
            "dayId",
            "dayOpenPrice",
            "dayHighPrice",
            "dayLowPrice",
            "dayClosePrice",
            "dayClosePriceType",
            "prevDayId",
            "prevDayClosePrice",
            "prevDayClosePriceType",
            "prevDayVolume",
            "openInterest",
        ),
        "Profile": (
            *_EVERY,
            "description",
            "shortSaleRestriction",
            "tradingStatus",
            "statusReason",
            "haltStartTime",
            "haltEndTime",
            "highLimitPrice",
            "lowLimitPrice",
            "high52WeekPrice",
            "low52WeekPrice",
            "beta",
            "earningsPerShare",
            "dividendFrequency",
            "exDividendAmount",
            "exDividendDayId",
            "shares",
            "freeFloat",
        ),
        "Greeks": (
            *_EVERY,
            *_INDEXED,
            "price",
            "volatility",
            "delta",
            "gamma",
            "theta",
            "rho",
            "vega",
        ),
        "Candle": (
            *_EVERY,
            *_INDEXED,
            "count",
            "open",
            "high",
            "low",
            "close",
            "volume",
            "VWAP",
            "bidVolume",
            "askVolume",
            "impVolatility",
            "openInterest",
        ),
    }
)
# They can be asked for, and this venue has nothing to tell of them.
UNTOLD: Final = frozenset({"TradeETH", "TimeAndSale", "TheoPrice", "Underlying", "Series"})


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a client wants: a kind of event of a streamer symbol."""

    kind: str
    symbol: str


def cells_of(wanted: Subscription, known: Known, fields: Sequence[str]) -> list[Cell]:
    """Return an event's cells in the order of `fields`; a number that is not known is "NaN"."""
    told = {"eventType": wanted.kind, "eventSymbol": wanted.symbol, "eventTime": 0, **known}
    return [told.get(name, NO_NUMBER) for name in fields]
