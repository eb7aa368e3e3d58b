"""`strikedesk balances`: what accounts are worth, and were when past sessions closed."""

import json
from pathlib import Path

import pytest

from tests.unit.cli_door import call

TODAY = "2026-11-20"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIKEDESK_HOME", str(tmp_path / "desk"))
    monkeypatch.setenv("STRIKEDESK_PAPER__CLOCK", "stepped:2026-11-18T16:00:00+00:00")


@pytest.fixture
def two_days_on(capsys: pytest.CaptureFixture[str]) -> None:
    """A world that has seen two closes."""
    assert call(capsys, "market", "step", "2d").code == 0


@pytest.mark.usefixtures("two_days_on")
def test_each_close_is_a_line_and_so_is_now(capsys: pytest.CaptureFixture[str]) -> None:
    done = call(capsys, "balances", "paper-margin")

    assert (done.code, done.err) == (0, "")
    figures = ["100,000.00", "100,000.00", "0.00", "0.00", "100,000.00", "200,000.00", "0.00"]
    assert _rows(done.out) == [[day, *figures] for day in ("2026-11-18", "2026-11-19", "now")]


@pytest.mark.usefixtures("two_days_on")
def test_days_can_be_chosen_and_then_now_is_none_of_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    one = call(capsys, "balances", "paper-cash", "--from", "2026-11-19", "--to", "2026-11-19")
    since = call(capsys, "balances", "paper-cash", "--from", "2026-11-19")
    before = call(capsys, "balances", "paper-cash", "--to", "2026-11-17")

    assert [row[0] for row in _rows(one.out)] == ["2026-11-19"]
    assert [row[0] for row in _rows(since.out)] == ["2026-11-19", "now"]
    assert (before.code, _rows(before.out)) == (0, [])
    assert "tells nothing of these days" in before.out


@pytest.mark.usefixtures("two_days_on")
def test_without_a_name_every_account_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    table = call(capsys, "balances", "--from", TODAY)
    told = json.loads(call(capsys, "balances", "--from", TODAY, "--json").out)

    handles = ["paper-margin", "paper-cash", "paper-ira"]
    assert [line.split(",")[0] for line in table.out.splitlines() if ", USD" in line] == handles
    assert [each["account"] for each in told["accounts"]] == handles


@pytest.mark.usefixtures("two_days_on")
def test_json_tells_every_figure(capsys: pytest.CaptureFixture[str]) -> None:
    (told,) = json.loads(call(capsys, "balances", "paper-ira", "--json").out)["accounts"]

    figures = {
        "net_liquidation": 100000,
        "cash": 100000,
        "long_value": 0,
        "short_value": 0,
        "option_buying_power": 100000,
        "stock_buying_power": 100000,
        "maintenance_margin": 0,
        "maintenance_excess": 100000,
        "dividends_accrued": 0,
    }
    days = ("2026-11-18", "2026-11-19")
    assert told["closes"] == [{"day": day, **figures} for day in days]
    assert told["now"] == {"as_of": "2026-11-20T16:00:00Z", **figures}


@pytest.mark.usefixtures("two_days_on")
@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (("somebody",), "there_are=paper-margin paper-cash paper-ira"),
        (("--to", "2026-11-21"), "argument=--to, given=2026-11-21, at_most=2026-11-20"),
        (("--from", "2026-11-21"), "argument=--from, given=2026-11-21, at_most=2026-11-20"),
        (
            ("--from", "2026-11-19", "--to", "2026-11-18"),
            "argument=--from, given=2026-11-19, at_most=2026-11-18",
        ),
        (("--from", "soon"), "argument=--from, give=a date as YYYY-MM-DD"),
        (("--to", "0001-01-02"), "argument=--to, give=a date as YYYY-MM-DD, from 1970-01-01 on"),
    ],
)
def test_what_cannot_be_told_is_refused_with_what_can(
    capsys: pytest.CaptureFixture[str], asked: tuple[str, ...], says: str
) -> None:
    done = call(capsys, "balances", *asked)

    assert (done.code, done.out) == (1, "")
    assert says in done.err


def _rows(out: str) -> list[list[str]]:
    rows = [line.split() for line in out.splitlines()]
    return [row for row in rows if row and (row[0] == "now" or row[0].startswith("2026-"))]
