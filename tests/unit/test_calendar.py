"""The market calendar: an independent calendar agrees, and the laws between its functions hold."""

import warnings
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.domain.calendar import (
    EXCHANGE_ZONE,
    UNFORESEEN,
    MarketStatus,
    Session,
    current_or_next_session,
    days_to_expiration,
    exchange_date,
    expiration_instant,
    holiday_on,
    is_open,
    last_close,
    monthly_expirations,
    next_session,
    previous_session,
    session_index,
    session_on,
    sessions_between,
    status,
    third_friday_monthly,
    trading_days_between,
    weekly_expirations,
)
from strikedesk.domain.quotes import Settlement

DAYS = st.dates(min_value=date(1990, 1, 1), max_value=date(2090, 12, 31))
INSTANTS = st.datetimes(
    min_value=datetime(1990, 1, 1),  # noqa: DTZ001 -- hypothesis takes naive bounds and adds UTC
    max_value=datetime(2090, 12, 31),  # noqa: DTZ001 -- hypothesis takes naive bounds and adds UTC
    timezones=st.just(UTC),
)
FIRST, LAST = date(2005, 1, 3), date(2038, 12, 31)

# Source: the holiday and early-close schedules the exchange publishes for 2026 to 2028.
CLOSED = {
    2026: "01-01 01-19 02-16 04-03 05-25 06-19 07-03 09-07 11-26 12-25",
    2027: "01-01 01-18 02-15 03-26 05-31 06-18 07-05 09-06 11-25 12-24",
    2028: "01-17 02-21 04-14 05-29 06-19 07-04 09-04 11-23 12-25",
}
EARLY = {2026: "11-27 12-24", 2027: "11-26", 2028: "07-03 11-24"}


def new_york(text: str) -> datetime:
    """Read a wall clock in New York as an aware UTC instant."""
    return datetime.fromisoformat(text).replace(tzinfo=EXCHANGE_ZONE).astimezone(UTC)


