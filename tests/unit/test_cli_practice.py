"""`strikedesk market` and `strikedesk paper`: a paper world's time and life in the owner's hand."""

import asyncio
import re
from pathlib import Path

import pytest

from strikedesk.cli import market
from strikedesk.domain.broking import PlaceTicket
from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.symbols import EquitySymbol
from strikedesk.settings import load
from strikedesk.wiring import open_desk, open_practice
from tests.unit.cli_door import Ended, call
from tests.unit.exchange_floor import MARGIN, an_order

FRIDAY = "2026-11-20T15:00:00+00:00"
TAPE = [
    "session,time,expiry,strike,right,bid,ask,last,volume,open_interest,underlying",
    "2026-11-18,09:31:00,,,,10.00,10.10,,,,AAA",
    "2026-11-18,10:31:00,,,,10.00,10.10,,,,AAA",
    "2026-11-20,09:31:00,,,,11.00,11.10,,,,AAA",
]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STRIKEDESK_HOME", str(tmp_path / "desk"))
    monkeypatch.setenv("STRIKEDESK_PAPER__WORLD", "practice")
    monkeypatch.setenv("STRIKEDESK_PAPER__CLOCK", f"stepped:{FRIDAY}")
    return tmp_path


def said(done: Ended) -> str:
    """Return what was printed, in one line."""
    return re.sub(r"\s+", " ", done.out)


def buy(net: str, client_order_id: str = "c") -> None:
    """Let a share be bought in the world, past the ledger."""

    async def place() -> None:
        async with open_practice(load()) as practice:
            order = an_order("buy 1 SPY", net=net)
            await practice.broker.submit(PlaceTicket(client_order_id=client_order_id, order=order))

    asyncio.run(place())


def _yes(_question: str) -> bool:
    return True


def _no(_question: str) -> bool:
    return False


def ask_of_spy() -> str:
    async def look() -> str:
        async with open_practice(load()) as practice:
            symbol = EquitySymbol("SPY")
            return str((await practice.broker.quotes({symbol}))[symbol].ask)

    return asyncio.run(look())


