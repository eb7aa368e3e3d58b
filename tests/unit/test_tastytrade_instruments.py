"""Single instruments at tastytrade, by kind, as the desk reads them."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from strikedesk.domain.errors import Denied
from strikedesk.domain.instruments import Instrument, Step
from strikedesk.domain.reasons import Reason
from tests.fakes.loopback import told
from tests.unit.tastytrade_desk import Desk, a_desk

ENDS = {"stops-trading-at": "2026-12-18T14:30:00.000+00:00"}
ENDS_AT = datetime(2026, 12, 18, 14, 30, tzinfo=UTC)
STEPS = [{"threshold": "3.0", "value": "0.01"}, {"value": "0.05"}]
READ_STEPS = (Step(size=Decimal("0.01"), below=Decimal("3.0")), Step(size=Decimal("0.05")))


@pytest.fixture
async def desk() -> AsyncGenerator[Desk]:
    async with a_desk() as desk:
        yield desk


async def read(desk: Desk, name: str, path: str, **record: Any) -> Instrument:
    fields = {key.replace("_", "-"): value for key, value in record.items()}
    desk.answers(f"/instruments/{path}", told({"data": fields | ENDS}))
    return await desk.broker.instrument(name)


async def test_a_share_is_told_with_what_it_costs_to_borrow(desk: Desk) -> None:
    """The broker's spelling of a class has a slash, which is part of the name."""
    share = await read(
        desk,
        " brk.b",
        "equities/BRK%2FB",
        description="BERKSHIRE HATHAWAY <b>\u202e",
        lendability="Locate Required",
        borrow_rate="0.25",
        is_closing_only=False,
        is_fractional_quantity_eligible=True,
        overnight_trading_permitted=False,
        tick_sizes=[{"threshold": "1.0", "value": "0.0001"}, {"value": "0.01"}],
        option_tick_sizes=STEPS,
        halted_at="2026-11-20T15:00:00.000+00:00",
    )

    assert share == Instrument(
        symbol="BRK/B",
        kind="equity",
        description="BERKSHIRE HATHAWAY b",
        multiplier=Decimal(1),
        steps=(Step(size=Decimal("0.0001"), below=Decimal("1.0")), Step(size=Decimal("0.01"))),
        option_steps=READ_STEPS,
        ends_at=ENDS_AT,
        closing_only=False,
        halted=True,
        fractions=True,
        overnight=False,
        lendability="Locate Required",
        borrow_rate=Decimal("0.25"),
    )


@pytest.mark.parametrize(
    ("flag", "kind", "multiplier"), [("is_index", "index", None), ("is_etf", "etf", 1)]
)
async def test_an_index_and_a_fund_are_told_apart_from_shares(
    desk: Desk, flag: str, kind: str, multiplier: int | None
) -> None:
    """Nobody can buy an index: no point of it is worth anything."""
    found = await read(desk, "SPX", "equities/SPX", **{flag: True})

    assert (found.kind, found.multiplier) == (kind, multiplier)


async def test_a_contract_is_told_with_its_terms(desk: Desk) -> None:
    option = await read(
        desk,
        "AAPL 2026-06-18 200 C",
        "equity-options/AAPL%20%20260618C00200000",
        underlying_symbol="AAPL",
        exercise_style="American",
        settlement_type="PM",
        shares_per_contract=100,
    )

    assert (option.kind, option.multiplier, option.underlying) == ("option", 100, "AAPL")
    assert (option.style, option.settlement) == ("american", "PM")


@pytest.mark.parametrize(
    ("name", "path", "record", "expected"),
    [
        ("/ESZ6", "futures/%2FESZ6", {"notional_multiplier": "50.0"}, ("future", 50)),
        (
            "./esz6 esz6  261218p6300",
            "future-options/.%2FESZ6%20ESZ6%20%20261218P6300",
            {"notional_value": "0.5", "display_factor": "0.01"},
            ("future_option", 50),
        ),
        ("BTC/USD", "cryptocurrencies/BTC%2FUSD", {}, ("cryptocurrency", 1)),
    ],
)
async def test_a_future_an_option_on_one_and_a_coin_are_told_though_nothing_here_trades_them(
    desk: Desk, name: str, path: str, record: dict[str, Any], expected: tuple[str, int]
) -> None:
    found = await read(desk, name, path, tick_size="0.25", **record)

    assert (found.symbol, found.kind, found.multiplier) == (name.upper(), *expected)
    assert found.steps == (Step(size=Decimal("0.25")),)


@pytest.mark.parametrize(
    "record",
    [
        {"notional_value": "0.5", "display_factor": "0.0"},
        {"notional_value": "0.5"},
        {"display_factor": "0.01"},
        {"notional_value": "NaN", "display_factor": "0.01"},
    ],
)
async def test_what_a_point_is_worth_is_unknown_rather_than_guessed(
    desk: Desk, record: dict[str, Any]
) -> None:
    path = "future-options/.%2FESZ6%20ESZ6%20%20261218P6300"
    option = await read(desk, "./ESZ6 ESZ6  261218P6300", path, **record)

    assert option.multiplier is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("ZZZZ", Reason.SYMBOL_NOT_FOUND),
        ("/ESZ9", Reason.SYMBOL_NOT_FOUND),
        ("AAPL 2026-06-18 200 C", Reason.CONTRACT_NOT_FOUND),
        ("what is it", Reason.INVALID_SYMBOL),
    ],
)
async def test_what_the_broker_has_no_record_of_is_refused_by_what_it_is(
    desk: Desk, name: str, reason: Reason
) -> None:
    with pytest.raises(Denied) as denied:
        await desk.broker.instrument(name)

    assert denied.value.reason is reason
