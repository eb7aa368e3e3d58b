"""`strikedesk margin`: what is asked for what is held, and at which rates."""

from pathlib import Path

import pytest

from tests.unit.cli_door import call


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIKEDESK_HOME", str(tmp_path / "desk"))
    monkeypatch.setenv("STRIKEDESK_PAPER__CLOCK", "frozen:2026-11-20T16:00:00+00:00")


def test_an_account_without_holdings_is_asked_for_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    done = call(capsys, "margin", "paper-margin")

    assert (done.code, done.err) == (0, "")
    assert "2026-11-20 16:00:00 UTC" in done.out
    assert "0.00" in done.out
    assert "risk-free rate of 4.00% a year" in done.out
    assert "naked" not in done.out


def test_rates_are_those_of_the_account_and_the_underlying(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A broad index asks more of naked shorts; an account that is lent nothing pays all."""
    lent = call(capsys, "margin", "paper-margin", "aapl", "SPX")
    whole = call(capsys, "margin", "paper-cash", "AAPL")

    assert [line.split() for line in lent.out.splitlines() if line.strip()[:4] in {"AAPL", "SPX"}]
    assert _row(lent.out, "AAPL") == ["AAPL", "0.50", "0.25", "0.50", "0.30", "0.20", "0.10"]
    assert _row(lent.out, "SPX") == ["SPX", "0.50", "0.25", "0.50", "0.30", "0.25", "0.15"]
    assert _row(whole.out, "AAPL")[1:5] == ["1"] * 4


def test_a_strange_account_or_symbol_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    strange = call(capsys, "margin", "somebody")
    unlisted = call(capsys, "margin", "paper-margin", "ZZZZ")

    assert (strange.code, "ACCOUNT_UNKNOWN" in strange.err) == (1, True)
    assert (unlisted.code, "SYMBOL_NOT_FOUND" in unlisted.err) == (1, True)


def _row(out: str, name: str) -> list[str]:
    (row,) = [line.split() for line in out.splitlines() if line.split()[:1] == [name]]
    return row[:7]