def test_the_status_of_a_world_says_its_time_and_opens_none(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A look changes nothing, and a mistyped name makes no world."""
    told = call(capsys, "market", "status")

    assert told.code == 0
    assert "practice, not opened yet" in told.out
    assert "2026-11-20 15:00:00 UTC (Fri 10:00 in New York)" in told.out
    assert "open, closes 2026-11-20 21:00:00 UTC" in told.out
    assert "2026-11-23 14:30:00 UTC (Mon 09:30 in New York)" in told.out
    assert "practice" not in call(capsys, "paper", "worlds").out


def test_a_step_tells_what_happened_on_the_way(capsys: pytest.CaptureFixture[str]) -> None:
    """A fill shows as a line, and an order that nobody took as expired."""
    buy("560.00")
    buy("1.00", "never")

    moved = call(capsys, "market", "step", "next-open")
    told = call(capsys, "market", "status")

    assert (moved.code, told.code) == (0, 0), moved.err
    assert "From 2026-11-20 15:00:00 UTC" in moved.out
    assert "to 2026-11-23 14:30:00 UTC" in said(moved)
    assert "expired" in moved.out
    assert "2026-11-23 14:30:00 UTC (Mon 09:30 in New York)" in told.out
    again = call(capsys, "market", "step", "15m")
    assert "Nothing happened on the way." in again.out


def test_progress_is_told_to_its_end() -> None:
    seen: list[tuple[int, int]] = []
    buy("1.00")

    asyncio.run(market.move("2h", lambda done, whole: seen.append((done, whole))))

    assert seen[-1] == (7200, 7200)
    assert sorted(seen) == seen


@pytest.mark.parametrize("clock", ["real", f"frozen:{FRIDAY}", f"speed:60 from {FRIDAY}"])
def test_a_world_that_is_not_stepped_is_not_moved_and_the_way_out_is_told(
    clock: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STRIKEDESK_PAPER__CLOCK", clock)

    done = call(capsys, "market", "step", "1d")

    assert (done.code, done.out) == (1, "")
    assert "5020 CLOCK_NOT_STEPPED" in done.err
    assert "STRIKEDESK_PAPER__CLOCK to stepped" in done.err
    assert done.err.count("\n") == 1


@pytest.mark.parametrize("step", ["1y", "-1d", "2026-11-20T14:00:00+00:00", "500d"])
def test_a_bad_step_moves_nothing(step: str, capsys: pytest.CaptureFixture[str]) -> None:
    done = call(capsys, "market", "step", "--", step)

    assert done.code == 1
    assert "2003 INVALID_ARGUMENT: argument=STEP" in done.err
    assert "15:00:00 UTC" in call(capsys, "market", "status").out


def test_a_tape_is_replayed_from_its_first_session(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the clock does not say when, the tape does; after it there is no opening."""
    path = home / "a.csv"
    path.write_text("\n".join(TAPE) + "\n")
    monkeypatch.setenv("STRIKEDESK_PAPER__TAPE", str(path))
    monkeypatch.setenv("STRIKEDESK_PAPER__CLOCK", "stepped")

    first = call(capsys, "market", "status")
    moved = call(capsys, "market", "step", "next-open")
    last = call(capsys, "market", "status")
    beyond = call(capsys, "market", "step", "next-open")

    assert "2026-11-18 14:31:00 UTC" in first.out
    assert "to 2026-11-20 14:31:00 UTC" in said(moved)
    assert "the tape is over" in last.out
    assert beyond.code == 1
    assert "3005 DATA_UNAVAILABLE" in beyond.err
    assert "not the tape" not in said(call(capsys, "paper", "worlds"))
    monkeypatch.delenv("STRIKEDESK_PAPER__TAPE")
    assert "not the tape of the settings" in said(call(capsys, "paper", "worlds"))


def test_a_speed_on_the_command_line_is_kept_or_refused_but_never_passed_over(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A world that is open keeps its clock: whoever asks for another is told so."""
    call(capsys, "market", "step", "1d")

    async def serve(speed: str, world: str) -> None:
        async with open_desk(load(speed=speed, world=world)) as desk:
            await desk.books.all()

    asyncio.run(serve("60", "fast"))
    asyncio.run(serve("60", "fast"))
    with pytest.raises(Misconfigured) as refused:
        asyncio.run(serve("60", "practice"))

    assert refused.value.facts["setting"] == "--speed"
    assert "speed:60" in call(capsys, "paper", "worlds").out


def test_worlds_are_listed_with_what_they_come_to(capsys: pytest.CaptureFixture[str]) -> None:
    buy("1.00")

    told = call(capsys, "paper", "worlds")

    assert told.code == 0
    assert "* practice 2026-11-20 15:00:00 stepped seed 1 paper-cash" not in said(told)
    assert "* practice 2026-11-20 15:00:00 stepped seed 1 paper-margin 100,000.00 1" in said(told)
    assert "paper-cash 100,000.00 0" in said(told)


def test_a_world_comes_back_as_it_was(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Copy, go on, put back: the share is gone again, and so is the week."""
    file = str(home / "practice.jsonl")
    call(capsys, "market", "step", "15m")
    copied = call(capsys, "paper", "snapshot", "practice", file)
    buy(ask_of_spy())
    call(capsys, "market", "step", "1w")
    during = said(call(capsys, "paper", "worlds"))

    back = call(capsys, "paper", "restore", file, "--yes")

    assert (copied.code, back.code) == (0, 0), copied.err + back.err
    assert "15:15:00 UTC" in copied.out
    assert "This takes away the world practice" in back.out
    after = said(call(capsys, "paper", "worlds"))
    assert "2026-11-27" in during
    assert "paper-margin 100,000.00" not in during
    assert "2026-11-20 15:15:00 stepped seed 1 paper-margin 100,000.00 0" in after


def test_a_copy_may_stand_beside_its_world(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is replaced, so nothing is asked."""
    file = str(home / "practice.jsonl")
    call(capsys, "market", "step", "15m")
    call(capsys, "paper", "snapshot", "practice", file)

    beside = call(capsys, "paper", "restore", file, "what-if")

    assert beside.code == 0, beside.err
    assert {"practice", "what-if"} <= set(call(capsys, "paper", "worlds").out.split())


def test_what_would_be_lost_is_told_and_nothing_is_done_without_a_yes(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = home / "practice.jsonl"
    buy("1.00")
    call(capsys, "paper", "snapshot", "practice", str(file))
    before = file.read_bytes()
    monkeypatch.setattr("typer.confirm", _no)

    asked = [
        call(capsys, "paper", "reset", "practice"),
        call(capsys, "paper", "restore", str(file)),
        call(capsys, "paper", "snapshot", "practice", str(file)),
    ]

    assert [each.code for each in asked] == [1, 1, 1]
    assert "3 accounts, 1 working orders" in asked[0].out
    assert all("Nothing was changed. Say --yes" in each.err for each in asked)
    assert "paper-margin 100,000.00 1" in said(call(capsys, "paper", "worlds"))
    assert file.read_bytes() == before


def test_a_reset_world_begins_with_the_settings_of_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    buy("1.00")
    monkeypatch.setattr("typer.confirm", _yes)

    done = call(capsys, "paper", "reset", "practice")

    assert done.code == 0, done.err
    monkeypatch.setenv("STRIKEDESK_PAPER__SEED", "9")
    call(capsys, "market", "step", "15m")
    told = said(call(capsys, "paper", "worlds"))
    assert "2026-11-20 15:15:00 stepped seed 9 paper-margin 100,000.00 0" in told


@pytest.mark.parametrize("words", ["reset nope --yes", "snapshot nope {file}"])
def test_a_world_that_is_not_there_is_named_beside_those_that_are(
    words: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call(capsys, "market", "step", "15m")

    done = call(capsys, "paper", *words.format(file=home / "x").split())

    assert done.code == 1
    assert "no such world, worlds=practice" in done.err
    assert not (home / "x").exists()


def test_a_bad_file_and_a_bad_name_change_nothing(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call(capsys, "market", "step", "15m")
    bad, good = home / "bad", home / "good"
    bad.write_text("{}\n")
    call(capsys, "paper", "snapshot", "practice", str(good))

    unread = call(capsys, "paper", "restore", str(bad), "practice", "--yes")
    unnamed = call(capsys, "paper", "restore", str(good), "../up", "--yes")

    assert (unread.code, unnamed.code) == (2, 1)
    assert "5021 SNAPSHOT_UNREADABLE: file=bad, line=1" in unread.err
    assert "argument=NAME" in unnamed.err
    assert call(capsys, "paper", "restore", str(home / "gone")).code == 2
    assert "15:15:00" in call(capsys, "market", "status").out
    assert MARGIN not in unread.out