def xnys() -> Mapping[date, tuple[datetime, datetime]]:
    """Return the sessions of the independent calendar, with their hours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Its own use of a newer pandas is not what is tested here.
        import exchange_calendars  # noqa: PLC0415 -- a second's import, only for the test that asks

        oracle = exchange_calendars.get_calendar("XNYS", start=str(FIRST), end=str(LAST))
        return {
            day.date(): (
                oracle.session_open(day).to_pydatetime(),
                oracle.session_close(day).to_pydatetime(),
            )
            for day in oracle.sessions
        }


def test_every_session_and_its_hours_agree_with_an_independent_calendar() -> None:
    """34 years to the minute: by a wrong holiday the desk would trade on a shut market."""
    ours = {s.day: (s.opens_at, s.closes_at) for s in sessions_between(FIRST, LAST)}

    assert ours == xnys()


@pytest.mark.parametrize("year", CLOSED)
def test_the_published_holidays_are_closed_and_named(year: int) -> None:
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(366)]

    assert [f"{d:%m-%d}" for d in days if d.year == year and holiday_on(d)] == CLOSED[year].split()


@pytest.mark.parametrize("year", EARLY)
def test_the_published_half_days_close_at_one(year: int) -> None:
    early = [s for s in sessions_between(date(year, 1, 1), date(year, 12, 31)) if s.early_close]

    assert " ".join(f"{s.day:%m-%d}" for s in early) == EARLY[year]
    assert {s.closes_at.astimezone(EXCHANGE_ZONE).hour for s in early} == {13}


@pytest.mark.parametrize("day", UNFORESEEN)
def test_a_closure_nobody_foresaw_is_closed_under_its_own_name(day: date) -> None:
    assert (session_on(day), holiday_on(day)) == (None, UNFORESEEN[day])


def test_a_new_year_on_a_saturday_is_not_made_up_for() -> None:
    """2028 starts on a Saturday; the Friday before is the last session of 2027."""
    assert holiday_on(date(2027, 12, 31)) is None
    assert previous_session(date(2028, 1, 3)).day == date(2027, 12, 31)


def test_juneteenth_is_no_holiday_before_2022() -> None:
    """2020-06-19 and 2015-06-19 were ordinary Fridays; old tapes have quotes on them."""
    assert [holiday_on(date(year, 6, 19)) for year in (2015, 2020)] == [None, None]
    assert holiday_on(date(2022, 6, 20)) == "Juneteenth"


@pytest.mark.parametrize(
    ("day", "opens", "closes"),
    [
        ("2026-03-06", "14:30", "21:00"),  # Friday before clocks go forward
        ("2026-03-09", "13:30", "20:00"),  # Monday after
        ("2026-10-30", "13:30", "20:00"),  # Friday before clocks go back
        ("2026-11-02", "14:30", "21:00"),  # Monday after
        ("2026-11-27", "14:30", "18:00"),  # half day in winter
        ("2028-07-03", "13:30", "17:00"),  # half day in summer
    ],
)
def test_hours_follow_the_clocks_of_new_york(day: str, opens: str, closes: str) -> None:
    """Stored in UTC, lived in New York: the hour moves twice a year."""
    expected = Session(
        day=date.fromisoformat(day),
        opens_at=datetime.fromisoformat(f"{day}T{opens}+00:00"),
        closes_at=datetime.fromisoformat(f"{day}T{closes}+00:00"),
    )

    assert session_on(expected.day) == expected


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        ("2026-11-20 03:59:59", MarketStatus.CLOSED),
        ("2026-11-20 04:00", MarketStatus.PRE_MARKET),
        ("2026-11-20 09:29:59", MarketStatus.PRE_MARKET),
        ("2026-11-20 09:30", MarketStatus.OPEN),
        ("2026-11-20 15:59:59", MarketStatus.OPEN),
        ("2026-11-20 16:00", MarketStatus.AFTER_HOURS),
        ("2026-11-20 19:59:59", MarketStatus.AFTER_HOURS),
        ("2026-11-20 20:00", MarketStatus.CLOSED),
        ("2026-11-27 12:59:59", MarketStatus.OPEN),
        ("2026-11-27 13:00", MarketStatus.AFTER_HOURS),
        ("2026-11-27 16:59:59", MarketStatus.AFTER_HOURS),
        ("2026-11-27 17:00", MarketStatus.CLOSED),
        ("2026-11-26 12:00", MarketStatus.CLOSED),  # Thanksgiving
        ("2026-11-21 12:00", MarketStatus.CLOSED),  # Saturday
    ],
)
def test_an_instant_on_an_edge_belongs_to_what_follows(
    instant: str, expected: MarketStatus
) -> None:
    """A market order at 16:00:00 is too late; at 09:30:00 it is in time."""
    assert status(new_york(instant)) is expected
    assert is_open(new_york(instant)) is (expected is MarketStatus.OPEN)


def test_the_exchange_date_is_the_one_in_new_york() -> None:
    """At 03:00 UTC it is still yesterday there, and days to expiration count from yesterday."""
    assert exchange_date(datetime(2026, 11, 21, 3, tzinfo=UTC)) == date(2026, 11, 20)
    tokyo = timezone(timedelta(hours=9))
    assert exchange_date(datetime(2026, 11, 21, 12, tzinfo=tokyo)) == date(2026, 11, 20)


def test_a_naive_instant_is_refused() -> None:
    """Its date would depend on where the server stands."""
    naive = datetime(2026, 11, 20, 12)  # noqa: DTZ001 -- the mistake under test

    with pytest.raises(ValueError, match="aware"):
        status(naive)


def test_an_instant_is_no_exchange_date() -> None:
    """`datetime` passes for `date` in the type checker; at run time it must not."""
    with pytest.raises(TypeError, match="exchange date"):
        session_on(datetime(2026, 11, 20, 12, tzinfo=UTC))


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        ("2026-11-20 08:00", "2026-11-20"),
        ("2026-11-20 15:59", "2026-11-20"),
        ("2026-11-20 16:00", "2026-11-23"),
        ("2026-11-21 12:00", "2026-11-23"),
        ("2026-11-25 18:00", "2026-11-27"),
        ("2026-11-27 13:00", "2026-11-30"),
    ],
)
def test_a_day_order_lives_in_the_session_under_way_or_the_next(instant: str, day: str) -> None:
    assert current_or_next_session(new_york(instant)).day == date.fromisoformat(day)


def test_monthlies_move_to_thursday_exactly_where_their_friday_is_a_holiday() -> None:
    """Good Friday and Juneteenth move six of these 108 expirations, and nothing else does."""
    months = [(year, month) for year in range(2025, 2034) for month in range(1, 13)]
    expirations = [third_friday_monthly(year, month) for year, month in months]

    moved = [str(day) for day in expirations if day.weekday() != 4]
    assert moved == [
        "2025-04-17",
        "2026-06-18",
        "2027-06-17",
        "2030-04-18",
        "2032-06-17",
        "2033-04-14",
    ]
    assert all(14 <= day.day <= 21 for day in expirations)


def test_monthly_expirations_cover_a_range_across_a_year_end() -> None:
    assert monthly_expirations(date(2026, 11, 20), date(2027, 1, 14)) == (
        date(2026, 11, 20),
        date(2026, 12, 18),
    )


def test_weekly_expirations_are_fridays_moved_before_holidays() -> None:
    """Christmas 2026 and New Year 2027 are both Fridays: two Thursday expirations in a row."""
    assert weekly_expirations(date(2026, 12, 18), date(2027, 1, 8)) == (
        date(2026, 12, 18),
        date(2026, 12, 24),
        date(2026, 12, 31),
        date(2027, 1, 8),
    )


def test_a_weekly_moved_before_the_end_of_the_range_is_in_it() -> None:
    """The Friday lies after the end, its Thursday on it."""
    assert weekly_expirations(date(2026, 12, 21), date(2026, 12, 24)) == (date(2026, 12, 24),)


@pytest.mark.parametrize(
    ("expiration", "settlement", "instant"),
    [
        ("2026-12-18", Settlement.PM, "2026-12-18 16:00"),
        ("2026-12-18", Settlement.AM, "2026-12-18 09:30"),
        ("2026-11-27", Settlement.PM, "2026-11-27 13:00"),
        ("2014-06-21", Settlement.PM, "2014-06-20 16:00"),  # a Saturday, as listed then
        ("2025-01-09", Settlement.PM, "2025-01-08 16:00"),  # closed at short notice
    ],
)
def test_an_expiration_is_an_instant(expiration: str, settlement: Settlement, instant: str) -> None:
    """Time value runs out at this instant; an hour's error is large on the last day."""
    assert expiration_instant(date.fromisoformat(expiration), settlement) == new_york(instant)


