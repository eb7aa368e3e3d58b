"""Candles in DXLink: a history all at once or not at all, then one that changes in place."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.brokers.tastytrade.dxlink import candles
from strikedesk.brokers.tastytrade.dxlink.candles import canonical
from strikedesk.brokers.tastytrade.dxlink.kinds import Cell, Item, Kind
from tests.unit.dxlink_wire import Side, event, told

MINUTES = Item(Kind.CANDLE, "SPY{=5m}")
BEGIN, END, SNIP, REMOVE = 0x4, 0x8, 0x10, 0x2


def candle(index: int, close: Cell, flags: int = 0, symbol: str = MINUTES.symbol) -> list[Cell]:
    return event(
        Kind.CANDLE, symbol, index=index, time=index, close=close, open=1.0, eventFlags=flags
    )


def closes(side: Side) -> list[Decimal | None]:
    series = side.shelf.series(MINUTES)
    assert series is not None
    return [each.price("close") for each in series.events()]


def watching() -> Side:
    side = Side()
    side.watch(MINUTES, from_ms=0)
    return side


@given(st.permutations(range(1, 9)), st.integers(1, 8))
def test_a_history_in_any_order_and_in_pieces_stands_when_it_is_whole(
    order: list[int], cut: int
) -> None:
    """It usually comes newest first; readers want the oldest first, and never half of it."""
    side = watching()
    sent = [candle(n, n, (BEGIN if n == order[0] else 0)) for n in order]
    side.hear(told(Kind.CANDLE, *sent[:cut]))
    assert closes(side) == []
    side.hear(told(Kind.CANDLE, *sent[cut:], candle(0, "NaN", END | REMOVE)))

    assert closes(side) == [Decimal(n) for n in range(1, 9)]


def test_the_newest_candle_changes_in_place_and_one_may_be_taken_back() -> None:
    side = watching()
    side.hear(told(Kind.CANDLE, candle(2, 20, BEGIN), candle(1, 10, END)))
    side.hear(told(Kind.CANDLE, candle(2, 21)), told(Kind.CANDLE, candle(3, 30)))
    side.hear(told(Kind.CANDLE, candle(1, 10, REMOVE)))

    assert closes(side) == [Decimal(21), Decimal(30)]


def test_a_second_history_replaces_the_first_all_at_once() -> None:
    """After a reconnect the server tells everything again; what it took back is gone."""
    side = watching()
    side.hear(told(Kind.CANDLE, candle(2, 20, BEGIN), candle(1, 10, END)))
    side.hear(told(Kind.CANDLE, candle(3, 30, BEGIN)))
    assert closes(side) == [Decimal(10), Decimal(20)]
    side.hear(told(Kind.CANDLE, candle(2, 22, END)))

    assert closes(side) == [Decimal(22), Decimal(30)]


@pytest.mark.parametrize(("end", "complete"), [(END, True), (SNIP, False)])
def test_a_history_that_was_cut_short_says_so(end: int, complete: bool) -> None:
    side = watching()
    side.hear(told(Kind.CANDLE, candle(1, 10, BEGIN | end)))

    series = side.shelf.series(MINUTES)
    assert series is not None
    assert (series.whole, series.complete) == (True, complete)


def test_an_empty_history_is_whole() -> None:
    side = watching()
    side.hear(told(Kind.CANDLE, candle(0, "NaN", BEGIN | END | REMOVE)))

    series = side.shelf.series(MINUTES)
    assert series is not None
    assert (series.whole, series.events()) == (True, ())


def test_a_server_that_never_ends_its_history_fills_no_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(candles, "CANDLES_MAX", 5)
    side = watching()
    side.hear(told(Kind.CANDLE, candle(0, 1, BEGIN), *(candle(n, 1) for n in range(1, 50))))
    side.hear(told(Kind.CANDLE, candle(0, 2, END)))

    assert closes(side) == [Decimal(2), *[Decimal(1)] * 4]


def test_candles_of_strangers_and_without_an_index_are_passed_over() -> None:
    side = watching()
    side.hear(told(Kind.CANDLE, candle(1, 10, BEGIN | END, symbol="AAPL{=5m}")))
    side.hear(told(Kind.CANDLE, event(Kind.CANDLE, MINUTES.symbol, eventFlags=BEGIN | END)))

    assert closes(side) == []


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("AAPL{=1d,tho=true}", "AAPL{=d,tho=true}"),
        ("AAPL{=1m}", "AAPL{=m}"),
        ("AAPL{=15m}", "AAPL{=15m}"),
        ("AAPL{=d}", "AAPL{=d}"),
        ("AAPL", "AAPL"),
    ],
)
def test_a_width_of_one_may_come_back_without_its_one(written: str, same: str) -> None:
    assert canonical(written) == same


def test_candles_are_known_by_either_spelling() -> None:
    side = Side()
    daily = Item(Kind.CANDLE, "SPY{=1d}")
    watch = side.watch(daily, from_ms=0)
    side.hear(told(Kind.CANDLE, candle(1, 10, BEGIN | END, symbol="SPY{=d}")))

    series = side.shelf.series(daily)
    assert series is not None
    assert len(series.events()) == 1
    assert watch.news() == {daily}
