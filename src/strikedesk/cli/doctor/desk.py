"""Checks that open the desk, as a start of the server would."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from string import ascii_uppercase
from typing import TYPE_CHECKING, Final

from strikedesk.cli.doctor.report import Check, fail, failed, made, not_made, ok, warn
from strikedesk.cli.standing import described
from strikedesk.domain.calendar import current_or_next_session, exchange_date, status
from strikedesk.domain.errors import DeskError
from strikedesk.domain.holidays import unlike_hours
from strikedesk.domain.ports import Clock, HaltSwitch, Ledger
from strikedesk.domain.quotes import Feed
from strikedesk.domain.symbols import EquitySymbol
from strikedesk.settings import Settings
from strikedesk.wiring import Desk, UtcClock, halt_switch, open_desk, open_store

if TYPE_CHECKING:
    from strikedesk.store.database import Database

FIRST_YEAR: Final = 2026
_DAYS_SHOWN: Final = 5
_HOURS_AHEAD: Final = timedelta(days=14)
_OF_BROKER: Final = ("market data", "calendar", "hours")


async def check_store(settings: Settings) -> tuple[Check, ...]:
    """Open the database and say what is found in it."""
    from strikedesk.store.ledger import SqlLedger  # noqa: PLC0415 -- what it needs is heavy

    try:
        async with open_store(settings) as database:
            ledger = SqlLedger(database)
            return (
                await made("database", _database(database)),
                await made("migrations", _migrations(database)),
                await made("audit", _audit(database)),
                await made("clock", check_clock(UtcClock(), ledger)),
                await made("trading", check_halt(halt_switch(settings, database))),
            )
    except (DeskError, OSError) as error:
        waiting = not_made(("migrations", "audit", "clock", "trading"), needs="database")
        return (failed("database", error), *waiting)


async def check_desk(settings: Settings) -> tuple[Check, ...]:
    """Open the whole desk and say what its broker and its market say."""
    try:
        async with open_desk(settings) as desk:
            return (
                await made("broker", _broker(desk)),
                await made("market data", _market(desk)),
                await made("calendar", _calendar(desk)),
                await made("hours", _hours(desk)),
            )
    except (DeskError, OSError) as error:
        return (failed("broker", error), *not_made(_OF_BROKER, needs="broker"))


async def check_clock(clock: Clock, ledger: Ledger) -> Check:
    """Say whether time has gone forward since the newest order: nonces are refused otherwise."""
    now = clock.now()
    rows, _ = await ledger.orders(account_id=None, states=None, limit=1, offset=0)
    told = _utc(now)
    if now.year < FIRST_YEAR:
        return fail("clock", f"{told} is before this program was written")
    if rows and rows[0].updated_at > now:
        return fail("clock", f"{told} is before the newest order, {_utc(rows[0].updated_at)}")
    return ok("clock", told)


async def check_halt(switch: HaltSwitch) -> Check:
    """Say whether orders may leave, and if not, what the owner has to do about it."""
    halt = await switch.engaged()
    if halt is None:
        return ok("trading", "no halt holds")
    told = f"halted since {_utc(halt.since)} by {halt.actor} ({halt.held_by.value}): {halt.why}"
    return warn("trading", f"{told}. To resume: {halt.way_out}")


async def _database(database: "Database") -> Check:
    name = await database.read(lambda connection: connection.dialect.name)
    told = f"{name} answers"
    if name != "sqlite":
        return ok("database", told)
    found = await database.read(
        lambda connection: str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one())
    )
    return ok("database", told) if found == "ok" else fail("database", f"{told}, damaged: {found}")


async def _migrations(database: "Database") -> Check:
    from strikedesk.store.migrate import HEAD, revision_of  # noqa: PLC0415 -- needs SQLAlchemy

    stands = await database.read(revision_of)
    told = f"at {stands}, newest {HEAD}"
    return ok("migrations", told) if stands == HEAD else fail("migrations", told)


async def _audit(database: "Database") -> Check:
    from strikedesk.cli.auditing import sentence, span  # noqa: PLC0415 -- needs the store
    from strikedesk.store.trail import SqlTrail  # noqa: PLC0415 -- needs SQLAlchemy

    report = await SqlTrail(database).verify()
    if report.bad is not None:
        return fail("audit", f"{sentence(report.bad)}: restore a backup, or ask who did it")
    return ok("audit", f"every line follows from the line before: {span(report)}")


async def _broker(desk: Desk) -> Check:
    accounts = await desk.books.all()
    named = " ".join(account.handle for account in accounts)
    told = f"{desk.capabilities.name} ({desk.capabilities.environment.value}): {named}"
    if not accounts:
        return fail("broker", f"{told} no account")
    customer = await desk.books.customer()
    return ok("broker", told if customer is None else f"{told}; {described(customer)}")


async def _market(desk: Desk) -> Check:
    symbol = await _any_listed(desk)
    quote = (await desk.market.quotes((symbol,))).get(symbol) if symbol else None
    if symbol is None or quote is None:
        return warn("market data", "nothing is quoted now")
    market = status(desk.market.now()).value.replace("_", " ")
    told = f"{symbol.ticker} {quote.bid} / {quote.ask} ({quote.feed.value}), market {market}"
    # A limit made of a price of a quarter of an hour ago is no limit of now.
    return warn("market data", told) if quote.feed is Feed.DELAYED else ok("market data", told)


async def _calendar(desk: Desk) -> Check:
    """Say whether the broker closes on the days on which the calendar's rule has it closed."""
    told = await desk.market.holidays()
    if told is None:
        return ok("calendar", "by rule: the broker names no days")
    unlike = told.unlike_rule(exchange_date(desk.market.now()))
    if unlike:
        return warn("calendar", f"the broker has {_named(unlike)}")
    return ok("calendar", "the broker names the same days")


async def _hours(desk: Desk) -> Check:
    """Say whether the broker is about to trade in the hours that the calendar's rule has."""
    start = current_or_next_session(desk.market.now()).day
    end = start + _HOURS_AHEAD
    told = await desk.market.sessions(start, end)
    if told is None:
        return ok("hours", "by rule: the broker names none")
    unlike = unlike_hours(told, start, end)
    if unlike:
        return warn("hours", f"the broker trades on {_named(unlike)}")
    return ok("hours", f"the broker names the same up to {end}")


def _named(days: Sequence[date]) -> str:
    first = " ".join(day.isoformat() for day in days[:_DAYS_SHOWN])
    return f"{len(days)} days otherwise, first {first}"


async def _any_listed(desk: Desk) -> EquitySymbol | None:
    for letter in ascii_uppercase:
        for found in await desk.market.search(letter, 1):
            if isinstance(found.symbol, EquitySymbol):
                return found.symbol
    return None


def _utc(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S} UTC"
