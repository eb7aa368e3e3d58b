"""`strikedesk quote`: what symbols cost, those included that cannot be ordered."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from rich.console import Console

from strikedesk.cli.quotes import shown
from strikedesk.domain.quotes import Feed
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol
from strikedesk.domain.untraded import UntradedName
from strikedesk.domain.untraded_quotes import UntradedQuote
from strikedesk.market.on_futures import FutureOptionReading
from strikedesk.market.room import QuoteSheet
from tests.builders import NOON
from tests.unit.cli_door import call


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIKEDESK_HOME", str(tmp_path / "desk"))
    monkeypatch.setenv("STRIKEDESK_PAPER__CLOCK", "frozen:2026-11-20T16:00:00+00:00")


def lines_of(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


def test_a_share_is_told_and_a_future_that_nobody_quotes_here_says_so(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """On paper there are none: that costs the share beside it nothing."""
    done = call(capsys, "quote", "aapl", "/ESZ6")
    lines = lines_of(done.out)

    assert (done.code, done.err, lines[0]) == (0, "", "AAPL")
    assert {line.split()[0] for line in lines[1:6]} == {"bid", "ask", "last", "mark", "volume"}
    assert lines[-2:] == ["/ESZ6", "no quote because INSTRUMENT_NOT_TRADED"]


@pytest.mark.parametrize(
    ("symbol", "reason"), [("BTC/USD", "INSTRUMENT_NOT_TRADED"), ("what?", "INVALID_SYMBOL")]
)
def test_where_nothing_is_quoted_the_command_fails(
    capsys: pytest.CaptureFixture[str], symbol: str, reason: str
) -> None:
    done = call(capsys, "quote", symbol)

    assert (done.code, done.out, reason in done.err) == (1, "", True)


def test_what_is_not_traded_says_so_beside_its_price() -> None:
    """What is unknown has no line."""
    future = UntradedQuote(
        name=UntradedName("/ESZ6", "future"),
        at=NOON - timedelta(seconds=9),
        feed=Feed.REALTIME,
        bid=Decimal("-0.25"),
        mark=Decimal("1E+2"),
    )
    option = UntradedQuote(
        name=UntradedName("./ESZ6 ESZ6  261218P6300", "future_option"),
        at=NOON,
        feed=Feed.REALTIME,
        bid=Decimal(12),
    )
    sheet = QuoteSheet(
        now=NOON,
        quotes=(),
        missing={EquitySymbol("ZZZZ"): Reason.SYMBOL_NOT_FOUND},
        beside=(future, option),
        readings={
            option.name: FutureOptionReading(
                future=Decimal("6.8E+3"), volatility=0.18123, delta=-0.25
            )
        },
    )
    console = Console(width=100, record=True)
    with console.capture() as said:
        console.print(*shown(sheet))

    assert lines_of(said.get()) == [
        "/ESZ6",
        "bid -0.25",
        "mark 100",
        f"told at {future.at:%Y-%m-%d %H:%M:%S} UTC, 9 s ago",
        "feed realtime",
        "not traded here a future: it cannot be ordered",
        "./ESZ6 ESZ6 261218P6300",
        "bid 12",
        f"told at {NOON:%Y-%m-%d %H:%M:%S} UTC, 0 s ago",
        "feed realtime",
        "future 6800",
        "implied volatility 0.1812",
        "delta -0.2500",
        "not traded here a future option: it cannot be ordered",
        "ZZZZ",
        "no quote because SYMBOL_NOT_FOUND",
    ]
