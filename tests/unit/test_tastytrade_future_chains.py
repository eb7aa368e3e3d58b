"""Chains of options on futures at tastytrade: read as they are told, and as a person asks."""

from collections.abc import AsyncGenerator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from strikedesk.domain.errors import Denied
from strikedesk.domain.future_chains import FutureExpiration, FutureStrike
from strikedesk.domain.instruments import Step
from strikedesk.domain.reasons import Reason
from tests.fakes.loopback import told
from tests.unit.tastytrade_desk import Desk, a_desk

CHAIN = "/futures-option-chains/ES/nested"
CALL, PUT = "./ESZ6 ESZ6  261218C6300", "./ESZ6 ESZ6  261218P6300"


@pytest.fixture
async def desk() -> AsyncGenerator[Desk]:
    async with a_desk() as desk:
        yield desk


def a_strike(price: str | None, call: str | None = None, put: str | None = None) -> dict[str, Any]:
    return {"strike-price": price, "call": call, "put": put, "call-streamer-symbol": "./ESZ26C1"}


def an_expiration(*strikes: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return one as it is documented, unless told otherwise."""
    plain = {
        "underlying-symbol": "/ESZ6",
        "root-symbol": "/ES",
        "option-root-symbol": "ES",
        "option-contract-symbol": "ESZ6",
        "expiration-date": "2026-12-18",
        "days-to-expiration": 28,
        "expiration-type": "Regular",
        "settlement-type": "AM",
        "notional-value": "0.5",
        "display-factor": "0.01",
        "strike-factor": "1.0",
        "stops-trading-at": "2026-12-18T14:30:00.000+00:00",
        "tick-sizes": [{"threshold": "5.0", "value": "0.05"}, {"value": "0.25"}],
        "strikes": list(strikes),
    }
    return plain | {key.replace("_", "-"): value for key, value in more.items()}


def a_chain(*expirations: dict[str, Any], style: str = "American") -> dict[str, Any]:
    chain = {"underlying-symbol": "/ES", "exercise-style": style, "expirations": list(expirations)}
    return {"data": {"futures": [{"symbol": "/ESZ6"}], "option-chains": [chain]}}


async def test_an_expiration_is_told_with_its_terms_and_its_strikes_in_order(desk: Desk) -> None:
    """A point is worth its notional over its display factor: 0.5 over 0.01."""
    strikes = (a_strike("6310.0"), a_strike("6300.0", CALL, PUT))
    desk.answers(CHAIN, told(a_chain(an_expiration(*strikes))))

    (found,) = await desk.broker.future_chain("/es")

    assert found == FutureExpiration(
        future="/ESZ6",
        root="ES",
        day=date(2026, 12, 18),
        style="american",
        settlement="AM",
        ends_at=datetime(2026, 12, 18, 14, 30, tzinfo=UTC),
        multiplier=Decimal(50),
        strike_factor=Decimal(1),
        steps=(Step(size=Decimal("0.05"), below=Decimal(5)), Step(size=Decimal("0.25"))),
        strikes=(
            FutureStrike(strike=Decimal(6300), call=CALL, put=PUT),
            FutureStrike(strike=Decimal(6310), call=None, put=None),
        ),
    )


async def test_expirations_stand_by_day_whatever_order_and_roots_they_come_in(desk: Desk) -> None:
    later = an_expiration(expiration_date="2027-01-15", underlying_symbol="/ESH7")
    weekly = an_expiration(option_root_symbol="E1A", expiration_date="2026-12-04")
    desk.answers(CHAIN, told(a_chain(later, an_expiration(), weekly)))

    found = await desk.broker.future_chain("ES")

    assert [(each.day.isoformat(), each.future, each.root) for each in found] == [
        ("2026-12-04", "/ESZ6", "E1A"),
        ("2026-12-18", "/ESZ6", "ES"),
        ("2027-01-15", "/ESH7", "ES"),
    ]


@pytest.mark.parametrize(
    "odd",
    [
        {"underlying_symbol": "AAPL"},
        {"underlying_symbol": None},
        {"expiration_date": "soon"},
        {"expiration_date": None},
    ],
)
async def test_an_expiration_without_its_future_or_its_day_is_left_out(
    desk: Desk, odd: dict[str, Any]
) -> None:
    desk.answers(CHAIN, told(a_chain(an_expiration(), an_expiration(**odd))))

    assert len(await desk.broker.future_chain("ES")) == 1


async def test_what_cannot_be_read_of_a_strike_is_unknown_and_one_without_a_price_is_none(
    desk: Desk,
) -> None:
    """A text in the place of a name is no name: it would be asked for quotes by."""
    strikes = (a_strike(None, CALL, PUT), a_strike("6300.0", "<b>buy</b>", "/ESZ6"))
    desk.answers(CHAIN, told(a_chain(an_expiration(*strikes, notional_value="NaN"), style="Odd")))

    (found,) = await desk.broker.future_chain("ES")

    assert found.strikes == (FutureStrike(strike=Decimal(6300), call=None, put=None),)
    assert (found.multiplier, found.style) == (None, None)


async def test_a_product_that_the_broker_does_not_list_is_told_by_its_code(desk: Desk) -> None:
    with pytest.raises(Denied) as denied:
        await desk.broker.future_chain("ES")

    assert (denied.value.reason, denied.value.facts["product"]) == (Reason.SYMBOL_NOT_FOUND, "ES")


@pytest.mark.parametrize("product", ["", "/", "ES/../x", "TOOLONG", "E S", "Ä"])
async def test_what_is_no_code_is_asked_of_nobody(desk: Desk, product: str) -> None:
    with pytest.raises(Denied) as denied:
        await desk.broker.future_chain(product)

    assert denied.value.reason is Reason.INVALID_ARGUMENT
    assert desk.asked(CHAIN) == []
