"""`strikedesk balances`: what accounts are worth now, and were when past sessions closed."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from rich.console import RenderableType
from rich.text import Text

from strikedesk.cli.showing import table
from strikedesk.domain.accounts import Balances, ClosingBalances
from strikedesk.domain.calendar import exchange_date
from strikedesk.domain.errors import Denied
from strikedesk.domain.ledger import Json
from strikedesk.domain.reasons import Reason
from strikedesk.server.shaping import plain
from strikedesk.settings import load
from strikedesk.wiring import Desk, open_desk

BACK: Final = timedelta(days=30)
_EARLIEST: Final = date(1970, 1, 1)
_COLUMNS: Final = {
    "net_liquidation": "net liq",
    "cash": "cash",
    "long_value": "long",
    "short_value": "short",
    "option_buying_power": "option BP",
    "stock_buying_power": "stock BP",
    "maintenance_margin": "margin",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """The days that are asked for, as they were written; None = not said."""

    first: str | None
    last: str | None

    def until(self, today: date) -> tuple[date, date]:
        """Return the first and the last of them: thirty days up to today where nothing is said.

        Raises:
            Denied: INVALID_ARGUMENT, for what is no date, lies ahead, or is the wrong way round.
        """
        last = today if self.last is None else _read("--to", self.last)
        first = last - BACK if self.first is None else _read("--from", self.first)
        _check("--to", last, at_most=today)
        _check("--from", first, at_most=last)
        return first, last


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An account by its handle; `now` = None where the days that are asked for end before today."""

    handle: str
    closes: tuple[ClosingBalances, ...]
    now: Balances | None


async def balances(handle: str | None, days: Days) -> list[Told]:
    """Ask the broker of the settings; of every account where none is named.

    Raises:
        Denied: ACCOUNT_UNKNOWN, INVALID_ARGUMENT, DATA_UNAVAILABLE.
        Unavailable: it does not answer.
    """
    async with open_desk(load()) as desk:
        await desk.market.ready()
        first, last = days.until(exchange_date(desk.market.now()))
        accounts = await desk.books.all() if handle is None else [await desk.books.named(handle)]
        return [
            await _told(desk, each.handle, first, last, now=days.last is None) for each in accounts
        ]


def shown(told: Iterable[Told]) -> Iterator[RenderableType]:
    """Yield a table of each account, a line a day; what is not known is a dash."""
    for each in told:
        rows = [_row(f"{close.day}", close) for close in each.closes]
        if each.now is not None:
            rows.append(_row("now", each.now))
        yield Text(f"{each.handle}, USD at the close of each session", "bold")
        if rows:
            yield table(("day", *_COLUMNS.values()), rows)
        else:
            yield Text("The broker tells nothing of these days.\n")


def as_json(told: Iterable[Told]) -> str:
    """Return the same as JSON, with every figure there is; what is not known is null."""
    return json.dumps({"accounts": [_object(each) for each in told]})


async def _told(desk: Desk, handle: str, first: date, last: date, *, now: bool) -> Told:
    closes = await desk.books.closing_balances(handle, first, last)
    return Told(
        handle=handle, closes=closes, now=await desk.books.balances(handle) if now else None
    )


def _read(option: str, given: str) -> date:
    with suppress(ValueError):
        if (day := date.fromisoformat(given)) >= _EARLIEST:
            return day
    give = f"a date as YYYY-MM-DD, from {_EARLIEST} on"
    raise Denied(Reason.INVALID_ARGUMENT, argument=option, give=give)


def _check(option: str, day: date, *, at_most: date) -> None:
    if day > at_most:
        given, limit = day.isoformat(), at_most.isoformat()
        raise Denied(Reason.INVALID_ARGUMENT, argument=option, given=given, at_most=limit)


def _row(name: str, told: Balances | ClosingBalances) -> tuple[str | None, ...]:
    figures = _figures(told)
    return name, *(_usd(figures[column]) for column in _COLUMNS)


def _usd(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:,.2f}"


def _figures(told: Balances | ClosingBalances) -> dict[str, Decimal | None]:
    return {
        "net_liquidation": told.net_liquidation,
        "cash": told.cash,
        "long_value": told.long_value,
        "short_value": told.short_value,
        "option_buying_power": told.option_buying_power,
        "stock_buying_power": told.stock_buying_power,
        "maintenance_margin": told.maintenance_margin,
        "maintenance_excess": told.maintenance_excess,
        "dividends_accrued": told.dividends_accrued,
    }


def _object(told: Told) -> Mapping[str, Json]:
    now = None if told.now is None else plain({"as_of": told.now.as_of, **_figures(told.now)})
    closes = [plain({"day": close.day, **_figures(close)}) for close in told.closes]
    return {"account": told.handle, "closes": closes, "now": now}
