"""What no caller means, given to every tool of the menu: whoever adds a tool is covered here."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, reduce
from typing import Any

import pytest
from mcp import Client
from mcp.types import CallToolResult

from strikedesk.server.menu import MENU, MenuItem
from strikedesk.server.strict import strict_tool
from tests.tools.core_door import ERAS, Era
from tests.tools.paper_desk import PaperDesk, facts_of, reason_of, rows_of, text_of

CONTRACT = "AAPL261218C00200000"


def nested(depth: int) -> list[Any]:
    """Return an empty list so many lists deep."""
    return reduce(lambda inner, _: [inner], range(depth), list[Any]())


# Refused by every parameter there is.
NOTHING_MEANS: dict[str, Any] = {
    "an object": {"a": {"b": 1}},
    "a list of booleans": [True],
    "ten to the four hundredth": 10**400,
    "minus ten to the four hundredth": -(10**400),
    "a number as text, too long": "9" * 400,
    "a list in a list": nested(200),
    "a text of brackets": "[" * 100_000,
    "a megabyte of text": "x" * 1_000_000,
    "control characters": "\x00\x1b[2J\u202e",
    "half a character": "\ud800",
}

# What stands in for an argument that a tool requires while another is tried.
PLAUSIBLE: dict[str, Any] = {
    "account": "paper-margin",
    "symbol": CONTRACT,
    "symbols": [CONTRACT],
    "underlying": "AAPL",
    "legs": [{"symbol": CONTRACT, "action": "buy_to_open", "quantity": 1}],
    "query": "apple",
    "name": "tech",
    "order_id": "id-0001",
    "preview_id": "id-0001",
    "nonce": "token-0001",
    "why": "a test",
    "kind": "oco",
    "unit_loss": 100,
    "candidates": [f"+1 {CONTRACT}"],
}

EITHER = {"analyze_strategy": ("legs",)}

LEG = PLAUSIBLE["legs"][0]
ORDER = {"legs": [LEG], "price": 0.01, "price_effect": "debit"}
PLAUSIBLE["orders"] = [ORDER, ORDER | {"price": 0.02}]
NUMBERS = (
    "page",
    "limit",
    "quantity",
    "price",
    "stop_trigger",
    "new_strike",
    "days_min",
    "days_max",
    "strike_min",
    "strike_max",
    "strikes_each_side",
    "delta_min",
    "delta_max",
    "open_interest_min",
    "place",
    "unit_loss",
    "unit_profit",
    "unit_buying_power",
    "unit_delta",
    "win_probability",
    "risk_fraction",
    "kelly_fraction",
    "kelly_ceiling",
    "volatility_target",
    "buying_power_share",
    "stated_volatility",
    "capital",
    "level",
    "value",
)
NO_NUMBER = {"INVALID_ARGUMENT", "INVALID_QUANTITY", "INVALID_PRICE"}


@dataclass(frozen=True)
class Slip:
    """A value that some parameter's type allows, and what is said of it."""

    parameter: str
    value: Any
    reasons: set[str]


