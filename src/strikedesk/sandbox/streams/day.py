"""A day of the venue, and what its events tell of whatever is quoted."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from strikedesk.domain.calendar import exchange_date, previous_session
from strikedesk.domain.quotes import Bar, Quote
from strikedesk.domain.untraded_quotes import UntradedQuote
from strikedesk.exchange.future_options import FutureOption
from strikedesk.sandbox.streams.kinds import NO_NUMBER, Cell, Known
from strikedesk.sandbox.wire import epoch_ms
from strikedesk.sandbox.world import SandboxWorld

_EPOCH: Final = date(1970, 1, 1)
_EXCHANGE: Final = "Q"


@dataclass(frozen=True, slots=True, kw_only=True)
class Streamed:
    """One thing that is quoted, with what it rests on.

    `bar` is its day so far, where known; `option` what it is, of an option on a future.
    """

    quote: Quote | UntradedQuote
    underlying: str
    description: str
    is_index: bool = False
    bar: Bar | None = None
    option: FutureOption | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The venue's day, as every event of it has it."""

    at: datetime
    day_id: int
    before_id: int
    halted: frozenset[str]

    @classmethod
    def of(cls, world: SandboxWorld) -> "Day":
        """Return the day of now."""
        at = world.now()
        day = exchange_date(at)
        return cls(
            at=at,
            day_id=_day_id(day),
            before_id=_day_id(previous_session(day).day),
            halted=world.office.market.halted(at),
        )

    def event(self, kind: str, told: Streamed) -> Known | None:
        """Return what an event of a kind tells; None where it tells nothing."""
        match kind:
            case "Quote":
                return None if told.is_index else _sides(told.quote)
            case "Trade":
                return self._trade(told.quote)
            case "Summary":
                return self._summary(told.quote, told.bar)
            case _:
                return self._profile(told)

    def _trade(self, quote: Quote | UntradedQuote) -> Known | None:
        if quote.last is None:
            return None
        before = quote.previous_close
        return {
            "time": epoch_ms(self.at),
            "timeNanoPart": 0,
            "sequence": 0,
            "exchangeCode": _EXCHANGE,
            "price": number(quote.last),
            "change": NO_NUMBER if before is None else number(quote.last - before),
            "dayId": self.day_id,
            "dayVolume": number(quote.volume),
            "tickDirection": "UNDEFINED",
            "extendedTradingHours": False,
        }

    def _summary(self, quote: Quote | UntradedQuote, bar: Bar | None) -> Known:
        return {
            "dayId": self.day_id,
            "dayOpenPrice": number(None if bar is None else bar.open),
            "dayHighPrice": number(None if bar is None else bar.high),
            "dayLowPrice": number(None if bar is None else bar.low),
            "dayClosePriceType": "REGULAR",
            "prevDayId": self.before_id,
            "prevDayClosePrice": number(quote.previous_close),
            "prevDayClosePriceType": "REGULAR",
            "openInterest": int(quote.open_interest or 0),
        }

    def _profile(self, told: Streamed) -> Known:
        halted = told.underlying in self.halted
        return {
            "description": told.description,
            "shortSaleRestriction": "INACTIVE",
            "tradingStatus": "HALTED" if halted else "ACTIVE",
            "statusReason": None,
            "haltStartTime": 0,
            "haltEndTime": 0,
            "exDividendDayId": 0,
        }


def number(value: Decimal | float | None) -> Cell:
    """Return a number as events have it."""
    return NO_NUMBER if value is None else float(value) if isinstance(value, Decimal) else value


def _sides(quote: Quote | UntradedQuote) -> Known:
    return {
        "sequence": 0,
        "timeNanoPart": 0,
        "bidTime": 0,
        "bidExchangeCode": _EXCHANGE,
        "bidPrice": number(quote.bid),
        "bidSize": number(quote.bid_size),
        "askTime": 0,
        "askExchangeCode": _EXCHANGE,
        "askPrice": number(quote.ask),
        "askSize": number(quote.ask_size),
    }


def _day_id(day: date) -> int:
    return (day - _EPOCH).days
