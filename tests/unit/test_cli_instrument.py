"""`strikedesk instrument`: what the broker has on record."""

from pathlib import Path

import pytest

from tests.unit.cli_door import call


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIKEDESK_HOME", str(tmp_path / "desk"))
    monkeypatch.setenv("STRIKEDESK_PAPER__CLOCK", "frozen:2026-11-20T16:00:00+00:00")


def test_a_share_and_a_contract_are_told_one_after_the_other(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What nobody said has no line."""
    done = call(capsys, "instrument", "aapl", "AAPL 2026-12-18 250 C")
    lines = [" ".join(line.split()) for line in done.out.splitlines()]

    assert (done.code, done.err) == (0, "")
    assert lines.index("AAPL") < lines.index("prices step by 0.0001 below 1, 0.01")
    assert "prices step by 0.01 below 3.00, 0.05" in lines
    assert "a point is worth 100 USD" in lines
    assert "trades until 2026-12-18 21:00 UTC" in lines
    assert lines.count("halted no") == 2
    assert "borrow" not in done.out


@pytest.mark.parametrize(
    ("symbol", "reason"),
    [
        ("ZZZZ", "SYMBOL_NOT_FOUND"),
        ("AAPL 2026-12-18 1 C", "CONTRACT_NOT_FOUND"),
        ("/ESZ6", "INSTRUMENT_NOT_TRADED"),
    ],
)
def test_what_is_not_listed_is_refused(
    capsys: pytest.CaptureFixture[str], symbol: str, reason: str
) -> None:
    done = call(capsys, "instrument", symbol)

    assert (done.code, reason in done.err) == (1, True)
