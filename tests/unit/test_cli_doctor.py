"""`strikedesk doctor`: a line for everything that would keep the desk from working."""

import json
import sqlite3
import sys
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from strikedesk.brokers.paper.broker import PaperBroker
from strikedesk.cli.doctor.desk import check_clock
from strikedesk.cli.doctor.report import Check, Outcome, Report, made
from strikedesk.cli.doctor.tools import BYTES_MAX
from strikedesk.domain.calendar import Session, sessions_between
from strikedesk.domain.customer import Customer
from strikedesk.domain.holidays import Holidays
from strikedesk.domain.quotes import Feed, Quote
from strikedesk.domain.symbols import Symbol
from tests.builders import a_note, a_preview
from tests.fakes.clock import StoppedClock
from tests.fakes.keyrings import LockedKeyring, MemoryKeyring, system_keyring
from tests.fakes.ledger import MemoryLedger
from tests.unit.cli_door import Ended, call

NAMES = [
    "configuration", "folders", "strategies", "vault", "database", "migrations", "audit", "clock",
    "trading", "broker", "market data", "calendar", "hours", "tools", "clients",
]  # fmt: skip


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("STRIKEDESK_HOME", str(tmp_path / "desk"))
    return tmp_path / "desk"


def visit(capsys: pytest.CaptureFixture[str]) -> tuple[Ended, dict[str, tuple[str, str]]]:
    """Return how it ended, and each check's outcome and words by name."""
    with system_keyring(MemoryKeyring()):
        done = call(capsys, "doctor", "--json")
    assert done.out, done.err
    told: dict[str, Any] = json.loads(done.out)
    return done, {check["name"]: (check["outcome"], check["told"]) for check in told["checks"]}


def test_a_desk_that_was_never_started_is_sound(capsys: pytest.CaptureFixture[str]) -> None:
    """What a newcomer sees first: every check made, nothing to mend."""
    done, checks = visit(capsys)

    assert list(checks) == NAMES
    assert {outcome for outcome, _ in checks.values()} == {"ok"}, checks
    assert done.code == 0
    assert "simulated" in checks["market data"][1]


