"""A group through the tools: an entry with its exits, in one preview and one confirm."""

import json
from typing import Any

import pytest

from strikedesk.domain.states import OrderState
from tests.tools.core_door import ERAS, Era
from tests.tools.paper_desk import PaperDesk, ask_of, facts_of, reason_of, rows_of, text_of

CALL = "AAPL261218C00200000"
ANSWER_BYTES_MAX = 4_500


def exit_at(price: float | str, **told: Any) -> dict[str, Any]:
    leg = {"symbol": CALL, "action": "sell_to_close", "quantity": 2}
    plain = {"legs": [leg], "price": price, "price_effect": "credit", "time_in_force": "gtc"}
    return plain | told


def bracket(ask: float) -> dict[str, Any]:
    """Return an entry at the offer, a profit to take at twice that, and a stop below."""
    leg = {"symbol": CALL, "action": "buy_to_open", "quantity": 2}
    entry = {"legs": [leg], "price": ask, "price_effect": "debit"}
    stop = exit_at(round(ask / 2, 2), order_type="stop_limit", stop_trigger=round(ask / 2, 2))
    orders = [entry, exit_at(round(2 * ask, 2)), stop]
    return {"account": "paper-margin", "kind": "otoco", "orders": orders}


def ticket(preview: Any) -> dict[str, Any]:
    return {name: preview[name] for name in ("preview_id", "nonce")}


@pytest.mark.promise("one-door")
@pytest.mark.parametrize("era", ERAS)
async def test_an_entry_leaves_with_its_exits_by_one_confirm(era: Era) -> None:
    """From the words of an assistant to three orders at the venue, and back to its list."""
    async with PaperDesk().client(era) as client:
        asked = bracket(await ask_of(client, CALL))
        shown = await client.call_tool("preview_group", asked)
        before = rows_of(await client.call_tool("list_orders", {"account": "paper-margin"}))
        sent = facts_of(await client.call_tool("confirm_order", ticket(facts_of(shown))))
        again = facts_of(await client.call_tool("confirm_order", ticket(facts_of(shown))))
        listed = rows_of(await client.call_tool("list_orders", {"account": "paper-margin"}))
        side = sent["group"]["beside"][1]
        one = facts_of(await client.call_tool("get_order", {"order_id": side["order_id"]}))

    preview = facts_of(shown)
    assert len(text_of(shown)) <= ANSWER_BYTES_MAX
    assert [each["order"]["order_type"] for each in preview["group"]["beside"]] == [
        "limit",
        "stop_limit",
    ]
    assert before == []
    assert (sent["state"], again) == ("filled", sent)
    assert [each["state"] for each in sent["group"]["beside"]] == ["working", "working"]
    group_id = sent["order_id"]
    assert {row["group"] for row in listed} == {f"otoco {n} of {group_id}" for n in (1, 2, 3)}
    assert (one["group"]["place"], one["group"]["group_id"]) == (3, group_id)
    assert one["client_order_id"] == side["client_order_id"]


async def test_a_side_is_cancelled_with_the_other_and_the_person_is_told_before() -> None:
    async with PaperDesk().client() as client:
        asked = bracket(await ask_of(client, CALL))
        shown = facts_of(await client.call_tool("preview_group", asked))
        sent = facts_of(await client.call_tool("confirm_order", ticket(shown)))
        side = sent["group"]["beside"][0]["order_id"]
        cancel = facts_of(await client.call_tool("preview_cancel", {"order_id": side}))
        await client.call_tool("confirm_order", ticket(cancel))
        after = facts_of(await client.call_tool("get_order", {"order_id": side}))

    assert any("The other side of it ends with it." in told for told in cancel["warnings"])
    assert (after["state"], after["group"]["beside"][1]["state"]) == ("cancelled", "cancelled")


async def test_orders_may_come_as_the_text_of_json() -> None:
    """Some clients write nested arguments as one string."""
    async with PaperDesk().client() as client:
        asked = bracket(await ask_of(client, CALL))
        told = facts_of(
            await client.call_tool("preview_group", asked | {"orders": json.dumps(asked["orders"])})
        )

    assert told["group"]["kind"] == "otoco"


REFUSALS: list[tuple[dict[str, Any], str]] = [
    ({"kind": "bracket"}, "INVALID_ARGUMENT"),
    ({"kind": "oto"}, "INVALID_ORDER"),
    ({"orders": []}, "INVALID_ARGUMENT"),
    ({"orders": "nothing"}, "INVALID_ARGUMENT"),
    ({"orders": [{"legs": []}, exit_at(1)]}, "INVALID_LEGS"),
    ({"orders": [exit_at(1, account="paper-cash"), exit_at(2)]}, "INVALID_ARGUMENT"),
    ({"orders": [exit_at("1e3"), exit_at(2)]}, "INVALID_PRICE"),
    ({"orders": [exit_at(1, gtd_date="tomorrow"), exit_at(2)]}, "INVALID_ARGUMENT"),
    ({"orders": [exit_at(1), exit_at(2)], "kind": "oco"}, "CLOSE_EXCEEDS_POSITION"),
    ({"account": "nobody"}, "ACCOUNT_UNKNOWN"),
]


@pytest.mark.parametrize(("change", "reason"), REFUSALS)
async def test_what_is_no_group_is_refused_by_name(change: dict[str, Any], reason: str) -> None:
    desk = PaperDesk()
    async with desk.client() as client:
        asked = bracket(await ask_of(client, CALL)) | change
        refused = await client.call_tool("preview_group", asked)

    assert reason_of(refused) == reason
    assert desk.ledger.previews == {}


@pytest.mark.promise("owner-asked")
async def test_under_click_a_group_has_no_nonce_and_waits_as_one() -> None:
    desk = PaperDesk(consent="click")
    async with desk.client() as client:
        asked = bracket(await ask_of(client, CALL))
        told = facts_of(await client.call_tool("preview_group", asked))
        status = facts_of(await client.call_tool("get_safety_status", {}))
        asked = {"account": "paper-margin", "show": "working"}
        working = rows_of(await client.call_tool("list_orders", asked))

    assert "nonce" not in told
    assert told["approval"]["policy"] == "click"
    assert status["approvals_pending"] == 1
    assert {row.state for row in desk.ledger.records.values()} == {OrderState.AWAITING_CONSENT}
    assert working == []
