"""What tastytrade wrote, as recorded and as it may yet come."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from strikedesk.brokers.tastytrade.payloads import fields
from strikedesk.brokers.tastytrade.payloads.accounts import MarginRatesTold, TransactionTold
from strikedesk.brokers.tastytrade.payloads.chains import ChainTold
from strikedesk.brokers.tastytrade.payloads.envelopes import Listed, Told
from strikedesk.brokers.tastytrade.payloads.market import MetricsTold, QuoteTold
from strikedesk.brokers.tastytrade.payloads.orders import OrderTold, PlacedTold
from tests.unit.tastytrade_link import recorded


def test_the_recorded_orders_are_read() -> None:
    orders = TypeAdapter(Listed[OrderTold]).validate_python(recorded("get_live_orders")).data.items

    assert len(orders) == 6
    newest, oldest = orders[0], orders[3]
    assert newest.id == "1075264"
    assert newest.replaces_order_id == oldest.id == "1075261"
    assert oldest.replacing_order_id == newest.id
    assert (newest.price, newest.price_effect) == (Decimal("1.02"), "Debit")
    assert newest.updated_at == datetime(2026, 6, 12, 19, 33, 51, 405_000, tzinfo=UTC)
    assert newest.legs[0].remaining_quantity == 1
    assert orders[1].stop_trigger == Decimal(1)
    assert orders[1].complex_order_id == orders[2].complex_order_id == "56544"
    assert "price" not in orders[1].model_fields_set


def test_the_recorded_margin_rates_are_read() -> None:
    told = Told[MarginRatesTold].model_validate(recorded("get_margin_requirements")).data

    assert told.underlying_symbol == "AAPL"
    assert told.naked_option_floor == Decimal("251.0")


def test_the_recorded_metrics_are_read() -> None:
    listed = TypeAdapter(Listed[MetricsTold]).validate_python(recorded("get_market_metrics"))
    (told,) = listed.data.items

    assert told.implied_volatility_index_rank == Decimal("0.427330631")
    assert told.implied_volatility_30_day == Decimal("26.53")
    assert told.market_cap == 4_514_709_583_000
    assert len(told.option_expiration_implied_volatilities) == 23
    assert told.earnings is not None
    assert told.earnings.expected_report_date == date(2026, 7, 30)
    assert told.earnings.time_of_day is None


def test_the_recorded_chain_is_read() -> None:
    (told,) = (
        TypeAdapter(Listed[ChainTold]).validate_python(recorded("get_option_chain_nested"))
    ).data.items

    assert [each.expiration_date for each in told.expirations] == [
        date(2026, 6, 12),
        date(2026, 6, 15),
        date(2026, 6, 17),
        date(2026, 6, 18),
    ]
    assert told.expirations[3].expiration_type == "Regular"
    assert told.expirations[0].strikes[0]["call"] == "AAPL  260612C00110000"
    assert [(tick.threshold, tick.value) for tick in told.tick_sizes] == [
        (Decimal(3), Decimal("0.01")),
        (None, Decimal("0.05")),
    ]


def test_the_recorded_quotes_are_read() -> None:
    quotes = {
        told.symbol: told
        for told in TypeAdapter(Listed[QuoteTold]).validate_python(recorded("get_quote")).data.items
    }

    assert set(quotes) == {"META", "AAPL", "VIX", "SPX"}
    vix = quotes["VIX"]
    assert (vix.bid, vix.bid_size, vix.last) == (None, Decimal(0), Decimal("15.8"))
    assert "bid" not in vix.model_fields_set
    assert quotes["AAPL"].volume == Decimal("16006738.789447")


def test_the_recorded_transactions_are_read() -> None:
    listed = TypeAdapter(Listed[TransactionTold]).validate_python(recorded("get_transactions"))
    trade, deposit, _ = listed.data.items

    assert (trade.net_value, trade.net_value_effect) == (Decimal("76.12"), "Debit")
    assert (deposit.symbol, deposit.quantity, deposit.order_id) == (None, None, None)


# Tolerance


def test_absent_and_null_are_unknown_and_told_apart() -> None:
    absent = OrderTold.model_validate({"id": 7})
    null = OrderTold.model_validate({"id": "7", "price": None})

    assert absent.price is null.price is None
    assert "price" not in absent.model_fields_set
    assert "price" in null.model_fields_set


def test_what_is_new_is_let_by_and_words_nobody_knows_stay() -> None:
    told = OrderTold.model_validate(
        {"id": 1, "status": "Remove Pending", "order-rule": {"x": [1]}, "user-id": 99}
    )

    assert told.status == "Remove Pending"


def test_an_empty_place_in_an_answer_is_no_order() -> None:
    assert PlacedTold.model_validate({}).order is None
    with pytest.raises(ValidationError):
        TypeAdapter(Listed[OrderTold]).validate_python({"data": {}})


def test_what_cannot_be_read_is_never_quoted() -> None:
    with pytest.raises(ValidationError) as error:
        OrderTold.model_validate({"legs": "a secret in the wrong place"})

    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("1.50", Decimal("1.50")),
        (1, Decimal(1)),
        (0.01, Decimal("0.01")),
        ("-0.00016", Decimal("-0.00016")),
        ("NaN", None),
        ("Infinity", None),
        ("1e400", None),
        ("9" * 41, None),
        ("", None),
        ("n/a", None),
        (True, None),
        (None, None),
        ([1], None),
    ],
)
def test_a_number_is_read_from_text_or_number(value: object, read: Decimal | None) -> None:
    assert fields.number(value) == read


@given(st.lists(st.text(max_size=60) | st.decimals().map(str) | st.integers() | st.none()))
def test_numbers_of_a_chain_are_read_as_each_alone_would_be(values: list[object]) -> None:
    """Also when they are read again."""
    told = {fields.number(value) for value in values}

    assert fields.numbers(values) == fields.numbers([*values, *values]) == told


def test_one_and_true_are_not_taken_for_each_other() -> None:
    assert fields.numbers(["1", True, 1]) == {Decimal(1), None}


@pytest.mark.parametrize(
    ("value", "read"), [("1.0", 1), (742, 742), ("2.5", None), ("-1", -1), ({}, None)]
)
def test_a_whole_number_is_read_from_a_decimal(value: object, read: int | None) -> None:
    assert fields.whole(value) == read


@pytest.mark.parametrize(
    "value",
    [
        "2026-06-12T19:33:51.327+00:00",
        "2026-06-12T19:33:51.327Z",
        "2026-06-12T15:33:51.327-04:00",
        "2026-06-12 19:33:51.327+00",
        1_781_292_831_327,
    ],
)
def test_an_instant_is_one_in_every_style(value: object) -> None:
    assert fields.moment(value) == datetime(2026, 6, 12, 19, 33, 51, 327_000, tzinfo=UTC)


@pytest.mark.parametrize(
    "value", [0, -1, True, "2026-06-12T19:33:51", "soon", "0001-01-01T00:00:00+14:00", 10**18, None]
)
def test_what_is_no_instant_is_unknown(value: object) -> None:
    """0 and -1 stand for never; a time without a zone could be any of them."""
    assert fields.moment(value) is None


@pytest.mark.parametrize(
    ("value", "read"),
    [("2026-06-12", date(2026, 6, 12)), ("2026-06-12T10:00:00Z", date(2026, 6, 12)), ("x", None)],
)
def test_a_date_is_read_with_or_without_a_time(value: object, read: date | None) -> None:
    assert fields.day(value) == read
    assert fields.day(7) is None


@pytest.mark.parametrize(
    ("value", "read"), [(True, True), ("False", False), (1, None), ("x", None)]
)
def test_a_truth_is_read_from_text(value: object, read: bool | None) -> None:
    assert fields.flag(value) is read


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(value=JSON)
def test_no_field_trips_over_anything(value: object) -> None:
    """One odd field must not take a whole list along."""
    told = OrderTold.model_validate(
        dict.fromkeys(("id", "price", "size", "received-at", "gtc-date", "cancellable"), value)
    )

    assert told.price is None or told.price.is_finite()
    assert told.received_at is None or told.received_at.tzinfo is UTC
