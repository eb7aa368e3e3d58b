"""What is on record of options on futures: in a chain, in full, and of what they have in common."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

from strikedesk.domain.calendar import days_to_expiration
from strikedesk.domain.ledger import Json
from strikedesk.domain.symbols import Right
from strikedesk.exchange.future_options import STEPS, FutureOption, Series
from strikedesk.exchange.futures import E_MINI
from strikedesk.sandbox.futures import DISPLAY, EXCHANGE, VENUE, tick_table
from strikedesk.sandbox.wire import decimal, instant

FUTURE_OPTION: Final = "Future Option"
STYLE: Final = "American"

_END_OF_MONTH: Final = "EW"
ROOTS: Final = (E_MINI.code, _END_OF_MONTH, *(f"EW{week}" for week in range(1, 5)))


def in_chain(series: Series, today: date) -> dict[str, Json]:
    """Return an expiration as a chain has it, with both names of each side of its strikes."""
    return {
        **_shared(series, today),
        "option-contract-symbol": series.code,
        "asset": series.root,
        "expiration-type": _expiration_type(series.root),
        "settlement-type": series.settlement.value.upper(),
        "tick-sizes": tick_table(STEPS),
        "strikes": [*_strikes(series)],
    }


def in_full(
    options: Iterable[FutureOption], series: Series, today: date
) -> Iterator[dict[str, Json]]:
    """Yield some options of a series in full; what they share is made once."""
    shared = {
        **_shared(series, today),
        "instrument-type": FUTURE_OPTION,
        "product-code": series.future.product.code,
        "maturity-date": series.day.isoformat(),
        "exchange": EXCHANGE,
        "exercise-style": STYLE,
        "settlement-type": "Future",
        "multiplier": decimal(1),
        "future-price-ratio": decimal(1),
        "underlying-count": decimal(1),
        "is-vanilla": True,
        "is-primary-deliverable": True,
        "is-confirmed": True,
        "is-exercisable-weekly": True,
        "is-closing-only": False,
        "active": True,
        "last-trade-time": "0",
        "security-exchange": "2",
        "sx-id": "0",
        "future-option-product": root_record(series.root),
    }
    for option in options:
        yield {**shared, **_own(option)}


def root_record(root: str) -> dict[str, Json]:
    """Return what is on record of a root."""
    return {
        "code": root,
        "root-symbol": root,
        "exchange": EXCHANGE,
        "product-type": "Physical",
        "expiration-type": _expiration_type(root),
        "market-sector": "Equity Index",
        "is-am-settled": root == E_MINI.code,
        "is-rollover": False,
        "cash-settled": False,
        "settlement-delay-days": 0,
        "display-factor": decimal(DISPLAY),
        "clearing-code": root,
        "clearing-exchange-code": "16",
        "clearing-price-multiplier": decimal(1),
        "clearport-code": root,
        "supported": False,
    }


def streamed_head(series: Series) -> str:
    """Spell how the streamer's names of a series begin: `./EW1Z26`."""
    return f"./{series.month}{series.day:%y}"


def streamed_option(option: FutureOption) -> str:
    """Spell an option as the streamer does: `./EW1Z26C6300:XCME`."""
    return f"{streamed_head(option.series)}{option.tail}:{VENUE}"


def _shared(series: Series, today: date) -> dict[str, Json]:
    """Return what an expiration of a chain and a record both have."""
    product, ends = series.future.product, instant(series.ends_at)
    return {
        "underlying-symbol": series.future.name.compact,
        "root-symbol": f"/{product.code}",
        "option-root-symbol": series.root,
        "expiration-date": series.day.isoformat(),
        "days-to-expiration": days_to_expiration(today, series.day),
        "notional-value": decimal(product.multiplier * DISPLAY),
        "display-factor": decimal(DISPLAY),
        "strike-factor": decimal(1),
        "stops-trading-at": ends,
        "expires-at": ends,
    }


def _own(option: FutureOption) -> dict[str, Json]:
    return {
        "symbol": option.name.compact,
        "streamer-symbol": streamed_option(option),
        "exchange-symbol": f"{option.series.code} {option.tail}",
        "option-type": option.right.value,
        "strike-price": decimal(option.strike),
    }


def _strikes(series: Series) -> Iterator[Json]:
    for strike in series.strikes:
        call = FutureOption(series=series, right=Right.CALL, strike=strike)
        put = FutureOption(series=series, right=Right.PUT, strike=strike)
        yield {
            "strike-price": decimal(strike),
            "call": call.name.compact,
            "call-streamer-symbol": streamed_option(call),
            "put": put.name.compact,
            "put-streamer-symbol": streamed_option(put),
        }


def _expiration_type(root: str) -> str:
    if root == E_MINI.code:
        return "Regular"
    return "End-Of-Month" if root == _END_OF_MONTH else "Weekly"
