"""The memory of an assessment: the same answer as without it, whatever has changed meanwhile."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strikedesk.domain.errors import Rejected
from strikedesk.domain.orders import OrderRequest, TimeInForce
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import parse_option
from strikedesk.domain.terms import ON_SHARES
from strikedesk.exchange.assess import Assessment, Basis, assessed, basis_of
from strikedesk.exchange.ends import trades_until
from strikedesk.exchange.memory import Memory
from tests.fakes.market import ScriptedMarket
from tests.unit.exchange_floor import CALL, FAR_CALL, Floor, an_order

BUY = an_order(f"buy_to_open 1 {CALL}", net="6.00")
SELL = an_order(f"sell_to_open 1 {CALL}", net="-6.50")


class NeverClosing(ScriptedMarket):
    """A market that is open whatever the time."""

    def is_open(self, at: datetime) -> bool:
        return True


def a_floor() -> Floor:
    """Return a floor where the call is 6.00 at 6.20 and the shares 199.90 at 200.10."""
    floor = Floor()
    quoted(floor)
    return floor


def quoted(floor: Floor) -> None:
    floor.quote("AAPL", "199.90", "200.10")
    floor.quote(CALL, "6.00", "6.20")
    floor.quote(FAR_CALL, "2.00", "2.10")


def basis(floor: Floor, order: OrderRequest = BUY, later: timedelta = timedelta(0)) -> Basis:
    """Return what there is to look at around an order, so much later."""
    at = floor.world.advanced_to + later
    return basis_of(floor.world, floor.market, at, order)


def told(found: Assessment) -> tuple[Assessment, object]:
    """Return an assessment, its refusal by what it says: no two of them are equal."""
    refusal = found.refusal
    said = None if refusal is None else (refusal.reason, dict(refusal.facts))
    return replace(found, refusal=None), said


def test_what_has_not_changed_is_not_worked_out_again() -> None:
    """The market moves in steps: a moment later it stands as it did."""
    floor, memory = a_floor(), Memory()
    first = memory.assessed(basis(floor))

    again = memory.assessed(basis(floor, later=timedelta(seconds=3)))

    assert again.prices is first.prices
    assert again.screen.at == first.screen.at + timedelta(seconds=3)
    assert replace(again, screen=first.screen) == first


def _quote(floor: Floor) -> None:
    floor.quote(CALL, "6.10", "6.30")


def _shares(floor: Floor) -> None:
    floor.quote("AAPL", "190.00", "190.20")


def _buy(floor: Floor) -> None:
    floor.place(an_order(f"buy_to_open 1 {CALL}", net="6.20"))


def _rest(floor: Floor) -> None:
    floor.place(an_order(f"buy_to_open 3 {FAR_CALL}", net="1.50"))


def _rival(floor: Floor) -> None:
    floor.place(an_order(f"sell_to_open 1 {FAR_CALL}", net="-2.50"))


def _halt(floor: Floor) -> None:
    floor.market.stopped = frozenset({"AAPL"})


def _terms(floor: Floor) -> None:
    adjusted = replace(ON_SHARES, shares=150)
    floor.market.promised[parse_option(CALL)] = adjusted


CHANGES: list[Callable[[Floor], None]] = [_quote, _shares, _buy, _rest, _rival, _halt, _terms]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("order", [BUY, SELL])
def test_whatever_changes_is_looked_at_anew(
    change: Callable[[Floor], None], order: OrderRequest
) -> None:
    floor, memory = a_floor(), Memory()
    memory.assessed(basis(floor, order))

    change(floor)

    assert told(memory.assessed(basis(floor, order))) == told(assessed(basis(floor, order)))


def test_another_order_is_another_question() -> None:
    floor, memory = a_floor(), Memory()
    memory.assessed(basis(floor, BUY))

    assert told(memory.assessed(basis(floor, SELL))) == told(assessed(basis(floor, SELL)))


def test_a_contract_that_has_ended_meanwhile_is_refused() -> None:
    """Also where nothing else changes at that instant, as where a market stays open for others."""
    floor, memory = Floor(market=NeverClosing()), Memory()
    quoted(floor)
    ends = trades_until(parse_option(CALL), ON_SHARES)
    gtc = replace(BUY, time_in_force=TimeInForce.GTC)
    before = ends - floor.world.advanced_to - timedelta(seconds=1)
    memory.assessed(basis(floor, gtc, later=before))

    found = memory.assessed(basis(floor, gtc, later=before + timedelta(seconds=1)))

    assert found.refusal is not None
    assert found.refusal.reason is Reason.CONTRACT_ENDED


def test_a_clock_that_went_back_is_looked_at_anew() -> None:
    floor, memory = a_floor(), Memory()
    first = memory.assessed(basis(floor, later=timedelta(seconds=3)))

    assert memory.assessed(basis(floor)).prices is not first.prices


def test_fees_of_another_day_are_worked_out_anew() -> None:
    floor, memory = a_floor(), Memory()
    gtc = replace(BUY, time_in_force=TimeInForce.GTC)
    first = memory.assessed(basis(floor, gtc))

    assert memory.assessed(basis(floor, gtc, later=timedelta(days=1))).prices is not first.prices


@pytest.mark.parametrize(
    "other",
    [
        {"indices": frozenset({"AAPL"})},
        {"is_open": False},
        {"halted": frozenset({"AAPL"})},
        {"extended": frozenset({parse_option(CALL)})},
        {"terms": {parse_option(CALL): replace(ON_SHARES, shares=150)}},
    ],
)
def test_a_market_that_stands_otherwise_is_looked_at_anew(other: dict[str, object]) -> None:
    asked, memory = basis(a_floor()), Memory()
    first = memory.assessed(asked)

    screen = replace(asked.screen, **other)

    assert memory.assessed(replace(asked, screen=screen)).prices is not first.prices


def test_a_refusal_is_made_anew() -> None:
    """It is raised, and what is raised remembers by whom."""
    floor, memory = a_floor(), Memory()
    dear = replace(BUY, limit_net=Decimal(2000))

    first, again = (memory.assessed(basis(floor, dear)).refusal for _ in range(2))

    assert first is not None
    assert first is not again


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, len(CHANGES) - 1), st.booleans(), st.integers(0, 30))))
def test_it_answers_as_if_it_had_no_memory(steps: list[tuple[int, bool, int]]) -> None:
    floor, memory = a_floor(), Memory()
    for which, sells, seconds in steps:
        order = SELL if sells else BUY
        for _ in range(2):
            asked = basis(floor, order, later=timedelta(seconds=seconds))
            assert told(memory.assessed(asked)) == told(assessed(asked))
        with suppress(Rejected):  # Which leaves the floor as it was.
            CHANGES[which](floor)
