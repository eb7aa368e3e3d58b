"""The list of the best: caps keep one name, sector or movement from filling it."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from strikedesk.domain.orders import Action, Leg
from strikedesk.domain.symbols import EquitySymbol, parse_option
from strikedesk.scan.definition import Caps
from strikedesk.scan.listing import Closes, listed
from strikedesk.scan.picks import Pick
from tests.builders import NOON

FIRST = date(2026, 1, 5)


def pick(ticker: str, score: float) -> Pick:
    symbol = parse_option(f"{ticker}261218C00200000")
    return Pick(
        underlying=EquitySymbol(ticker),
        legs=(Leg(symbol=symbol, action=Action.BUY_TO_OPEN, quantity=1),),
        score=score,
        mid=Decimal(1),
        natural=Decimal(1),
        price=Decimal(1),
        max_profit=None,
        max_loss=Decimal(100),
        exact=True,
        quoted_at=NOON,
        measures={},
    )


def closes(**moves: list[float]) -> Closes:
    """Return closes that go by these daily factors again and again, for 80 days."""
    of: dict[str, dict[date, float]] = {}
    for name, factors in moves.items():
        price, found = 100.0, dict[date, float]()
        for n in range(80):
            price *= factors[n % len(factors)]
            found[FIRST + timedelta(days=n)] = price
        of[name] = found
    return Closes(of=of)


UP_DOWN = [1.01, 0.99, 1.02, 0.98]
DOWN_UP = [0.99, 1.01, 0.98, 1.02]
STILL = [1.0]


def tickers(caps: Caps, known: Closes, *picks: Pick, top: int = 10) -> list[str]:
    return [each.underlying.ticker for each in listed(picks, caps, known, top).picks]


def test_the_best_come_first_and_no_more_than_asked() -> None:
    picks = pick("AAPL", 1.0), pick("SPY", 3.0), pick("QQQ", 2.0)

    assert tickers(Caps(), Closes(), *picks, top=2) == ["SPY", "QQQ"]


def test_a_sector_has_so_many_places_and_a_symbol_without_one_has_none() -> None:
    """A check that lacks its fact denies."""
    caps = Caps(per_sector=1, sectors={"AAPL": "tech", "MSFT": "tech", "XOM": "energy"})
    picks = pick("AAPL", 4.0), pick("MSFT", 3.0), pick("XOM", 2.0), pick("KO", 1.0)

    made = listed(picks, caps, Closes(), 10)

    assert [each.underlying.ticker for each in made.picks] == ["AAPL", "XOM"]
    assert made.removed == {"per_sector": 2}


@pytest.mark.parametrize(
    ("second", "kept"),
    [(UP_DOWN, ["AAPL"]), (DOWN_UP, ["AAPL", "MSFT"]), (STILL, ["AAPL"]), ([], ["AAPL"])],
)
def test_what_moves_like_a_better_one_is_kept_out(second: list[float], kept: list[str]) -> None:
    """So is what has no history, or never moved: how it moves is not known."""
    known = closes(AAPL=UP_DOWN, **({"MSFT": second} if second else {}))
    caps = Caps(correlation=0.8)

    assert tickers(caps, known, pick("AAPL", 2.0), pick("MSFT", 1.0)) == kept


def test_two_of_one_underlying_do_not_keep_each_other_out() -> None:
    """How many of one there may be is another cap's business."""
    caps = Caps(correlation=0.8)

    assert tickers(caps, Closes(), pick("AAPL", 2.0), pick("AAPL", 1.0)) == ["AAPL", "AAPL"]
