"""Column types: what goes in comes out, to the last digit."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from strikedesk.domain.states import OrderState
from strikedesk.store.types import Document, Exact, Instant, Kept, Word
from tests.builders import NOON

DIALECT: Any = sqlite.dialect()


@given(st.datetimes(timezones=st.just(UTC)))
def test_an_instant_comes_back_to_the_microsecond(instant: datetime) -> None:
    stored = Instant().at_rest(instant)

    assert isinstance(stored, int)
    assert Instant().from_rest(stored) == instant


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_instants_sort_as_they_follow_each_other(one: datetime, other: datetime) -> None:
    stored = [Instant().at_rest(instant) for instant in (one, other)]

    assert (stored[0] or 0) <= (stored[1] or 0) if one <= other else stored[0] != stored[1]


def test_an_instant_without_a_zone_is_refused() -> None:
    """Nobody could say later which moment was meant."""
    with pytest.raises(TypeError):
        Instant().at_rest(NOON.replace(tzinfo=None))


def test_an_instant_is_told_in_utc_whatever_zone_it_came_in() -> None:
    stored = Instant().at_rest(NOON)

    assert stored == 1_795_190_400_000_000
    read = Instant().from_rest(stored)
    assert read is not None
    assert read.utcoffset() == timedelta(0)


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_a_decimal_keeps_every_digit(amount: Decimal) -> None:
    stored = Exact().at_rest(amount)

    assert str(Exact().from_rest(stored)) == str(amount)


@pytest.mark.parametrize("amount", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_what_is_no_amount_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match="finite"):
        Exact().at_rest(Decimal(amount))


@pytest.mark.parametrize("kind", [Instant(), Exact(), Word(OrderState)])
def test_nothing_stays_nothing(kind: Any) -> None:
    """Unknown is not zero."""
    assert kind.at_rest(None) is None
    assert kind.from_rest(None) is None


def test_a_document_that_is_null_is_not_a_missing_one() -> None:
    assert Document().at_rest(None) == "null"
    assert Document().from_rest("null") is None
    assert Document().from_rest(None) is None


@pytest.mark.parametrize("state", OrderState)
def test_a_word_comes_back_as_what_it_names(state: OrderState) -> None:
    word = Word(OrderState)

    assert word.from_rest(word.at_rest(state)) is state


def test_a_word_may_come_as_plain_text() -> None:
    assert Word(OrderState).at_rest("filled") == "filled"


def test_a_word_that_means_nothing_is_refused() -> None:
    """A state that nobody knows must not pass for one that allows something."""
    with pytest.raises(ValueError, match="sent"):
        Word(OrderState).from_rest("sent")
    with pytest.raises(ValueError, match="sent"):
        Word(OrderState).at_rest("sent")


@pytest.mark.parametrize(
    ("kind", "value"),
    [(Instant(), NOON), (Exact(), Decimal("1.50")), (Document(), {"a": [1]})],
)
def test_sqlalchemy_keeps_values_as_the_types_say(kind: Kept[Any], value: object) -> None:
    """Statements that are compiled once ask the types themselves."""
    stored = kind.process_bind_param(value, DIALECT)

    assert stored == kind.at_rest(value)
    assert kind.process_result_value(stored, DIALECT) == kind.from_rest(stored) == value
