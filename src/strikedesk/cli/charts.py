"""`strikedesk market smile` and `strikedesk paper chart`: pictures of a paper world, as files."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from pathlib import Path
from typing import Final

from strikedesk.cli.whole_file import replace_whole
from strikedesk.domain.accounts import Transaction, TransactionKind
from strikedesk.domain.calendar import exchange_date, sessions_between
from strikedesk.domain.errors import Denied
from strikedesk.domain.ports import MarketData, WholeWorld
from strikedesk.domain.quotes import Chain, ChainRow, Expiration
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol, Right, parse_equity
from strikedesk.exchange.accounts import Receivable
from strikedesk.exchange.documents import read_line
from strikedesk.exchange.equity import equity_by_day
from strikedesk.exchange.market import Market
from strikedesk.exchange.rows import read_world
from strikedesk.server.pictures.equity import Worth, equity_chart
from strikedesk.server.pictures.smile import CURVES_MAX, Smile, smile_chart
from strikedesk.settings import load
from strikedesk.store.whole_worlds import SqlWorlds
from strikedesk.wiring import UtcClock, market_of, open_practice, open_store

_AHEAD_DAYS: Final = (7, 30, 60, 120, 365)
_AROUND: Final = 0.25  # Of the spot, to either side: farther wings are quoted by nobody.
_TOLD: Final = frozenset(TransactionKind) - {TransactionKind.TRADE, TransactionKind.DEPOSIT}


async def draw_smile(ticker: str, out: Path) -> str:
    """Write the picture of an underlying's smile. Returns what to tell the owner.

    Raises:
        Denied: INVALID_SYMBOL, SYMBOL_NOT_FOUND, DATA_UNAVAILABLE.
    """
    underlying = parse_equity(ticker)
    async with open_practice(load()) as practice:
        await practice.broker.advance()
        png = await _smile(practice.broker, underlying)
        feed = practice.keeper.market.feed.value
    replace_whole(out, png)
    return f"{out}: the smile of {underlying.ticker}, {feed} prices."


async def draw_account(handle: str, out: Path) -> str:
    """Write the picture of what an account was worth. Returns what to tell the owner.

    Raises:
        Denied: ACCOUNT_UNKNOWN, DATA_UNAVAILABLE; INVALID_ARGUMENT for a world that is not there.
    """
    settings = load()
    async with open_store(settings) as database:
        whole = await SqlWorlds(database).whole(settings.paper.world)
    if whole is None:
        raise Denied(
            Reason.INVALID_ARGUMENT,
            argument="STRIKEDESK_PAPER__WORLD",
            given=settings.paper.world,
            problem="nobody has traded in it: see `strikedesk paper worlds`",
        )
    market = market_of(settings, read_world(whole.rows).frame.source)
    if market is None:
        raise Denied(Reason.DATA_UNAVAILABLE, world=settings.paper.world, missing="its tape")
    replace_whole(out, _account(whole, market, handle))
    return f"{out}: the account {handle} of the world {settings.paper.world}."


async def _smile(data: MarketData, underlying: EquitySymbol) -> bytes:
    chosen = _spread(await data.expirations(underlying))
    chain = await data.chain(underlying, [each.day for each in chosen])
    spot = chain.spot.mark
    smiles = [] if spot is None else list(_curves(chain, chosen, float(spot)))
    if spot is None or not smiles:
        raise Denied(Reason.DATA_UNAVAILABLE, underlying=underlying.ticker, missing="volatility")
    told = f"implied volatility by strike, out of the money, {chain.as_of:%Y-%m-%d %H:%M} UTC"
    feed = chain.spot.feed
    return smile_chart(underlying.ticker, smiles, spot=float(spot), told=told, feed=feed)


def _spread(listed: Sequence[Expiration]) -> list[Expiration]:
    """Return the standard expirations nearest to a week, a month, two, four and a year ahead."""
    standard = [each for each in listed if each.standard and each.days > 0] or listed
    found: list[Expiration] = []
    for days in _AHEAD_DAYS:
        nearest = min(standard, key=lambda each: abs(each.days - days), default=None)
        if nearest is not None and nearest not in found:
            found.append(nearest)
    return found[:CURVES_MAX]


def _curves(chain: Chain, chosen: Sequence[Expiration], spot: float) -> Iterator[Smile]:
    rows: defaultdict[tuple[str, date], list[ChainRow]] = defaultdict(list)
    for row in chain.rows:
        rows[row.contract.root, row.contract.expiration].append(row)
    for each in chosen:
        points = [point for row in rows[each.root, each.day] if (point := _point(row, spot))]
        if points:
            strikes, volatilities = zip(*points, strict=True)
            label = f"{each.day}, {each.days} days"
            yield Smile(label=label, strikes=strikes, volatilities=volatilities)


def _point(row: ChainRow, spot: float) -> tuple[float, float] | None:
    """Return a contract's place on its curve; None in the money, far out, and where none is."""
    strike = float(row.contract.strike)
    implied = None if row.greeks is None else row.greeks.implied_volatility
    outside = strike <= spot if row.contract.right is Right.PUT else strike > spot
    if implied is None or not outside or abs(strike / spot - 1) > _AROUND:
        return None
    return strike, implied


def _account(whole: WholeWorld, market: Market, handle: str) -> bytes:
    world = read_world(whole.rows)
    account = next((a for a in world.accounts.values() if a.handle == handle), None)
    if account is None:
        raise Denied(Reason.ACCOUNT_UNKNOWN, account=handle[:40])
    lines = [
        read_line(line.document) for line in whole.lines if line.account_id == account.account_id
    ]
    days = _days(
        lines, account.receivables, market, world.frame.opened_at, _now(world.advanced_to, whole)
    )
    if len(days) < 2 or all(day.value is None for day in days):  # noqa: PLR2004 -- a line has two ends
        raise Denied(Reason.DATA_UNAVAILABLE, account=handle, missing="two finished sessions")
    told = f"net liquidation at each close, {days[0].day} to {days[-1].day}"
    return equity_chart(account.nickname, days, told=told, feed=market.feed)


def _now(advanced_to: datetime, whole: WholeWorld) -> datetime:
    clock = read_world(whole.rows).frame.clock
    return max(clock.instant(UtcClock().now()), advanced_to)


def _days(
    lines: Sequence[Transaction],
    due: Iterable[Receivable],
    market: Market,
    start: datetime,
    end: datetime,
) -> list[Worth]:
    over = [
        session
        for session in sessions_between(exchange_date(start), exchange_date(end))
        if session.closes_at <= end
    ]
    notes = _notes(lines)
    return [
        Worth(
            day=found.day,
            value=None if found.value is None else float(found.value),
            note=notes.get(found.day, ""),
        )
        for found in equity_by_day(lines, due, market, over)
    ]


def _notes(lines: Sequence[Transaction]) -> Mapping[date, str]:
    """Return what befell the account by day, trades apart."""
    told = [line for line in lines if line.kind in _TOLD]
    days = groupby(told, key=lambda line: exchange_date(line.at))
    return {day: ", ".join(sorted({line.kind.value for line in group})) for day, group in days}
