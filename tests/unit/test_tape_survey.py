"""What is on a tape and what is odd about it: told, and left as it was recorded."""

from datetime import date
from pathlib import Path

import pytest

from strikedesk.exchange.tape.lean.convert import convert
from strikedesk.exchange.tape.reader import read_tape
from strikedesk.exchange.tape.survey import Odd, oddities_of, survey_of
from strikedesk.exchange.tape.tape import Tape

DATA = Path(__file__).parents[3] / "shared" / "data"
HEADER = "session,time,expiry,strike,right,bid,ask,last,volume,open_interest,underlying,source"
SPOT = "2026-11-20,10:00:00,,,,,,201.00,1000,,AAPL,"
CALL = "2026-12-18,200,C"


def a_tape(folder: Path, *rows: str) -> Tape:
    path = folder / "a.csv"
    path.write_text("\n".join((HEADER, *rows)) + "\n", encoding="utf-8")
    return read_tape(path)


def a_row(figures: str, time: str = "10:00:00", contract: str = CALL) -> str:
    """Return a row of a Friday: `figures` are bid, ask, last, volume, open interest."""
    return f"2026-11-20,{time},{contract},{figures},AAPL,"


def test_a_clean_tape_has_nothing_odd(tmp_path: Path) -> None:
    tape = a_tape(
        tmp_path, SPOT, a_row("5.00,5.20,5.10,3,40"), a_row("5.00,5.20,,4,40", "10:01:00")
    )

    assert oddities_of(tape) == {}


@pytest.mark.parametrize(
    ("odd", "rows"),
    [
        (Odd.NO_BID, [SPOT, a_row(",5.20,,,")]),
        (Odd.NO_ASK, [SPOT, a_row("5.00,,,,")]),
        (Odd.LAST_ALONE, [SPOT, a_row(",,5.10,,")]),
        (Odd.NOTHING, [SPOT, a_row(",,,,")]),
        (Odd.WORTHLESS, [SPOT, a_row("0,0.05,,,", contract="2026-12-18,400,C")]),
        (Odd.LOCKED, [SPOT, a_row("5.20,5.20,,,")]),
        (Odd.CROSSED, [SPOT, a_row("5.30,5.20,,,")]),
        (Odd.WIDE, [SPOT, a_row("2.00,5.20,,,")]),
        (Odd.BELOW_EXERCISE, [SPOT, a_row("3.00,3.10,,,", contract="2026-12-18,190,C")]),
        (Odd.BELOW_EXERCISE, [SPOT, a_row("3.00,3.10,,,", contract="2026-12-18,215,P")]),
        (Odd.VOLUME_FELL, [SPOT, a_row("5.00,5.20,,9,"), a_row("5.00,5.20,,8,", "10:01:00")]),
        (Odd.INTEREST_MOVED, [SPOT, a_row("5.00,5.20,,,9"), a_row("5.00,5.20,,,8", "10:01:00")]),
        (Odd.OUTSIDE_HOURS, [SPOT, a_row("5.00,5.20,,,", "16:00:01")]),
        (Odd.NO_SESSION, ["2026-11-21,10:00:00,,,,,,201.00,,,AAPL,"]),
        (Odd.NO_END, [SPOT, a_row("5.00,5.20,,,", contract="2026-12-19,200,C")]),
        (Odd.NO_PRICE, [a_row("5.00,5.20,,,")]),
        (Odd.DERIVED, [f"{SPOT}parity"]),
        (Odd.JUMP, [SPOT, "2026-11-23,10:00:00,,,,,,100.50,,,AAPL,"]),
        (
            Odd.NO_SETTLEMENT,
            [
                "2026-11-19,10:00:00,,,,,,201.00,,,AAPL,",
                a_row("1.00,1.10,,,", contract="2026-11-20,200,C"),
            ],
        ),
    ],
)
def test_each_oddity_is_found_once_and_no_other(odd: Odd, rows: list[str], tmp_path: Path) -> None:
    """A check that finds everything everywhere is not read twice."""
    assert oddities_of(a_tape(tmp_path, *rows)) == {odd: 1}


def test_sessions_say_when_how_much_and_how_long_nobody_spoke(tmp_path: Path) -> None:
    """Monday and Tuesday are missing between; Thursday is a holiday and no gap."""
    tape = a_tape(
        tmp_path,
        "2026-11-20,09:31:00,,,,,,201.00,,,AAPL,",
        a_row("5.00,5.20,,,", "09:32:00"),
        a_row("5.00,5.20,,,", "11:02:00"),
        "2026-11-20,15:00:00,,,,10.00,10.10,,,,MSFT,",
        "2026-11-25,15:00:00,,,,10.00,10.10,,,,MSFT,",
        "2026-11-27,10:00:00,,,,10.00,10.10,,,,MSFT,",
    )

    survey = survey_of(tape)

    assert (survey.rows, survey.contracts, survey.underlyings) == (6, 1, ("AAPL", "MSFT"))
    assert survey.missing == (date(2026, 11, 23), date(2026, 11, 24))
    friday, wednesday, _ = survey.sessions
    assert (friday.rows, friday.contracts, friday.underlyings) == (4, 1, ("AAPL", "MSFT"))
    assert friday.silence_s == (3 * 60 + 58) * 60
    assert f"{friday.begins_at:%H:%M} {friday.ends_at:%H:%M}" == "14:31 20:00"
    assert (wednesday.underlyings, wednesday.silence_s) == (("MSFT",), 0)


def test_progress_is_told_symbol_by_symbol(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    tape = a_tape(tmp_path, SPOT, a_row("5.00,5.20,,,"))

    oddities_of(tape, lambda done, of: seen.append((done, of)))

    assert seen == [(1, 2), (2, 2)]


def test_progress_of_reading_ends_with_the_file(tmp_path: Path) -> None:
    """Bytes of the file as it lies there, packed or not."""
    path, seen = tmp_path / "a.csv", list[tuple[int, int]]()
    minutes = [f"{hour:02}:{minute:02}" for hour in range(10, 20) for minute in range(60)]
    rows = [
        f"2026-11-20,{minute}:{second:02},,,,,,1.00,,,AAA,"
        for minute in minutes
        for second in range(60)
    ]
    path.write_text("\n".join((HEADER, *rows)) + "\n")

    read_tape(path, lambda done, of: seen.append((done, of)))

    size = path.stat().st_size
    assert [of for _, of in seen] == [size, size]
    assert 0 < seen[0][0] < seen[1][0] == size


def test_the_sample_as_one_tape_is_surveyed_whole(tmp_path: Path) -> None:
    """Two underlyings, eighteen months between them: figures of docs/tapes-of-lean.md."""
    chains = sorted((DATA / "chains" / "aapl").glob("*.csv"))
    if not chains:
        pytest.skip("the sample data is not beside this checkout")
    out = tmp_path / "aapl.csv"
    convert([*chains, *sorted((DATA / "underlyings").glob("*.zip"))], out)
    tape = read_tape(out)

    survey, odd = survey_of(tape), oddities_of(tape)

    assert (survey.rows, survey.contracts, survey.missing) == (17_487, 4_532, ())
    assert [each.rows for each in survey.sessions] == [2147, 2147, 2147, 2323, 1, 4361, 4361]
    assert odd == {Odd.LAST_ALONE: 17_480, Odd.NO_END: 2_492, Odd.JUMP: 1}