def test_a_newcomer_is_told_where_the_settings_would_be_read(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file beside the right place is not read, and nothing else says where that is."""
    _, checks = visit(capsys)

    assert f"no {home / 'config.toml'}" in checks["configuration"][1]


def test_for_a_person_each_check_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Outcome first, so that a glance down the edge is enough."""
    with system_keyring(MemoryKeyring()):
        done = call(capsys, "doctor")

    lines = done.out.splitlines()
    assert [line.split()[0] for line in lines] == ["ok"] * len(NAMES)
    assert [name for name, line in zip(NAMES, lines, strict=True) if name not in line] == []


def test_a_setting_that_cannot_be_read_ends_with_2(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """There is no desk to look at then, and the line says which setting."""
    home.mkdir()
    (home / "config.toml").write_text("read_only = 'maybe'")

    done, checks = visit(capsys)

    assert done.code == 2
    assert list(checks) == ["configuration"]
    assert "read_only in config.toml" in checks["configuration"][1]


def test_a_strategy_of_ones_own_that_cannot_be_read_is_named_with_its_line(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The server starts all the same; this is where its owner looks for what is missing."""
    (home / "strategies").mkdir(parents=True)
    good = home / "strategies" / "good.toml"
    good.write_text('[[strategy]]\nname = "one by four"\nlegs = "+P2 -4P1"')
    _, sound = visit(capsys)
    (home / "strategies" / "bad.toml").write_text('[[strategy]]\nname = "x"\nlegs = "+Q1"')

    done, checks = visit(capsys)

    assert sound["strategies"] == ("ok", f"1 of your own in {home / 'strategies'}")
    assert done.code == 1
    why = "strategies/bad.toml: line 3: leg 1 is none: write +C1, -2P3b or +S"
    assert checks["strategies"] == (
        "fail",
        f"1 of your own in {home / 'strategies'}; left out {why}",
    )


def test_a_damaged_database_fails_and_nothing_behind_it_passes(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A check that could not be made is no pass."""
    (home / "data").mkdir(parents=True)
    (home / "data" / "strikedesk.db").write_bytes(
        b"not a database, but long enough to look at" * 99
    )

    done, checks = visit(capsys)

    failed = [name for name, (outcome, _) in checks.items() if outcome == "fail"]
    assert done.code == 1
    assert failed == [
        "database", "migrations", "audit", "clock", "trading", "broker", "market data", "calendar",
        "hours",
    ]  # fmt: skip
    assert "5006 DATABASE_UNREADABLE" in checks["database"][1]


def test_an_altered_line_of_the_trail_is_found(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever edits the database by hand is seen."""
    call(capsys, "halt", "--why", "honest")
    with sqlite3.connect(home / "data" / "strikedesk.db") as database:
        triggers = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in triggers.fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        database.execute("UPDATE order_events SET actor = 'nobody'")
    call(capsys, "resume")

    done, checks = visit(capsys)

    assert (done.code, checks["audit"][0]) == (1, "fail")


@pytest.mark.parametrize(
    ("filed", "switched", "held_by"),
    [(True, False, "file"), (False, True, "switch"), (True, True, "switch_and_file")],
)
def test_a_halt_is_told_with_its_way_out(
    home: Path,
    capsys: pytest.CaptureFixture[str],
    *,
    filed: bool,
    switched: bool,
    held_by: str,
) -> None:
    """Why does nothing leave? It is no fault of the desk's: everything works."""
    if switched:
        call(capsys, "halt", "--why", "a storm")
    if filed:
        home.mkdir(exist_ok=True)
        (home / "HALT").touch()

    done, checks = visit(capsys)

    outcome, told = checks["trading"]
    assert (done.code, outcome) == (0, "warn")
    assert f"({held_by})" in told
    assert ("remove the file HALT" in told, "strikedesk resume" in told) == (filed, switched)


def test_folders_that_others_can_read_are_a_warning(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Positions and orders are nobody else's business; the desk works all the same."""
    (home / "data").mkdir(parents=True)
    (home / "data").chmod(0o755)

    done, checks = visit(capsys)

    assert (done.code, checks["folders"][0]) == (0, "warn")
    assert "chmod 700" in checks["folders"][1]


def test_a_silent_keyring_only_warns_on_paper_unless_it_was_chosen(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is sealed on paper; but a place that the owner named must answer."""
    with system_keyring(LockedKeyring()):
        usual = call(capsys, "doctor", "--json")
        monkeypatch.setenv("STRIKEDESK_VAULT__KEY_SOURCE", "keyring")
        chosen = call(capsys, "doctor", "--json")

    outcomes = [
        next(
            check["outcome"] for check in json.loads(done.out)["checks"] if check["name"] == "vault"
        )
        for done in (usual, chosen)
    ]
    assert outcomes == ["warn", "fail"]
    assert (usual.code, chosen.code) == (0, 1)


def test_clients_are_found_and_a_dead_command_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A client whose server moved away shows nothing but silence."""
    call(capsys, "install", "cursor")
    _, found = visit(capsys)
    (tmp_path / ".cursor" / "mcp.json").write_text(
        '{"mcpServers": {"strikedesk": {"command": "/gone/strikedesk"}}}'
    )
    _, dead = visit(capsys)

    assert found["clients"] == ("ok", "cursor")
    assert dead["clients"][0] == "warn"


def test_the_list_of_tools_is_weighed(capsys: pytest.CaptureFixture[str]) -> None:
    """Promise 9: it stays under 40 KB of a model's context."""
    _, checks = visit(capsys)

    assert checks["tools"][0] == "ok"
    assert f"of {BYTES_MAX // 1024} KB" in checks["tools"][1]


def test_a_setting_without_effect_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who sets it should not believe that caches are shared."""
    monkeypatch.setenv("STRIKEDESK_REDIS_URL", "redis://cache")

    _, checks = visit(capsys)

    assert checks["configuration"][0] == "warn"


@pytest.mark.parametrize(
    ("outcomes", "worst"),
    [("ok ok", "ok"), ("ok warn ok", "warn"), ("warn fail ok", "fail")],
)
def test_the_report_is_as_good_as_its_worst_check(outcomes: str, worst: str) -> None:
    """The order of the enumeration is the order of the outcomes."""
    checks = tuple(Check("x", Outcome(outcome), "") for outcome in outcomes.split())

    assert Report(checks).outcome == worst


@pytest.mark.parametrize(
    ("closed", "outcome", "said"),
    [
        (set[date](), "ok", "the same days"),
        ({date(2026, 12, 9)}, "warn", "1 days otherwise, first 2026-12-09"),
    ],
)
def test_a_broker_that_closes_on_other_days_is_warned_of(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    closed: set[date],
    outcome: str,
    said: str,
) -> None:
    """A day of mourning is declared within a week, and expirations move with it."""

    async def told(_: PaperBroker) -> Holidays:
        return Holidays(closed=frozenset(closed), half=frozenset())

    monkeypatch.setattr(PaperBroker, "holidays", told)
    monkeypatch.setenv("STRIKEDESK_PAPER__CLOCK", "frozen:2026-12-01T16:00:00Z")

    _, checks = visit(capsys)

    assert checks["calendar"][0] == outcome
    assert said in checks["calendar"][1]


@pytest.mark.parametrize(
    ("left_out", "outcome", "said"),
    [
        (None, "ok", "the same up to 2026-12-15"),
        (date(2026, 12, 9), "warn", "1 days otherwise, first 2026-12-09"),
    ],
)
def test_a_broker_that_trades_in_other_hours_is_warned_of(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    left_out: date | None,
    outcome: str,
    said: str,
) -> None:
    """A day on which it names no session is one without."""

    async def told(_: PaperBroker, start: date, end: date) -> tuple[Session, ...]:
        return tuple(each for each in sessions_between(start, end) if each.day != left_out)

    monkeypatch.setattr(PaperBroker, "sessions", told)
    monkeypatch.setenv("STRIKEDESK_PAPER__CLOCK", "frozen:2026-12-01T16:00:00Z")

    _, checks = visit(capsys)

    assert checks["hours"][0] == outcome
    assert said in checks["hours"][1]


@pytest.mark.parametrize(
    ("customer", "said"),
    [
        (Customer(professional=False, delayed_quotes=False), "no professional, no delayed quotes"),
        (Customer(professional=True, delayed_quotes=True), "a professional, delayed quotes on"),
        (Customer(), "a professional or not: not told, delayed quotes on record or not: not told"),
    ],
)
def test_what_the_broker_has_on_record_of_its_user_is_told_and_no_warning(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    customer: Customer,
    said: str,
) -> None:
    """It has delayed quotes on record of ordinary customers, whose feed is in real time."""

    async def told(_: PaperBroker) -> Customer:
        return customer

    monkeypatch.setattr(PaperBroker, "customer", told)

    _, checks = visit(capsys)

    assert checks["broker"][0] == "ok"
    assert said in checks["broker"][1]


@pytest.mark.parametrize(("feed", "outcome"), [(Feed.DELAYED, "warn"), (Feed.REALTIME, "ok")])
def test_a_feed_that_is_late_is_warned_of(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], feed: Feed, outcome: str
) -> None:
    """A limit from a price of a quarter of an hour ago is no limit of now."""
    real = PaperBroker.quotes

    async def told(broker: PaperBroker, symbols: Collection[Symbol]) -> Mapping[Symbol, Quote]:
        found = await real(broker, symbols)
        return {symbol: replace(quote, feed=feed) for symbol, quote in found.items()}

    monkeypatch.setattr(PaperBroker, "quotes", told)

    _, checks = visit(capsys)

    assert checks["market data"][0] == outcome
    assert f"({feed.value})" in checks["market data"][1]


def test_a_tape_that_cannot_be_read_fails_the_broker_and_nothing_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The market is the tape; the database is sound."""
    monkeypatch.setenv("STRIKEDESK_PAPER__TAPE", str(tmp_path / "gone.csv"))

    done, checks = visit(capsys)

    failed = [name for name, (outcome, _) in checks.items() if outcome == "fail"]
    assert (done.code, failed) == (1, ["broker", "market data", "calendar", "hours"])
    assert "5008 TAPE_UNREADABLE" in checks["broker"][1]


@pytest.mark.parametrize(
    ("seconds", "outcome"), [(60, "ok"), (0, "ok"), (-1, "fail"), (-40_000_000, "fail")]
)
async def test_a_clock_that_went_back_is_told(seconds: float, outcome: str) -> None:
    """Nonces are refused then, and an owner would wonder why."""
    ledger, clock = MemoryLedger(), StoppedClock()
    await ledger.open_preview(a_preview(), a_note())
    clock.move(seconds)

    assert (await check_clock(clock, ledger)).outcome == outcome


async def test_a_check_that_stumbles_over_a_file_names_it() -> None:
    """Every check is a line, whatever happens to it."""

    async def stumble() -> Check:
        raise PermissionError(13, "Permission denied", "desk.db")

    assert await made("database", stumble()) == Check(
        "database", Outcome.FAIL, "desk.db: Permission denied"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX")
def test_the_doctor_leaves_a_private_database(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What it opened is what a start would have opened."""
    visit(capsys)

    assert (home / "data" / "strikedesk.db").stat().st_mode & 0o077 == 0