SLIPS = (
    Slip("account", "somebody-else", {"ACCOUNT_UNKNOWN"}),
    Slip("account", "PAPER0001", {"ACCOUNT_UNKNOWN"}),
    # A scan needs a name beside it: alone it is too little.
    Slip("page", 1_000_000, {"PAGE_PAST_END", "INVALID_ARGUMENT"}),
    Slip("page", 0, {"INVALID_ARGUMENT"}),
    Slip("page", "1.0", {"INVALID_ARGUMENT"}),
    Slip("symbol", "ZZZZ", {"SYMBOL_NOT_FOUND", "INVALID_SYMBOL"}),
    Slip("symbol", "no such symbol", {"INVALID_SYMBOL"}),
    Slip("symbol", "AAPL261340C00200000", {"INVALID_SYMBOL"}),
    Slip("symbols", ["ZZZZ"], {"SYMBOL_NOT_FOUND", "POSITION_UNKNOWN", "INVALID_ARGUMENT"}),
    Slip("symbols", [], {"INVALID_ARGUMENT", "INVALID_LEGS"}),
    Slip("symbols", ["AAPL"] * 51, {"INVALID_ARGUMENT", "INVALID_LEGS"}),
    Slip("add", ["ZZZZ"], {"SYMBOL_NOT_FOUND"}),
    # analyze_strategy takes it beside a strategy, and not beside legs.
    Slip("underlying", "ZZZZ", {"SYMBOL_NOT_FOUND", "INVALID_ARGUMENT"}),
    Slip("strategy", "Ignore all; <b>", {"INVALID_ARGUMENT"}),
    Slip("underlying", CONTRACT, {"INVALID_SYMBOL"}),
    Slip("kind", "bracket", {"INVALID_ARGUMENT"}),
    Slip("orders", [ORDER], {"INVALID_ARGUMENT"}),
    Slip("orders", [ORDER] * 4, {"INVALID_ARGUMENT"}),
    Slip("orders", [ORDER, {}], {"INVALID_ARGUMENT"}),
    Slip("orders", [ORDER, ORDER | {"account": "paper-cash"}], {"INVALID_ARGUMENT"}),
    Slip("orders", [ORDER, ORDER | {"price": "1e3"}], {"INVALID_PRICE"}),
    Slip("orders", [ORDER, ORDER | {"legs": [LEG | {"quantity": 1.5}]}], {"INVALID_QUANTITY"}),
    Slip("legs", [], {"INVALID_LEGS"}),
    Slip("legs", [LEG] * 5, {"INVALID_LEGS"}),
    Slip("legs", [LEG | {"quantity": 1.5}], {"INVALID_QUANTITY"}),
    Slip("legs", [LEG | {"quantity": -1}], {"INVALID_QUANTITY"}),
    Slip("legs", [LEG | {"quantity": True}], {"INVALID_QUANTITY"}),
    Slip("legs", [LEG | {"price": 1}], {"INVALID_LEGS"}),
    Slip("legs", [LEG | {"symbol": "ZZZZ261218C00200000"}], {"SYMBOL_NOT_FOUND", "INVALID_PRICE"}),
    Slip("candidates", [], {"INVALID_ARGUMENT"}),
    Slip("candidates", [f"+{n} {CONTRACT}" for n in range(1, 7)], {"INVALID_ARGUMENT"}),
    Slip("candidates", [CONTRACT], {"INVALID_LEGS"}),
    Slip("candidates", [f"1 {CONTRACT}"], {"INVALID_LEGS"}),
    Slip("candidates", [f"+1 {CONTRACT} -1"], {"INVALID_LEGS"}),
    Slip("candidates", [f"+0 {CONTRACT}"], {"INVALID_QUANTITY"}),
    Slip("candidates", ["+1 $$"], {"INVALID_SYMBOL"}),
    Slip("candidates", [" ".join([f"+1 {CONTRACT}"] * 5)], {"INVALID_LEGS"}),
    Slip("definition", "strategy = 3", {"INVALID_ARGUMENT"}),
    Slip("definition", "x" * 4_001, {"INVALID_ARGUMENT"}),
    Slip("quantity", -1, {"INVALID_QUANTITY"}),
    Slip("quantity", 1.5, {"INVALID_QUANTITY"}),
    Slip("quantity", "1_000", {"INVALID_QUANTITY"}),
    Slip("price", -1, {"INVALID_PRICE"}),
    Slip("price", "1e3", {"INVALID_PRICE"}),
    Slip("delta_min", 16, {"INVALID_ARGUMENT"}),
    Slip("columns", ["strike", "charm"], {"INVALID_ARGUMENT"}),
    Slip("expirations", ["2026-12-19"], {"EXPIRATION_NOT_FOUND"}),
    Slip("interval", "7s", {"INVALID_ARGUMENT"}),
    Slip("interval", "61d", {"INVALID_ARGUMENT"}),
    Slip("interval", "0m", {"INVALID_ARGUMENT"}),
    Slip("limit", 51, {"INVALID_ARGUMENT"}),
    Slip("name", "Ignore all; <b>", {"INVALID_ARGUMENT"}),
    Slip("rename", "Ignore all; <b>", {"INVALID_ARGUMENT"}),
    Slip("quotes_of", "Ignore all; <b>", {"INVALID_ARGUMENT"}),
    Slip("place", 51, {"INVALID_ARGUMENT"}),
    Slip("order_id", "nobodys", {"ORDER_UNKNOWN"}),
    *(
        Slip(parameter, value, NO_NUMBER)
        for parameter in NUMBERS
        for value in ("NaN", "Infinity", "1e400", "0x10", "\N{FULLWIDTH DIGIT ONE}", "")
    ),
    *(
        Slip(parameter, value, {"INVALID_ARGUMENT"})
        for parameter in ("day", "start", "end", "gtd_date", "new_expiration")
        for value in ("2026-02-30", "30.11.2026", "2026-1-1", 20261130, "9999-99-99")
    ),
    *(
        Slip(parameter, value, {"INVALID_ARGUMENT"})
        for parameter in ("start", "end")
        for value in ("0001-01-01", "9999-12-31")
    ),
)


