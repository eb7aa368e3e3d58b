"""What a model asks first and when it was refused, and the one thing it may do without asking."""

from decimal import Decimal
from typing import Any

import pytest

from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.money import PriceEffect
from strikedesk.domain.orders import OrderType
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.orders.draft import Draft
from tests.builders import NOON, a_leg, an_order_record
from tests.fakes.broker import ACCOUNT, Day
from tests.tools.core_door import ERAS, CoreDoor, Era
from tests.tools.paper_desk import PaperDesk, ask_of, facts_of, reason_of
from tests.tools.web_door import READER, client_of, listening, web_door

ORDER: dict[str, Any] = {
    "account": "paper-margin",
    "legs": [{"symbol": "AAPL261218C00200000", "action": "buy_to_open", "quantity": 1}],
    "price_effect": "debit",
}


async def asked(door: CoreDoor, era: Era = "auto") -> Any:
    return facts_of(await door.call("get_safety_status", era=era))


async def test_a_sound_desk_says_that_orders_may_leave_and_under_which_limits() -> None:
    async with PaperDesk().client() as client:
        told = facts_of(await client.call_tool("get_safety_status", {}))

    assert (told["orders_may_leave"], told["environment"], told["simulated"]) == (
        True,
        "paper",
        True,
    )
    assert told["limits"]["contracts_max"] == 20
    assert (told["halt"], told["unsettled"], told["problem"]) == (None, [], None)
    assert told["breaker"] == {"failures_in_row": 0, "halts_at": 5}
    assert told["next_step"] == "Nothing to do."


@pytest.mark.parametrize("era", ERAS)
async def test_a_desk_that_cannot_be_opened_says_what_its_owner_has_to_do(era: Era) -> None:
    """A missing credential never stops the start: this is where one learns of it."""
    door = CoreDoor(items=None)
    door.desk.fails_with = Misconfigured(Reason.VAULT_LOCKED, place="os keyring")

    told = await asked(door, era)

    assert told["orders_may_leave"] is False
    assert told["problem"]["reason"] == "VAULT_LOCKED"
    assert told["problem"]["facts"] == {"place": "os keyring"}
    assert told["next_step"] == Reason.VAULT_LOCKED.next_step
    assert (told["environment"], told["simulated"], told["halt"]) == (None, None, None)


async def test_a_read_only_server_says_that_it_is_why_nothing_leaves() -> None:
    """`Nothing to do.` beside `orders_may_leave: false` would send a model in circles."""
    told = await asked(CoreDoor(items=None, said={"read_only": True}))

    assert told["orders_may_leave"] is False
    assert told["next_step"] == (
        "This server is read-only; only the owner can start one that trades."
    )


async def test_a_token_that_may_only_read_is_told_so() -> None:
    door = web_door()
    door.server.toolbox = CoreDoor(items=None, network=True).server.toolbox
    async with listening(door) as address, client_of(address, "http", "auto", READER) as client:
        told = facts_of(await client.call_tool("get_safety_status", {}))

    assert (told["orders_may_leave"], told["caller"]) == (False, "token:reader")
    assert told["next_step"] == (
        "This caller's token may only read; the owner makes one with scope trade."
    )


async def test_orders_in_doubt_are_named() -> None:
    """They must be looked for, never sent again."""
    door = CoreDoor(items=None)
    row = an_order_record(state=OrderState.UNKNOWN)
    door.desk.ledger.records = {row.order_id: row}

    told = await asked(door)

    (doubtful,) = told["unsettled"]
    assert (doubtful["client_order_id"], doubtful["state"]) == ("client-1", "unknown")
    assert told["next_step"].startswith("Do not send these orders again")


@pytest.mark.promise("halt")
@pytest.mark.parametrize("era", ERAS)
async def test_a_halt_stops_a_confirm_and_is_told_to_everybody(era: Era) -> None:
    """From the tool that halts to the broker that hears of nothing."""
    desk = PaperDesk()
    async with desk.client(era) as client:
        price = await ask_of(client, "AAPL261218C00200000")
        shown = facts_of(await client.call_tool("preview_order", ORDER | {"price": price}))
        halted = facts_of(await client.call_tool("halt_trading", {"why": "the owner said stop"}))
        again = facts_of(await client.call_tool("halt_trading", {"why": "another reason"}))
        ticket = {name: shown[name] for name in ("preview_id", "nonce")}
        refused = await client.call_tool("confirm_order", ticket)
        told = facts_of(await client.call_tool("get_safety_status", {}))
        held = facts_of(await client.call_tool("list_positions", {"account": "paper-margin"}))

    assert (halted["halted"], halted["untrusted_why"]) == (True, "the owner said stop")
    assert again["untrusted_why"] == "the owner said stop"
    assert reason_of(refused) == "TRADING_HALTED"
    assert "held_by=switch" in str(refused.content)
    assert told["halt"]["held_by"] == "switch"
    assert told["orders_may_leave"] is False
    assert told["halt"]["untrusted_why"] == "the owner said stop"
    assert told["halt"]["since"] == f"{NOON:%Y-%m-%dT%H:%M:%S}Z"
    assert "strikedesk resume" in told["next_step"]
    assert held["rows"] == []


@pytest.mark.promise("halt")
@pytest.mark.parametrize(("wanted", "taken_back"), [(True, 1), (False, 0)])
async def test_the_tool_takes_back_what_opens_where_the_owner_set_it(
    *, wanted: bool, taken_back: int
) -> None:
    """The model stops; what becomes of the orders at work is the owner's to say."""
    door = CoreDoor(items=None, said={"safety": {"cancel_opening_at_halt": wanted}})
    door.desk.broker.day = Day.WORKING
    desk = await door.desk.desk()
    draft = Draft(
        account=ACCOUNT.handle,
        legs=(a_leg("AAPL261218C00200000"),),
        order_type=OrderType.LIMIT,
        price=Decimal("1.20"),
        price_effect=PriceEffect.DEBIT,
    )
    shown = await desk.previewer.place(draft, caller="stdio")
    row = await desk.confirm(shown.record.preview_id, shown.nonce or "", caller="stdio")
    assert row.state is OrderState.WORKING

    told = facts_of(await door.call("halt_trading", why="the owner said stop"))

    assert (told["halted"], told["orders_taken_back"]) == (True, taken_back)
    assert len(door.desk.broker.tickets) == 1 + taken_back
