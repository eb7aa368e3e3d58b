"""get_market_hours: is the market open, and when is it."""

from typing import Annotated, Final

from mcp.types import CallToolResult

from strikedesk.market.hours import DayHours
from strikedesk.server.arguments import Day
from strikedesk.server.call import Call, desk_of
from strikedesk.server.schemas import INTEGER, OBJECT, TEXT, whole_schema
from strikedesk.server.shaping import Value, record

RETURNS: Final = whole_schema(
    now=TEXT,
    status=TEXT,
    next_status=TEXT,
    next_change_at=TEXT,
    minutes_to_change=INTEGER,
    hours=OBJECT,
    next_session=TEXT,
    source=TEXT,
)


async def get_market_hours(
    call: Call, day: Day | None = None
) -> Annotated[CallToolResult, RETURNS]:
    """Tell whether US markets are open now, when that changes, and the hours of one day.

    Options trade only while status is open. Without day: the session under way or the next one.
    Times are UTC; a simulated market has its own clock.
    """
    desk = await desk_of(call)
    told = await desk.market.hours(day)
    return record(
        {
            "now": told.now,
            "status": told.status,
            "next_status": told.next_status,
            "next_change_at": told.next_change_at,
            "minutes_to_change": told.minutes_to_change,
            "hours": _hours(told.hours),
            "next_session": told.following,
            "source": told.source,
        }
    )


def _hours(hours: DayHours) -> dict[str, Value]:
    return {
        "day": hours.day,
        "closed_because": hours.closed_because,
        "early_close": hours.early_close,
        "opens_at": hours.opens_at,
        "closes_at": hours.closes_at,
        "opens_new_york": hours.opens_new_york,
        "closes_new_york": hours.closes_new_york,
        "extended_from": hours.extended_from,
        "extended_until": hours.extended_until,
    }
