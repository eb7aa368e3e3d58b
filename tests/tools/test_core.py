"""The core of the server as a client meets it, in both protocol eras."""

import json
import logging
from typing import Any

import anyio
import pytest
from mcp import MCPError
from mcp.types import INVALID_PARAMS

from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.reasons import Reason
from strikedesk.server.access import READS
from strikedesk.server.menu import MenuItem
from strikedesk.server.strict import strict_tool
from strikedesk.settings import Toolset
from tests.tools.core_door import ERAS, CoreDoor, Era, error_of, text_of
from tests.tools.specimens import MISTAKES, OUTSIDE

CALL = "AAPL261218C00200000"
A_LEG = {"symbol": CALL, "action": "buy_to_open", "quantity": 1}

pytestmark = pytest.mark.parametrize("era", ERAS)


async def test_what_clients_really_send_is_understood(era: Era) -> None:
    """A list as JSON text, numbers as texts, a flag as a word."""
    result = await CoreDoor().call(
        "echo",
        era=era,
        symbols=f'["AAPL", "{CALL}"]',
        legs=json.dumps([A_LEG]),
        quantity="3",
        price="1.20",
        day="2026-12-18",
        urgent="true",
    )

    assert result.structured_content == {
        "symbols": ["AAPL", CALL],
        "caller": "stdio",
        "rest": {
            "legs": [CALL],
            "quantity": 3,
            "price": 1.2,
            "day": "2026-12-18",
            "urgent": True,
            "note": "-",
        },
    }


async def test_the_text_says_what_the_structure_says_and_is_sent_once(era: Era) -> None:
    """The SDK's own way sends the data twice, indented."""
    result = await CoreDoor().call("echo", era=era, symbols="AAPL")

    assert json.loads(text_of(result)) == result.structured_content
    assert "\n" not in text_of(result)


async def test_the_text_null_is_a_text(era: Era) -> None:
    """The SDK's own reading tries every text as JSON first, and makes nothing of this one."""
    result = await CoreDoor().call("echo", era=era, symbols="AAPL", note="null")

    assert result.structured_content is not None
    assert result.structured_content["rest"]["note"] == "null"


@pytest.mark.parametrize(
    ("arguments", "facts"),
    [
        (
            {"symbols": "AAPL", "limt_price": 1},
            {
                "argument": "limt_price",
                "problem": "unknown",
                "allowed": "symbols, legs, quantity, price, day, urgent, note",
            },
        ),
        (
            {"symbols": "AAPL", "Zk39vQx7Lw0pYt58rB2nM4": 1},
            {
                "argument": "not a name",
                "problem": "unknown",
                "allowed": "symbols, legs, quantity, price, day, urgent, note",
            },
        ),
        ({}, {"argument": "symbols", "problem": "missing"}),
        (
            {"symbols": "AAPL", "quantity": True},
            {
                "argument": "quantity",
                "allowed": "a whole number from 1 to 1000000",
                "given": "a boolean",
            },
        ),
        (
            {"symbols": "AAPL", "urgent": "yes"},
            {"argument": "urgent", "allowed": "true or false", "given": "a text"},
        ),
    ],
)
async def test_a_bad_argument_is_refused_by_name(
    era: Era, arguments: dict[str, Any], facts: dict[str, Any]
) -> None:
    """A typing error that is dropped loses a limit; one that is quoted back can carry anything."""
    async with CoreDoor().client(era) as client:
        result = await client.call_tool("echo", arguments)

    assert result.is_error
    assert error_of(result)["facts"] == facts
    assert error_of(result).keys() == {
        "code", "reason", "facts", "retryable", "next_step",
    }  # fmt: skip


@pytest.mark.promise("quiet")
@pytest.mark.parametrize("value", [10**400, "9" * 400, "x" * 1_000_000, OUTSIDE])
async def test_what_was_given_is_not_quoted_back(era: Era, value: object) -> None:
    """Neither pydantic's text, nor its link, nor the value."""
    result = await CoreDoor().call("echo", era=era, symbols="AAPL", quantity=value)

    assert text_of(result) == (
        "2006 INVALID_QUANTITY: argument=quantity, allowed=a whole number from 1 to 1000000, "
        f"given={'a number' if isinstance(value, int | float) else 'a text'}. "
        "A quantity is a whole number, 1 or more."
    )


@pytest.mark.promise("quiet")
async def test_a_crash_tells_the_model_nothing_but_the_tool_and_the_incident(
    era: Era, caplog: pytest.LogCaptureFixture
) -> None:
    """Exception text can carry secrets or injected prose; the log has it, under the incident."""
    door = CoreDoor()

    with caplog.at_level(logging.ERROR):
        result = await door.call("crash", era=era)

    assert result.is_error
    assert text_of(result) == (
        "5012 DESK_FAULT: where=crash, incident=incident-1. "
        "Tell the owner: the log has the incident. See list_orders before a retry."
    )
    assert [record.message for record in caplog.records] == ["incident incident-1 in crash"]
    assert "hunter2" in caplog.text


async def test_an_error_of_the_desk_reaches_the_model_with_its_figures(era: Era) -> None:
    result = await CoreDoor().call("fail", era=era, how="denied")

    assert result.is_error
    assert text_of(result) == (
        "2102 LOSS_ABOVE_LIMIT: loss=380, limit=100. "
        "Choose a smaller or narrower order, or ask the owner."
    )
    assert error_of(result) == {
        "code": 2102,
        "reason": "LOSS_ABOVE_LIMIT",
        "facts": {"loss": 380, "limit": 100},
        "retryable": False,
        "next_step": "Choose a smaller or narrower order, or ask the owner.",
    }


