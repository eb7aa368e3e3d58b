"""Quotes that stand until the next step."""

from collections.abc import Collection, Mapping
from datetime import timedelta

from strikedesk.domain.quotes import Feed, Quote
from strikedesk.domain.symbols import Symbol, parse_symbol
from strikedesk.exchange.simulated.standing import STEPS_KEPT, SYMBOLS_KEPT, StandingQuotes
from tests.builders import NOON

SPY, QQQ, NONE = (parse_symbol(text) for text in ("SPY", "QQQ", "NONE"))


class Maker:
    """Makes a quote of what is listed, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[list[Symbol]] = []

    def __call__(self, symbols: Collection[Symbol]) -> Mapping[Symbol, Quote]:
        self.asked.append(list(symbols))
        return {s: Quote(symbol=s, at=NOON, feed=Feed.SIMULATED) for s in symbols if s is not NONE}


def test_a_quote_is_made_once_a_step_and_so_is_the_knowledge_that_there_is_none() -> None:
    standing, make = StandingQuotes(), Maker()

    first = standing.at(NOON, [SPY, NONE], make)
    again = standing.at(NOON, [SPY, QQQ, NONE], make)

    assert list(first) == [SPY]
    assert list(again) == [SPY, QQQ]
    assert make.asked == [[SPY, NONE], [QQQ]]


def test_the_next_step_is_quoted_anew() -> None:
    standing, make = StandingQuotes(), Maker()

    standing.at(NOON, [SPY], make)
    standing.at(NOON + timedelta(seconds=15), [SPY], make)

    assert make.asked == [[SPY], [SPY]]


def test_only_the_last_steps_are_kept() -> None:
    standing, make = StandingQuotes(), Maker()
    for step in range(STEPS_KEPT + 1):
        standing.at(NOON + timedelta(seconds=15 * step), [SPY], make)

    standing.at(NOON, [SPY], make)

    assert len(make.asked) == STEPS_KEPT + 2


def test_more_symbols_than_are_kept_are_quoted_all_the_same() -> None:
    """Memory is bounded; answers are not."""
    standing, make = StandingQuotes(), Maker()
    many = [parse_symbol(f"SPY261218C{strike:08d}") for strike in range(1, SYMBOLS_KEPT + 2)]

    assert len(standing.at(NOON, many, make)) == len(many)
    assert len(standing.at(NOON, [SPY], make)) == 1
    assert make.asked[-1] == [SPY]
