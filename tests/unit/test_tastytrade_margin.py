"""What tastytrade asks for what an account holds, as the desk reads it."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from strikedesk.domain.errors import Denied, Unavailable
from strikedesk.domain.margin import MarginGroup, MarginRates
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol
from tests.builders import NOON
from tests.fakes.loopback import told
from tests.unit.tastytrade_desk import NUMBER, Desk, a_desk

HELD = f"/margin/accounts/{NUMBER}/requirements"
CONFIGURATION = "/margin-requirements-public-configuration"
RATES = f"/accounts/{NUMBER}/margin-requirements/BRK%2FB/effective"


@pytest.fixture
async def desk() -> AsyncGenerator[Desk]:
    async with a_desk() as desk:
        yield desk


def asked(first: object, then: object, effect: object = "Debit", **more: Any) -> dict[str, Any]:
    return {
        "margin-requirement": first,
        "margin-requirement-effect": effect,
        "maintenance-requirement": then,
        "maintenance-requirement-effect": effect,
    } | more


async def test_a_requirement_is_told_by_underlying_and_in_all(desk: Desk) -> None:
    """What the broker credits lowers what is asked for; groups come by name."""
    groups = [
        asked("325.0", "162.5", **{"underlying-symbol": "UA", "code": "UA"}),
        asked("10.0", "10.0", "Credit", **{"underlying-symbol": "AAPL"}),
        {},
    ]
    whole = asked("315.0", "152.5", groups=groups, **{"last-state-timestamp": 1690830411014})
    desk.answers(HELD, told({"data": whole}))

    held = await desk.broker.margin_held(desk.account_id)

    assert (held.initial, held.maintenance) == (Decimal("315.0"), Decimal("152.5"))
    assert held.as_of == datetime(2023, 7, 31, 19, 6, 51, 14_000, tzinfo=UTC)
    assert held.groups == (
        MarginGroup(underlying="AAPL", initial=Decimal("-10.0"), maintenance=Decimal("-10.0")),
        MarginGroup(underlying="UA", initial=Decimal("325.0"), maintenance=Decimal("162.5")),
    )
    assert NUMBER not in repr(held)


@pytest.mark.parametrize(
    "odd",
    [
        asked("NaN", None),
        asked("5.0", "5.0", None),
        asked("5.0", "5.0", "Sideways"),
        asked([1], {"a": 1}),
        {"underlying-symbol": "AAPL"},
    ],
)
async def test_a_requirement_that_cannot_be_read_is_unknown_and_no_zero(
    desk: Desk, odd: dict[str, Any]
) -> None:
    """A group whose figures are odd is still a group: its underlying does ask for something."""
    desk.answers(HELD, told({"data": odd | {"groups": [odd | {"code": "AAPL"}]}}))

    held = await desk.broker.margin_held(desk.account_id)

    assert (held.initial, held.maintenance, held.as_of) == (None, None, NOON)
    assert held.groups == (MarginGroup(underlying="AAPL"),)


@pytest.mark.parametrize(
    ("written", "read"),
    [("/ESZ6", "/ESZ6"), ("\u202eA\nAPL<b>", "AAPL"), ("X" * 99, "X" * 16), (None, "?"), ([], "?")],
)
async def test_the_name_of_a_group_is_short_and_plain(
    desk: Desk, written: object, read: str
) -> None:
    """It comes from outside, and ends in a tool's answer."""
    group = asked("1.0", "1.0", **{"underlying-symbol": written})
    desk.answers(HELD, told({"data": asked("1.0", "1.0", groups=[group])}))

    (told_group,) = (await desk.broker.margin_held(desk.account_id)).groups

    assert told_group.underlying == read


async def test_rates_are_read_by_the_brokers_spelling_of_the_symbol(desk: Desk) -> None:
    rates = {"long-equity-initial": "0.5", "naked-option-floor": "250.0", "is-deleted": False}
    desk.answers(RATES, told({"data": rates | {"short-equity-initial": "NaN"}}))

    found = await desk.broker.margin_rates(desk.account_id, EquitySymbol("BRK.B"))

    assert found == MarginRates(
        underlying="BRK.B", long_initial=Decimal("0.5"), naked_floor=Decimal("250.0")
    )


async def test_what_the_broker_does_not_tell_is_an_error_and_no_empty_answer(desk: Desk) -> None:
    """An account that asks for nothing and one of which nobody knows are two things."""
    desk.answers(HELD, told({"data": {"groups": None}}), told({}, status=403))
    desk.answers(RATES, told({}, status=404))

    with pytest.raises(Unavailable):
        await desk.broker.margin_held(desk.account_id)
    with pytest.raises(Denied):
        await desk.broker.margin_held(desk.account_id)
    with pytest.raises(Denied) as unlisted:
        await desk.broker.margin_rates(desk.account_id, EquitySymbol("BRK.B"))
    assert unlisted.value.reason is Reason.SYMBOL_NOT_FOUND


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("0.0025", Decimal("0.0025")),
        ("-0.001", Decimal("-0.001")),
        ("4.25", None),
        ("NaN", None),
        (None, None),
        (True, None),
        ([], None),
        ("", None),
    ],
)
async def test_a_rate_that_is_no_fraction_of_a_year_is_unknown(
    desk: Desk, written: object, read: Decimal | None
) -> None:
    """Whether 4.25 would be percents nobody says."""
    desk.answers(CONFIGURATION, told({"data": {"risk-free-rate": written}}))

    assert await desk.broker.risk_free_rate() == read


async def test_a_broker_that_tells_no_rate_leaves_it_unknown(desk: Desk) -> None:
    desk.answers(CONFIGURATION, told({}, status=404))

    assert await desk.broker.risk_free_rate() is None
