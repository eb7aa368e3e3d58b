"""Opening a paper world: the accounts that the owner named, and a stored world's own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from strikedesk.brokers.paper.stepping import Stepper
from strikedesk.domain.accounts import Account, AccountKind, OptionLevel
from strikedesk.domain.broking import CancelTicket, PlaceTicket
from strikedesk.domain.states import OrderState
from strikedesk.exchange.steps import read_step
from strikedesk.settings import load
from strikedesk.wiring import open_desk, open_practice
from tests.unit.exchange_floor import MARGIN, an_order

OWN = """
[paper]
clock = "frozen:2026-11-20T16:00:00Z"
intraday_margin = true

[[paper.accounts]]
handle = "wheel"
kind = "margin"
deposit = 25000.50
level = "covered"

[[paper.accounts]]
handle = "ira"
kind = "ira"
deposit = 7000
"""


PLAIN = '[paper]\nclock = "frozen:2026-11-20T16:00:00Z"\n'


@pytest.fixture
def configure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], object]:
    monkeypatch.setenv("STRIKEDESK_HOME", str(tmp_path))
    return (tmp_path / "config.toml").write_text


async def opened() -> list[tuple[Account, float]]:
    """Return the accounts of the desk that the settings describe, with their cash."""
    async with open_desk(load()) as desk:
        accounts = await desk.books.all()
        balances = [await desk.books.balances(account.handle) for account in accounts]
    return [(a, float(b.cash or 0)) for a, b in zip(accounts, balances, strict=True)]


async def test_a_new_world_has_the_accounts_that_the_owner_named(
    configure: Callable[[str], object],
) -> None:
    configure(OWN)

    found = await opened()

    assert [(a.handle, a.kind, a.option_level, cash) for a, cash in found] == [
        ("wheel", AccountKind.MARGIN, OptionLevel.COVERED, 25_000.5),
        ("ira", AccountKind.IRA, OptionLevel.SPREADS, 7_000),
    ]


async def test_a_stored_world_keeps_the_accounts_that_it_has(
    configure: Callable[[str], object],
) -> None:
    """Whoever names accounts later does not lose what is in the earlier ones."""
    configure(PLAIN)
    before = await opened()
    configure(OWN)

    assert await opened() == before
    assert [a.handle for a, _ in before] == ["paper-margin", "paper-cash", "paper-ira"]


STEPPED = '[paper]\nclock = "stepped:2026-11-20T16:00:00Z"\n'


async def latency() -> int:
    async with open_practice(load()) as practice:
        return (await practice.keeper.snapshot()).world.frame.latency_ms


@pytest.mark.parametrize(("line", "expected"), [("", 0), ("latency_ms = 60000", 60_000)])
async def test_a_new_world_has_the_latency_that_the_owner_set(
    line: str, expected: int, configure: Callable[[str], object]
) -> None:
    configure(STEPPED + line)
    assert await latency() == expected

    configure(STEPPED + "latency_ms = 7")
    assert await latency() == expected, "A world keeps what it was opened with."


async def test_a_cancel_takes_as_long_as_the_latency_says(
    configure: Callable[[str], object],
) -> None:
    """Until it arrives the order stands, to the millisecond."""
    configure(STEPPED + "latency_ms = 60000")
    order = an_order("buy 1 SPY", net="1.00")
    states: list[OrderState] = []

    async with open_practice(load()) as practice:
        broker, stepper = practice.broker, Stepper(keeper=practice.keeper)
        await broker.submit(PlaceTicket(client_order_id="c", order=order))
        (placed,) = await broker.orders(MARGIN)
        order_id = placed.broker_order_id
        await broker.submit(
            CancelTicket(client_order_id="x", account_id=MARGIN, broker_order_id=order_id)
        )
        for step in ("2026-11-20T16:00:59.999+00:00", "2026-11-20T16:01:00+00:00"):
            way = await stepper.begin(read_step(step))
            while not way.done:
                way = await stepper.go_on(way)
            states += [found.state for found in await broker.orders(MARGIN, since=way.began)]

    assert states == [OrderState.CANCEL_PENDING, OrderState.CANCELLED]
