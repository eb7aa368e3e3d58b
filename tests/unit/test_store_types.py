"""Column types: what goes in comes out, to the last digit."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from strikedesk.domain.states import OrderState
from strikedesk.store.types import Document, Exact, Instant, Word
from tests.builders import NOON

DIALECT: Any = sqlite.dialect()


@given(st.datetimes(timezones=st.just(UTC)))
def test_an_instant_comes_back_to_the_microsecond(instant: datetime) -> None:
    stored = Instant().process_bind_param(instant, DIALECT)

    assert isinstance(stored, int)
    assert Instant().process_result_value(stored, DIALECT) == instant


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_instants_sort_as_they_follow_each_other(one: datetime, other: datetime) -> None:
    stored = [Instant().process_bind_param(instant, DIALECT) for instant in (one, other)]

    assert (stored[0] or 0) <= (stored[1] or 0) if one <= other else stored[0] != stored[1]


def test_an_instant_without_a_zone_is_refused() -> None:
    """Nobody could say later which moment was meant."""
    with pytest.raises(TypeError):
        Instant().process_bind_param(NOON.replace(tzinfo=None), DIALECT)


def test_an_instant_is_told_in_utc_whatever_zone_it_came_in() -> None:
    stored = Instant().process_bind_param(NOON, DIALECT)

    assert stored == 1_795_190_400_000_000
    read = Instant().process_result_value(stored, DIALECT)
    assert read is not None
    assert read.utcoffset() == timedelta(0)


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_a_decimal_keeps_every_digit(amount: Decimal) -> None:
    stored = Exact().process_bind_param(amount, DIALECT)

    assert str(Exact().process_result_value(stored, DIALECT)) == str(amount)


@pytest.mark.parametrize("amount", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_what_is_no_amount_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match="finite"):
        Exact().process_bind_param(Decimal(amount), DIALECT)


@pytest.mark.parametrize("kind", [Instant(), Exact(), Word(OrderState)])
def test_nothing_stays_nothing(kind: Any) -> None:
    """Unknown is not zero."""
    assert kind.process_bind_param(None, DIALECT) is None
    assert kind.process_result_value(None, DIALECT) is None


def test_a_document_that_is_null_is_not_a_missing_one() -> None:
    assert Document().process_bind_param(None, DIALECT) == "null"
    assert Document().process_result_value("null", DIALECT) is None
    assert Document().process_result_value(None, DIALECT) is None


@pytest.mark.parametrize("state", OrderState)
def test_a_word_comes_back_as_what_it_names(state: OrderState) -> None:
    word = Word(OrderState)

    assert word.process_result_value(word.process_bind_param(state, DIALECT), DIALECT) is state


def test_a_word_may_come_as_plain_text() -> None:
    assert Word(OrderState).process_bind_param("filled", DIALECT) == "filled"


def test_a_word_that_means_nothing_is_refused() -> None:
    """A state that nobody knows must not pass for one that allows something."""
    with pytest.raises(ValueError, match="sent"):
        Word(OrderState).process_result_value("sent", DIALECT)
    with pytest.raises(ValueError, match="sent"):
        Word(OrderState).process_bind_param("sent", DIALECT)