async def test_an_unknown_outcome_names_the_one_handle_there_is(era: Era) -> None:
    result = await CoreDoor().call("fail", era=era, how="unknown")

    assert text_of(result).startswith("4003 OUTCOME_UNKNOWN: client_order_id=sd-0001. Do not send")


async def test_what_only_the_owner_can_mend_is_still_told_to_the_model(era: Era) -> None:
    """The server stays up, and the model can tell a person what to do."""
    result = await CoreDoor().call("fail", era=era, how="misconfigured")

    assert result.is_error
    assert "strikedesk doctor" in text_of(result)


@pytest.mark.promise("quiet")
async def test_a_fact_made_of_an_input_is_bounded_and_cleaned(era: Era) -> None:
    result = await CoreDoor().call("fail", era=era, how="hostile")

    assert len(text_of(result)) < 400
    assert text_of(result).isprintable()


async def test_a_tool_that_is_not_served_is_named_back_safely(era: Era) -> None:
    async with CoreDoor().client(era) as client:
        result = await client.call_tool("no\u202ep" + "x" * 9000, {})

    assert result.is_error
    assert text_of(result).startswith("1005 TOOL_NOT_SERVED: tool=nopxxx")
    assert len(text_of(result)) < 200


async def test_no_number_is_no_number(era: Era) -> None:
    """NaN is no JSON; the SDK's client would drop the whole answer."""
    result = await CoreDoor().call("numbers", era=era)

    assert text_of(result) == '{"iv":null,"delta":null}'
    assert result.structured_content == {"iv": None, "delta": None}


async def test_rows_come_with_their_columns_once_and_what_is_left(era: Era) -> None:
    result = await CoreDoor().call("rows", era=era)
    content = result.structured_content

    assert content is not None
    assert content["columns"] == ["symbol", "volume", "bid"]
    assert content["rows"][1] == ["AAPL001", 1, 1 / 7]
    assert (content["total"], content["returned"], content["next_page"]) == (133, 100, 2)
    assert len(text_of(result)) < 4_000


async def test_a_call_that_the_client_gives_up_does_not_stop_the_server(era: Era) -> None:
    """Cancelling is the client's right; the next call must find the server as it was."""
    door = CoreDoor()

    async with door.client(era) as client:
        with anyio.move_on_after(0.05):
            await client.call_tool("wait", {})
        result = await client.call_tool("echo", {"symbols": "AAPL"})

    assert not result.is_error


async def test_documents_and_prompts_that_are_not_there_are_refused_in_our_words(era: Era) -> None:
    """The SDK would answer `Internal server error`, and in the older era with code 0."""
    async with CoreDoor().client(era) as client:
        with pytest.raises(MCPError) as prompt:
            await client.get_prompt("nope", {})
        with pytest.raises(MCPError) as document:
            await client.read_resource("strikedesk://nope" + "x" * 9000)

    for error in (prompt.value, document.value):
        assert error.code == INVALID_PARAMS
        assert error.message.startswith("2003 INVALID_ARGUMENT: argument=")
        assert len(error.message) < 500
        assert "'reason': 'INVALID_ARGUMENT'" in str(error.data)


async def test_the_desk_is_not_opened_to_say_what_there_is(era: Era) -> None:
    """A database that cannot be read must not keep the tools from being listed."""
    door = CoreDoor()
    door.desk.fails_with = Misconfigured(Reason.DATABASE_UNREADABLE)

    async with door.client(era) as client:
        await client.list_tools()
        await client.list_prompts()
        await client.list_resources()

    assert door.desk.opened == 0


async def test_every_connection_stands_at_one_desk(era: Era) -> None:
    """SSE enters the lifespan for each connection: it may only hand the desk out."""
    door = CoreDoor(items=None)

    for _ in range(3):
        await door.call("get_safety_status", era=era)

    assert (door.desk.opened, door.desk.closed) == (1, 0)


@pytest.mark.parametrize("said", MISTAKES)
async def test_a_tool_that_breaks_the_house_rules_cannot_be_built(era: Era, said: str) -> None:
    """A plain `int` would take true for 1; the mistake shows at the first list, in every test."""
    with pytest.raises(TypeError, match=said):
        strict_tool(MenuItem(MISTAKES[said], Toolset.MARKET, READS))


async def test_a_stranger_without_a_token_is_not_the_owner(era: Era) -> None:
    """Where a token should have been checked and was not, the answer is no."""
    result = await CoreDoor(network=True).call("echo", era=era, symbols="AAPL")

    assert result.is_error
    assert text_of(result).startswith("1001 AUTHENTICATION_FAILED")


async def test_the_error_of_a_desk_that_cannot_be_opened_is_told(era: Era) -> None:
    door = CoreDoor(items=None)
    door.desk.fails_with = Misconfigured(Reason.DATABASE_NEWER, found=9, known=4)

    result = await door.call("get_market_hours", era=era)

    assert text_of(result) == (
        "5007 DATABASE_NEWER: found=9, known=4. "
        "A newer strikedesk wrote this database. Upgrade this program."
    )
