"""preview_roll as a client sees it: proposals first, and a preview only of what it named."""

import json

import pytest
from mcp import Client

from tests.tools.core_door import ERAS, Era
from tests.tools.paper_desk import PaperDesk, facts_of, reason_of, rows_of, text_of

SHORT = "AAPL261218P00165000"
LONG = "AAPL261218P00160000"
CHARACTERS_MAX = 4_800  # 1,200 tokens of four.


async def sold_spread(client: Client) -> None:
    """Sell a put spread, twice."""
    legs = [
        {"symbol": SHORT, "action": "sell_to_open", "quantity": 2},
        {"symbol": LONG, "action": "buy_to_open", "quantity": 2},
    ]
    order = {"account": "paper-margin", "legs": legs, "price": 0.62, "price_effect": "credit"}
    preview = facts_of(await client.call_tool("preview_order", order))
    spent = {name: preview[name] for name in ("preview_id", "nonce")}
    assert facts_of(await client.call_tool("confirm_order", spent))["state"] == "filled"


@pytest.mark.parametrize("era", ERAS)
async def test_without_a_target_a_roll_is_proposed_and_nothing_is_previewed(era: Era) -> None:
    """A table is no order: there is no nonce in it, and no line in the ledger of it."""
    desk = PaperDesk()
    async with desk.client(era) as client:
        await sold_spread(client)
        before = dict(desk.ledger.previews), len(desk.ledger.trail)
        asked = {"account": "paper-margin", "symbol": SHORT}
        result = await client.call_tool("preview_roll", asked)

    facts, rows = facts_of(result), rows_of(result)
    assert facts.keys() == {
        "as_of", "spot", "units", "columns", "rows", "total", "returned", "next_page",
    }  # fmt: skip
    assert (facts["units"], facts["total"]) == (2, len(rows))
    assert (desk.ledger.previews, len(desk.ledger.trail)) == before
    for row in rows:
        assert row["natural"] < row["credit"]
        gained = row["days"] - 28
        assert row["per_day"] == (
            pytest.approx(row["credit"] / gained, abs=1e-4) if gained else None
        )
        assert row["why"] is None
    assert len(text_of(result)) <= CHARACTERS_MAX
    assert len(json.dumps(facts)) <= 2 * CHARACTERS_MAX


async def test_a_proposed_spread_can_be_previewed_as_it_was_proposed() -> None:
    """At the same mid, in one order of four legs."""
    asked = {"account": "paper-margin", "symbol": SHORT, "other_leg": LONG}
    async with PaperDesk().client() as client:
        await sold_spread(client)
        row = next(
            each
            for each in rows_of(await client.call_tool("preview_roll", asked))
            if each["days"] > 50 and each["new_strike"] == 160
        )
        target = {name: row[name] for name in ("new_expiration", "new_strike")}
        preview = facts_of(await client.call_tool("preview_roll", asked | target))

    assert preview["figures"]["mid"] == {"price": abs(row["credit"]), "effect": "debit"}
    assert preview["figures"]["natural"] == {"price": abs(row["natural"]), "effect": "debit"}
    assert "nonce" in preview
    assert {leg["symbol"][4:] for leg in preview["order"]["legs"]} == {
        "261218P00165000", "261218P00160000", "270115P00160000", "270115P00155000",
    }  # fmt: skip


async def test_a_price_without_a_target_is_no_question() -> None:
    """Whoever names a price wants an order, and is told what it lacks."""
    async with PaperDesk().client() as client:
        await sold_spread(client)
        priced = {"account": "paper-margin", "symbol": SHORT, "price": 1, "price_effect": "credit"}
        refused = await client.call_tool("preview_roll", priced)
        unknown = await client.call_tool(
            "preview_roll", {"account": "paper-margin", "symbol": "AAPL261218P00150000"}
        )

    assert reason_of(refused) == "NOTHING_TO_CHANGE"
    assert reason_of(unknown) == "POSITION_UNKNOWN"
