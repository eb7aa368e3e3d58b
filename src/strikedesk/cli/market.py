"""`strikedesk market`: what time it is in the paper world, and moving it on."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from rich.console import RenderableType
from rich.text import Text

from strikedesk.brokers.paper.stepping import Stepper, Way
from strikedesk.cli.showing import table
from strikedesk.domain.accounts import Transaction
from strikedesk.domain.broking import BrokerOrder
from strikedesk.domain.calendar import EXCHANGE_ZONE
from strikedesk.domain.ports import Broker
from strikedesk.exchange.clock import ClockMode, VenueClock
from strikedesk.exchange.market import Market
from strikedesk.exchange.steps import next_close, next_open, read_step
from strikedesk.settings import load
from strikedesk.wiring import Practice, UtcClock, open_practice

Progress: TypeAlias = Callable[[int, int], None]

_PAGE: Final = 200
_PATH: Final = "cli"
_GOES: Final = {
    ClockMode.REAL: "real: the time on the wall",
    ClockMode.OFFSET: "offset: runs with the wall, behind it or ahead of it",
    ClockMode.SPEED: "runs that many times as fast as the wall, also while nobody looks",
    ClockMode.STEPPED: "stepped: stands until `strikedesk market step` moves it",
    ClockMode.FROZEN: "frozen: stands for good",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What came of a step. `settled`: how many of the desk's own orders moved with it."""

    way: Way
    ended: Sequence[BrokerOrder]
    lines: Sequence[Transaction]
    settled: int


async def status() -> list[tuple[str, str]]:
    """Return what there is to say of the world that the settings name; it is not opened by that."""
    async with open_practice(load()) as practice:
        whole = await practice.worlds.whole(practice.world)
        if whole is None:
            clock, now = practice.opening.clock, practice.opening.clock.instant(UtcClock().now())
            first = [("world", f"{practice.world}, not opened yet: whoever trades first does")]
        else:
            seen = await practice.keeper.snapshot()
            clock, now = seen.world.frame.clock, seen.at
            first = [("world", practice.world)]
    return [*first, *_told(clock, now, practice.keeper.market)]


async def move(text: str, progress: Progress) -> Moved:
    """Take a step, to its end, and settle the desk's own orders.

    Raises:
        Denied: INVALID_ARGUMENT, CLOCK_NOT_STEPPED, DATA_UNAVAILABLE.
    """
    step = read_step(text)
    async with open_practice(load()) as practice:
        stepper = Stepper(keeper=practice.keeper)
        way = await stepper.begin(step)
        whole = _seconds(way.target - way.began)
        while not way.done:
            way = await stepper.go_on(way)
            progress(_seconds(way.at - way.began), whole)
        return await _moved(practice, way)


def happened(moved: Moved) -> list[RenderableType]:
    """Return what to show of a step."""
    way = moved.way
    taken_up = "An interrupted step was finished; run the command again to go further.\n"
    told = f"{taken_up if way.resumed else ''}From {_when(way.began)}\nto   {_when(way.target)}"
    shown: list[RenderableType] = [Text(told)]
    if moved.ended:
        shown.append(
            table(("when (UTC)", "order", "became", "filled", "of what"), _orders(moved.ended))
        )
    if moved.lines:
        columns = ("when (UTC)", "account", "line", "what", "cash")
        shown.append(table(columns, map(_line, moved.lines)))
    if not moved.ended and not moved.lines:
        shown.append(Text("Nothing happened on the way."))
    if moved.settled:
        shown.append(Text(f"{moved.settled} orders moved in the desk's ledger."))
    return [part for each in shown for part in (each, Text("\n"))][:-1]


async def _moved(practice: Practice, way: Way) -> Moved:
    await practice.broker.advance()
    settled = await practice.reconciler(path=_PATH)
    ended: list[BrokerOrder] = []
    lines: list[Transaction] = []
    for account in await practice.broker.accounts():
        found = await practice.broker.orders(account.account_id, since=way.began)
        ended += [order for order in found if _ended_on(order, way)]
        lines += await _lines(practice.broker, account.account_id, way)
    return Moved(
        way=way,
        ended=sorted(ended, key=lambda order: order.updated_at or way.began),
        lines=sorted(lines, key=lambda line: line.at),
        settled=settled,
    )


async def _lines(broker: Broker, account_id: str, way: Way) -> list[Transaction]:
    """Return what was written on the way, oldest first."""
    found: list[Transaction] = []
    total, offset, start = 1, 0, way.began.date()
    while offset < total:
        page = await broker.transactions(
            account_id, start=start, end=None, limit=_PAGE, offset=offset
        )
        found += [line for line in page.rows if way.began < line.at <= way.target]
        total, offset = page.total, offset + _PAGE
    return found[::-1]


def _ended_on(order: BrokerOrder, way: Way) -> bool:
    at = order.updated_at
    return order.state.is_final and at is not None and way.began < at <= way.target


def _orders(ended: Iterable[BrokerOrder]) -> list[tuple[str, ...]]:
    return [
        (
            _short(order.updated_at),
            order.broker_order_id,
            order.state.value,
            f"{order.filled_units} of {order.order.units}",
            ", ".join(
                f"{leg.action.value} {leg.quantity} {leg.symbol.compact}"
                for leg in order.order.legs
            ),
        )
        for order in ended
    ]


def _line(line: Transaction) -> tuple[str, ...]:
    kind, cash = line.kind.value, f"{line.cash_effect:,.2f}"
    return _short(line.at), line.account_id, kind, line.description, cash


def _told(clock: VenueClock, now: datetime, market: Market) -> list[tuple[str, str]]:
    opens, closes = next_open(market, now), next_close(market, now)
    over = "never: the tape is over"
    goes = _GOES[clock.mode]
    told = [
        ("time", _when(now)),
        ("clock", f"{clock.in_words}: {goes}" if clock.mode is ClockMode.SPEED else goes),
        ("market", market.feed.value),
        ("session", _session(market, now, closes)),
        ("next open", over if opens is None else _when(opens)),
    ]
    if clock.target is None:
        return told
    step = f"to {_when(clock.target)}: `strikedesk market step` with anything finishes it"
    return [*told, ("under way", step)]


def _session(market: Market, now: datetime, closes: datetime | None) -> str:
    if market.is_open(now) and closes is not None:
        return f"open, closes {_when(closes)}"
    return "closed"


def _seconds(length: timedelta) -> int:
    return int(length.total_seconds())


def _short(at: datetime | None) -> str:
    return "-" if at is None else f"{at:%Y-%m-%d %H:%M:%S}"


def _when(at: datetime) -> str:
    there = at.astimezone(EXCHANGE_ZONE)
    return f"{at:%Y-%m-%d %H:%M:%S} UTC ({there:%a %H:%M} in New York)"
