"""How far a step goes, and where a session begins and ends on either market."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from strikedesk.domain.errors import Denied
from strikedesk.domain.reasons import Reason
from strikedesk.exchange.steps import next_close, next_open, read_step, target_of
from strikedesk.exchange.tape.market import TapeMarket
from strikedesk.exchange.tape.reader import read_tape
from tests.builders import NOON
from tests.fakes.market import ScriptedMarket

HEADER = "session,time,expiry,strike,right,bid,ask,last,volume,open_interest,underlying"
ROWS = [
    "2026-11-18,09:31:00,,,,,,10.00,,,AAA",
    "2026-11-18,12:00:00,,,,,,10.10,,,AAA",
    "2026-11-20,10:00:00,,,,,,11.00,,,AAA",
    "2026-11-20,15:30:00,,,,,,11.10,,,AAA",
]


@pytest.fixture
def tape(tmp_path: Path) -> TapeMarket:
    path = tmp_path / "a.csv"
    path.write_text("\n".join([HEADER, *ROWS]) + "\n")
    return TapeMarket(read_tape(path))


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """Return an instant of November 2026, UTC; New York is five hours behind."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("15m", NOON + timedelta(minutes=15)),
        ("2h", NOON + timedelta(hours=2)),
        ("1d", NOON + timedelta(days=1)),
        ("1w", NOON + timedelta(days=7)),
        ("90s", NOON + timedelta(seconds=90)),
        ("next-close", at(20, 21)),
        ("next-open", at(23, 14, 30)),
        ("2026-11-25T10:00:00-05:00", at(25, 15)),
    ],
)
def test_a_step_ends_where_a_person_would_say(text: str, target: datetime) -> None:
    """Noon is a Friday at 11:00 in New York: the next opening is Monday's."""
    assert target_of(read_step(text), NOON, ScriptedMarket()) == target


@pytest.mark.parametrize(
    "text", ["", "1", "d", "0d", "-1d", "1.5h", "1y", "tomorrow", "2026-11-25", "\u0661d", "next"]
)
def test_what_is_no_step_is_refused_with_the_forms(text: str) -> None:
    with pytest.raises(Denied) as denied:
        read_step(text)

    assert denied.value.reason is Reason.INVALID_ARGUMENT
    assert "next-open" in str(denied.value)


@pytest.mark.parametrize("text", ["2026-11-20T15:59:59+00:00", "2026-11-20T16:00:00+00:00"])
def test_time_is_never_moved_back(text: str) -> None:
    with pytest.raises(Denied) as denied:
        target_of(read_step(text), NOON, ScriptedMarket())

    assert denied.value.facts["why"] == "time never runs back"


@pytest.mark.parametrize("text", ["9999d", "53w", "2099-01-01T00:00:00Z"])
def test_a_step_of_more_than_a_year_is_taken_for_a_slip(text: str) -> None:
    with pytest.raises(Denied) as denied:
        target_of(read_step(text), NOON, ScriptedMarket())

    assert denied.value.facts["days_max"] == 366


def test_at_the_opening_the_next_one_is_tomorrows() -> None:
    """Else `step next-open` would stand still at every opening."""
    assert next_open(ScriptedMarket(), at(20, 14, 30)) == at(23, 14, 30)
    assert next_close(ScriptedMarket(), at(20, 21)) == at(23, 21)


def test_a_tape_opens_and_closes_where_it_was_recorded(tape: TapeMarket) -> None:
    """The calendar knows of sessions that nobody recorded."""
    assert next_open(tape, at(1, 0)) == at(18, 14, 31)
    assert next_close(tape, at(1, 0)) == at(18, 17)
    assert next_open(tape, at(18, 14, 31)) == at(20, 15)
    assert next_close(tape, at(18, 17)) == at(20, 20, 30)
    assert next_open(tape, at(18, 17)) == at(20, 15)
    assert next_close(tape, at(20, 15)) == at(20, 20, 30)


def test_after_its_last_session_a_tape_has_no_opening(tape: TapeMarket) -> None:
    """Nobody should step through years of nothing in search of one."""
    assert (next_open(tape, at(20, 15)), next_close(tape, at(20, 20, 30))) == (None, None)
    with pytest.raises(Denied) as denied:
        target_of(read_step("next-open"), at(20, 15), tape)
    assert denied.value.reason is Reason.DATA_UNAVAILABLE
