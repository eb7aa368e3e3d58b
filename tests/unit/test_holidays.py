"""Holidays that a venue names, beside those of the rule: which days differ, and no others."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from strikedesk.domain.calendar import sessions_between
from strikedesk.domain.holidays import Holidays, unlike_hours

TODAY = date(2026, 11, 20)
THANKSGIVING, DAY_AFTER, CHRISTMAS_EVE, CHRISTMAS = (
    date(2026, 11, 26),
    date(2026, 11, 27),
    date(2026, 12, 24),
    date(2026, 12, 25),
)
CLOSED, HALF = {THANKSGIVING, CHRISTMAS}, {DAY_AFTER, CHRISTMAS_EVE}


def named(*, closed: set[date] = CLOSED, half: set[date] = HALF) -> Holidays:
    return Holidays(closed=frozenset(closed), half=frozenset(half))


def test_a_venue_that_goes_by_the_rule_differs_on_no_day() -> None:
    """Also one that names what is over, or a Saturday."""
    past = {TODAY - timedelta(days=n) for n in range(1, 9)}

    assert named().unlike_rule(TODAY) == ()
    assert named(closed=CLOSED | past | {date(2026, 11, 28)}).unlike_rule(TODAY) == ()


@pytest.mark.parametrize(
    ("told", "unlike"),
    [
        (named(closed=CLOSED | {date(2026, 12, 9)}), date(2026, 12, 9)),
        (named(closed=CLOSED - {THANKSGIVING}), THANKSGIVING),
        (named(half=HALF - {DAY_AFTER}), DAY_AFTER),
        (named(half=HALF | {date(2026, 12, 9)}), date(2026, 12, 9)),
        (named(closed=CLOSED | {DAY_AFTER}), DAY_AFTER),
    ],
)
def test_a_day_that_is_otherwise_is_named(told: Holidays, unlike: date) -> None:
    """A day of mourning is declared within a week; no rule knows it."""
    assert told.unlike_rule(TODAY) == (unlike,)


def test_nothing_is_said_of_days_that_the_venue_does_not_reach() -> None:
    """One that names this year alone would differ on every holiday of the next."""
    assert named(closed={THANKSGIVING}, half=set()).unlike_rule(TODAY) == ()
    assert named(closed=set(), half=set()).unlike_rule(TODAY) == ()


def test_an_absurd_day_makes_no_endless_look() -> None:
    told = named(closed=CLOSED | {date(9999, 1, 1)}).unlike_rule(TODAY)

    assert max(told) < TODAY + timedelta(days=801)


def test_hours_of_the_rule_differ_on_no_day() -> None:
    assert unlike_hours(sessions_between(TODAY, CHRISTMAS), TODAY, CHRISTMAS) == ()


def test_hours_differ_where_a_session_is_missing_more_or_of_other_length() -> None:
    """And on no day that was not asked for."""
    mourning, longer = date(2026, 12, 9), date(2026, 12, 10)
    told = {each.day: each for each in sessions_between(TODAY - timedelta(days=9), CHRISTMAS)}
    del told[mourning]
    told[longer] = replace(told[longer], closes_at=told[longer].closes_at + timedelta(minutes=15))
    told[THANKSGIVING] = replace(told[DAY_AFTER], day=THANKSGIVING)

    found = unlike_hours(told.values(), TODAY, CHRISTMAS_EVE)

    assert found == (THANKSGIVING, mourning, longer)