def test_days_to_expiration_are_calendar_days() -> None:
    assert days_to_expiration(date(2026, 11, 20), date(2026, 12, 18)) == 28
    assert days_to_expiration(date(2026, 11, 20), date(2026, 11, 19)) == -1


@given(day=DAYS)
def test_next_and_previous_session_step_over_closed_days_only(day: date) -> None:
    """Nothing that trades is skipped, in either direction."""
    after, before = next_session(day).day, previous_session(day).day

    inside = sessions_between(before, after)
    here = session_on(day)
    expected = [before, day, after] if here else [before, after]
    assert [session.day for session in inside] == expected


@given(start=DAYS, length=st.integers(0, 900))
def test_trading_days_between_counts_what_sessions_between_lists(start: date, length: int) -> None:
    """The arithmetic and the enumeration are two ways to one number."""
    end = start + timedelta(days=length)
    listed = len(sessions_between(start + timedelta(days=1), end))

    assert trading_days_between(start, end) == listed
    assert trading_days_between(end, start) == -listed


@given(day=DAYS)
def test_consecutive_sessions_have_consecutive_indices(day: date) -> None:
    """An index is a coordinate for bars: no gap over a weekend, no two sessions on one place."""
    session = next_session(day)

    assert session_index(session.day) == session_index(previous_session(session.day).day) + 1
    assert session_index(date(2005, 1, 3)) == 0


@given(instant=INSTANTS)
def test_the_market_is_open_exactly_within_the_session_of_that_date(instant: datetime) -> None:
    session = session_on(exchange_date(instant))

    within = session is not None and session.opens_at <= instant < session.closes_at
    assert is_open(instant) is within
    assert (current_or_next_session(instant) == session) is (
        session is not None and instant < session.closes_at
    )


@given(start=DAYS, length=st.integers(0, 400))
def test_every_expiration_helper_names_sessions_in_order_and_in_range(
    start: date, length: int
) -> None:
    """An expiration on a closed day could be neither traded nor settled."""
    end = start + timedelta(days=length)
    weeklies, monthlies = weekly_expirations(start, end), monthly_expirations(start, end)

    assert all(session_on(day) and start <= day <= end for day in weeklies)
    assert list(weeklies) == sorted(set(weeklies))
    assert set(monthlies) <= set(weeklies)
    assert abs(len(weeklies) - (length + 1) / 7) < 2  # One Friday may move in over an edge.


@pytest.mark.parametrize(
    ("instant", "close"),
    [
        ("2026-11-20 15:59", "2026-11-19 16:00"),
        ("2026-11-20 16:00", "2026-11-20 16:00"),
        ("2026-11-22 12:00", "2026-11-20 16:00"),
        ("2026-11-27 13:00", "2026-11-27 13:00"),
    ],
)
def test_the_last_close_is_the_newest_that_has_happened(instant: str, close: str) -> None:
    """A mark from after it belongs to no session yet; one from before it is yesterday's."""
    assert last_close(new_york(instant)) == new_york(close)
