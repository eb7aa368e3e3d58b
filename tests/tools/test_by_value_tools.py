"""An order by an amount of dollars at the door: previewed, sent, told, and sold again."""

from typing import Any

import pytest
from mcp import Client

from tests.tools.core_door import ERAS, Era
from tests.tools.paper_desk import PaperDesk, facts_of, reason_of, rows_of, text_of

ACCOUNT = "paper-margin"
ANSWER_BYTES_MAX = 4_000


def asked(**told: Any) -> dict[str, Any]:
    """Return what an assistant asks for: shares of SPY for 50 dollars, unless told otherwise."""
    plain = {
        "account": ACCOUNT,
        "legs": [{"symbol": "SPY", "action": "buy", "quantity": 1}],
        "order_type": "notional_market",
        "value": 50,
    }
    return plain | told


async def sent(client: Client, **told: Any) -> tuple[Any, Any]:
    """Return a preview, and the order that came of confirming it."""
    shown = await client.call_tool("preview_order", asked(**told))
    assert len(text_of(shown)) <= ANSWER_BYTES_MAX
    preview = facts_of(shown)
    ticket = {name: preview[name] for name in ("preview_id", "nonce")}
    order = facts_of(await client.call_tool("confirm_order", ticket))
    return preview, facts_of(await client.call_tool("get_order", {"order_id": order["order_id"]}))


@pytest.mark.parametrize("era", ERAS)
async def test_an_amount_is_bought_told_and_sold_again(era: Era) -> None:
    async with PaperDesk().client(era) as client:
        preview, order = await sent(client)
        (row,) = rows_of(await client.call_tool("list_orders", {"account": ACCOUNT}))
        held = facts_of(await client.call_tool("list_positions", {"account": ACCOUNT}))
        line, _ = rows_of(await client.call_tool("list_transactions", {"account": ACCOUNT}))
        sale = [{"symbol": "SPY", "action": "sell", "quantity": 1}]
        _, gone = await sent(client, legs=sale, value=20)

    assert (preview["order"]["value"], preview["order"]["in_words"]) == (
        50,
        "buy SPY for 50.00 USD",
    )
    figures = preview["figures"]
    assert (figures["cash_effect"], figures["max_loss"], figures["risk_added"]) == (-50, 50, 50)
    assert preview["checks"]["shares"]["shares"] == 1
    assert "spread" in preview["checks"]["price_collar"]
    assert (order["state"], order["filled"], order["of"]) == ("filled", 1, 1)
    assert row["legs"] == "+50.00 USD of SPY"
    (part,) = held["untraded"]["rows"]
    assert part[:2] == ["SPY", "fraction_of_a_share"]
    assert order["shares_about"] == part[2] == line["quantity"]
    assert (gone["state"], gone["order"]["in_words"]) == ("filled", "sell SPY for 20.00 USD")


@pytest.mark.parametrize(
    ("told", "reason", "words"),
    [
        ({"value": None}, "INVALID_ORDER", "notional_market with value in USD and quantity 1"),
        ({"order_type": "market"}, "INVALID_ORDER", "or a quantity and no value"),
        (
            {"legs": [{"symbol": "SPY", "action": "buy", "quantity": 2}]},
            "INVALID_QUANTITY",
            "notional_market with value in USD and quantity 1",
        ),
        ({"value": 4.99}, "INVALID_ARGUMENT", "from 5 to 1000000"),
        ({"value": "50.001"}, "INVALID_ORDER", "value_is_to_the_cent"),
        ({"value": "NaN"}, "INVALID_ARGUMENT", "argument=value"),
        ({"price": 600, "price_effect": "debit"}, "INVALID_PRICE", "price_goes_with_limit_orders"),
        ({"time_in_force": "ioc"}, "INVALID_TIME_IN_FORCE", "for_the_day"),
        (
            {"legs": [{"symbol": "SPY", "action": "sell", "quantity": 1}]},
            "CLOSE_EXCEEDS_POSITION",
            "held=0",
        ),
        (
            {"legs": [{"symbol": "SPY261218C00600000", "action": "buy_to_open", "quantity": 1}]},
            "INVALID_LEGS",
            "an_order_by_value_is_one_leg_of_shares",
        ),
    ],
)
async def test_what_an_amount_cannot_be_is_refused_with_what_to_do(
    told: dict[str, Any], reason: str, words: str
) -> None:
    async with PaperDesk().client() as client:
        arguments = {name: value for name, value in asked(**told).items() if value is not None}
        refused = await client.call_tool("preview_order", arguments)

    assert reason_of(refused) == reason
    assert words in text_of(refused)


@pytest.mark.parametrize("left_out", ["value", "order_type", "neither"])
async def test_a_group_takes_no_amount(left_out: str) -> None:
    """Whichever half of one is told: to ask for the other half would lead nowhere."""
    entry = {name: value for name, value in asked().items() if name not in {"account", left_out}}
    exits = {
        "legs": [{"symbol": "SPY", "action": "sell_to_close", "quantity": 1}],
        "price": 900,
        "price_effect": "credit",
    }
    told = {"account": ACCOUNT, "kind": "oto", "orders": [entry, exits]}
    async with PaperDesk().client() as client:
        refused = await client.call_tool("preview_group", told)

    assert reason_of(refused) == "INVALID_ORDER"
    assert "an_order_by_value_is_of_no_group" in text_of(refused)