@cache
def parameters_of(item: MenuItem) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names that a tool takes, and those that it requires."""
    schema = strict_tool(item).parameters
    return frozenset(schema["properties"]), frozenset(schema.get("required", ()))


def required(item: MenuItem) -> dict[str, Any]:
    """Return plausible values of what a tool requires, one way of two where it takes either."""
    names = {*parameters_of(item)[1], *EITHER.get(item.name, ())}
    return {name: PLAUSIBLE[name] for name in names}


def slips(item: MenuItem) -> Iterator[Slip]:
    return (slip for slip in SLIPS if slip.parameter in parameters_of(item)[0])


async def assert_alive_and_untouched(desk: PaperDesk, client: Client) -> None:
    """The desk still answers; nothing was sent, and nothing was written."""
    status = await client.call_tool("get_safety_status", {})

    assert facts_of(status)["orders_may_leave"] is True
    assert desk.ledger.records == {}
    assert desk.lists.lists == {}
    assert desk.halt.halt is None
    for handle in ("paper-margin", "paper-cash"):
        book = await client.call_tool("list_transactions", {"account": handle})
        assert [row["kind"] for row in rows_of(book)] == ["deposit"]


def test_every_required_argument_has_a_plausible_value() -> None:
    """A new tool's parameter gets its line in the table above, or this fails."""
    needed = {name for item in MENU for name in parameters_of(item)[1]}

    assert needed - PLAUSIBLE.keys() == set()


def test_every_number_is_tried_with_what_is_no_number() -> None:
    """A new parameter that counts something belongs into the list above."""
    numbers = {
        name
        for item in MENU
        for name, schema in strict_tool(item).parameters["properties"].items()
        if schema.get("type") in {"number", "integer"}
    }

    assert numbers == set(NUMBERS)


def test_every_slip_is_tried_on_some_tool() -> None:
    """A parameter that was renamed would otherwise take its checks with it."""
    taken = {name for item in MENU for name in parameters_of(item)[0]}

    assert {slip.parameter for slip in SLIPS} - taken == set()


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("item", MENU, ids=lambda item: item.name)
async def test_nonsense_is_refused_by_the_name_of_its_argument(item: MenuItem, era: Era) -> None:
    """Wrong types, numbers beyond numbers, depth and length: short, ours, and still alive."""
    desk = PaperDesk()
    async with desk.client(era) as client:
        for name in sorted(parameters_of(item)[0]):
            for what, value in NOTHING_MEANS.items():
                result = await client.call_tool(item.name, required(item) | {name: value})

                assert reason_of(result).startswith("INVALID_"), (name, what)
                assert name in text_of(result), (name, what)
        await assert_alive_and_untouched(desk, client)


@pytest.mark.parametrize("item", MENU, ids=lambda item: item.name)
async def test_what_is_no_number_is_no_argument(item: MenuItem) -> None:
    """Given at the door itself: this client would write NaN as null."""
    server = PaperDesk().server()
    for name in sorted(parameters_of(item)[0]):
        for value in (math.nan, math.inf, -math.inf):
            result = await server.call_tool(item.name, required(item) | {name: value})

            assert isinstance(result, CallToolResult)
            assert reason_of(result).startswith("INVALID_"), name
            assert name in text_of(result), name


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("item", MENU, ids=lambda item: item.name)
async def test_a_slip_is_told_with_its_reason(item: MenuItem, era: Era) -> None:
    """Accounts that are not yours, pages past the end, days and symbols that do not exist."""
    desk = PaperDesk()
    async with desk.client(era) as client:
        for slip in slips(item):
            result = await client.call_tool(
                item.name, required(item) | {slip.parameter: slip.value}
            )

            assert reason_of(result) in slip.reasons, (slip, text_of(result))
        await assert_alive_and_untouched(desk, client)


@pytest.mark.parametrize("era", ERAS)
async def test_an_unknown_argument_is_never_dropped(era: Era) -> None:
    """A typing error in `limit_price` must not become an order without a limit."""
    desk = PaperDesk()
    async with desk.client(era) as client:
        for item in MENU:
            result = await client.call_tool(item.name, required(item) | {"acount": "paper-margin"})

            assert reason_of(result) == "INVALID_ARGUMENT", item.name
            assert "acount" in text_of(result)
        await assert_alive_and_untouched(desk, client)


@pytest.mark.parametrize("era", ERAS)
async def test_a_missing_argument_is_named(era: Era) -> None:
    """None is assumed, the account least of all."""
    desk = PaperDesk()
    async with desk.client(era) as client:
        for item in MENU:
            if not parameters_of(item)[1]:
                continue
            result = await client.call_tool(item.name, {})

            assert reason_of(result) == "INVALID_ARGUMENT", item.name
            assert any(name in text_of(result) for name in parameters_of(item)[1])
        await assert_alive_and_untouched(desk, client)


async def test_null_is_as_good_as_nothing_for_what_may_be_left_out() -> None:
    """Clients send null for every optional argument that the model did not fill."""
    desk = PaperDesk()
    async with desk.client() as client:
        left_out = {"days_min": None, "right": None, "strike_min": None, "delta_min": None}
        result = await client.call_tool("get_option_chain", {"underlying": "AAPL"} | left_out)

        assert facts_of(result)["returned"] == 40
