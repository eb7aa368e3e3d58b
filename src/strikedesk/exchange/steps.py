"""How far a step goes: a length of time, the next opening or close, an instant."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, TypeAlias

from strikedesk.domain.calendar import current_or_next_session, exchange_date, next_session
from strikedesk.domain.errors import Denied
from strikedesk.domain.reasons import Reason
from strikedesk.exchange.market import Market
from strikedesk.exchange.tape.market import TapeMarket
from strikedesk.exchange.tape.tape import instant

NEXT_OPEN: Final = "next-open"
NEXT_CLOSE: Final = "next-close"
FORMS: Final = "15m, 2h, 1d, 1w, next-open, next-close or an instant with its zone"
STEP_MAX: Final = timedelta(days=366)  # A slip of the finger must not run for an hour.

_LENGTH: Final = re.compile(r"([1-9]\d{0,4})([smhdw])", re.ASCII)
_UNITS: Final = MappingProxyType(
    {
        "s": timedelta(seconds=1),
        "m": timedelta(minutes=1),
        "h": timedelta(hours=1),
        "d": timedelta(days=1),
        "w": timedelta(weeks=1),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """When one session opens and closes, aware UTC."""

    opens_at: datetime
    closes_at: datetime


Step: TypeAlias = timedelta | datetime | str


def read_step(text: str) -> Step:
    """Return what a person wrote: a length, an instant, `next-open` or `next-close`.

    Units: `1d` is 24 hours, whatever the exchange does meanwhile.

    Raises:
        Denied: INVALID_ARGUMENT.
    """
    if text in {NEXT_OPEN, NEXT_CLOSE}:
        return text
    if found := _LENGTH.fullmatch(text):
        return int(found[1]) * _UNITS[found[2]]
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise _no(give=FORMS) from None
    if at.tzinfo is None:
        raise _no(give=FORMS)
    return at


def target_of(step: Step, now: datetime, market: Market) -> datetime:
    """Return where a step from `now` ends: later than `now`, at most a year.

    Raises:
        Denied: INVALID_ARGUMENT, for a step back or too far; DATA_UNAVAILABLE, where a tape has no
            further session.
    """
    target = _target(step, now, market)
    if target <= now:
        raise _no(stands_at=now.isoformat(), given=target.isoformat(), why="time never runs back")
    if target - now > STEP_MAX:
        raise _no(days_max=STEP_MAX.days, why="take a long way in several steps")
    return target


def next_hours(market: Market, now: datetime) -> Hours | None:
    """Return the session under way at `now`, else the next one; None after a tape's last."""
    if isinstance(market, TapeMarket):
        return _recorded(market, now)
    session = current_or_next_session(now)
    return Hours(opens_at=session.opens_at, closes_at=session.closes_at)


def next_open(market: Market, now: datetime) -> datetime | None:
    """Return the first opening later than `now`; None after a tape's last."""
    hours = next_hours(market, now)
    if hours is None or hours.opens_at > now:
        return None if hours is None else hours.opens_at
    if isinstance(market, TapeMarket):
        later = _recorded(market, hours.closes_at + timedelta(seconds=1))
        return None if later is None else later.opens_at
    return next_session(exchange_date(now)).opens_at


def next_close(market: Market, now: datetime) -> datetime | None:
    """Return the first close later than `now`; None after a tape's last."""
    hours = next_hours(market, now)
    if hours is not None and hours.closes_at <= now:
        hours = next_hours(market, now + timedelta(seconds=1))
    return None if hours is None else hours.closes_at


def _target(step: Step, now: datetime, market: Market) -> datetime:
    match step:
        case timedelta():
            return now + step
        case datetime():
            return step
        case _:
            found = (next_open if step == NEXT_OPEN else next_close)(market, now)
    if found is None:
        raise Denied(Reason.DATA_UNAVAILABLE, why="the tape has no further session")
    return found


def _recorded(market: TapeMarket, now: datetime) -> Hours | None:
    """Return the recorded session that ends at `now` or later."""
    sessions: Sequence[Hours] = [
        Hours(opens_at=instant(each.first), closes_at=instant(each.last))
        for each in market.tape.sessions
    ]
    place = bisect_right([each.closes_at for each in sessions], now)
    if place and sessions[place - 1].closes_at == now:
        place -= 1
    return sessions[place] if place < len(sessions) else None


def _no(**facts: str | int) -> Denied:
    return Denied(Reason.INVALID_ARGUMENT, argument="STEP", **facts)
