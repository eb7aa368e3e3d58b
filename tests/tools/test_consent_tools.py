"""A person's word through the protocol: asked in both eras, and nothing sent without a yes."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
import pytest
from mcp import Client, MCPError
from mcp.client import ClientRequestContext
from mcp.types import (
    CallToolResult,
    ElicitRequestParams,
    ElicitResult,
    ErrorData,
    InputRequiredResult,
    InputResponses,
)

from strikedesk.domain.approvals import Voice
from strikedesk.orders.approve import Said
from strikedesk.orders.wording import digest_of
from tests.tools.core_door import ERAS, Era
from tests.tools.paper_desk import PaperDesk, ask_of, facts_of, reason_of

SPY = "SPY"
OWNER = Said(voice=Voice.OWNER, actor="owner", path="cli")


@dataclass
class Person:
    """Answers as told, and keeps what was asked."""

    answer: Callable[[], ElicitResult | ErrorData]
    asked: list[str] = field(default_factory=list[str])

    async def __call__(
        self, context: ClientRequestContext, params: ElicitRequestParams
    ) -> ElicitResult | ErrorData:
        self.asked.append(params.message)
        return self.answer()


def says(action: str, **content: Any) -> Person:
    return Person(lambda: ElicitResult(action=action, content=content or None))  # type: ignore[arg-type] -- the test's words


YES: dict[str, Any] = {"approve": True}


@asynccontextmanager
async def client_with(desk: PaperDesk, person: Person | None, era: Era) -> AsyncGenerator[Client]:
    async with Client(desk.server(), mode=era, elicitation_callback=person) as client:
        yield client


async def previewed(client: Client, quantity: int = 1) -> dict[str, Any]:
    order = {
        "account": "paper-margin",
        "legs": [{"symbol": SPY, "action": "buy", "quantity": quantity}],
        "price": await ask_of(client, SPY),
        "price_effect": "debit",
    }
    return dict(facts_of(await client.call_tool("preview_order", order)))


def spent(preview: dict[str, Any], **more: str) -> dict[str, Any]:
    return {"preview_id": preview["preview_id"], "nonce": preview["nonce"], **more}


async def held(client: Client) -> int:
    told = facts_of(await client.call_tool("list_positions", {"account": "paper-margin"}))
    return len(told["rows"])


@pytest.mark.promise("owner-asked")
@pytest.mark.parametrize("era", ERAS)
async def test_a_yes_sends_once_and_the_question_is_the_owners_text(era: Era) -> None:
    """The client shows what the page and the command line show, byte for byte."""
    desk, person = PaperDesk(consent="ask"), says("accept", **YES)
    async with client_with(desk, person, era) as client:
        preview = await previewed(client)
        done = facts_of(await client.call_tool("confirm_order", spent(preview)))
        again = facts_of(await client.call_tool("confirm_order", spent(preview)))
        count = await held(client)

    digests = [e.body["shown"] for e in desk.ledger.trail if e.kind == "consent_asked"]
    assert (done["state"], again["state"], count) == ("filled", "filled", 1)
    assert [digest_of(text) for text in person.asked] == digests
    assert len(person.asked) == 1


@pytest.mark.promise("owner-asked")
@pytest.mark.parametrize("era", ERAS)
async def test_a_form_sent_without_the_tick_is_a_no(era: Era) -> None:
    desk, person = PaperDesk(consent="ask"), says("accept", approve=False)
    async with client_with(desk, person, era) as client:
        preview = await previewed(client)
        refused = await client.call_tool("confirm_order", spent(preview))
        again = await client.call_tool("confirm_order", spent(preview))
        count = await held(client)

    assert reason_of(refused) == reason_of(again) == "CONSENT_DECLINED"
    assert (count, len(person.asked)) == (0, 1)


@pytest.mark.promise("owner-asked")
@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("action", ["decline", "cancel"])
async def test_a_client_that_declines_leaves_the_order_to_the_owner(era: Era, action: str) -> None:
    """It may have shown nothing at all: no second answer of it counts, the owner's own does."""
    desk, person = PaperDesk(consent="ask"), says(action)
    async with client_with(desk, person, era) as client:
        preview = await previewed(client)
        waits = facts_of(await client.call_tool("confirm_order", spent(preview)))
        person.answer = lambda: ElicitResult(action="accept", content=YES)
        again = facts_of(await client.call_tool("confirm_order", spent(preview)))
        before = await held(client)
        row = await desk.opened.approvals.named(waits["order_id"])
        await desk.opened.approver.approve(row, OWNER)
        desk.opened.books.forget("paper-margin")
        after = await held(client)

    assert waits["state"] == again["state"] == "awaiting_consent"
    assert waits["approval"]["client_answer"] == again["approval"]["client_answer"] == action
    assert "Nothing was sent" in waits["approval"]["next_step"]
    assert (before, after, len(person.asked)) == (0, 1, 1)


@pytest.mark.promise("owner-asked")
@pytest.mark.parametrize("era", ERAS)
async def test_a_client_without_elicitation_falls_back_to_the_owners_act(era: Era) -> None:
    desk = PaperDesk(consent="ask")
    async with client_with(desk, None, era) as client:
        preview = await previewed(client)
        waits = facts_of(await client.call_tool("confirm_order", spent(preview)))
        status = facts_of(await client.call_tool("get_safety_status", {}))
        listed = facts_of(await client.call_tool("list_orders", {"account": "paper-margin"}))
        count = await held(client)

    state = listed["columns"].index("state")
    assert (waits["state"], count) == ("awaiting_consent", 0)
    assert (status["consent"], status["approvals_pending"]) == ("ask", 1)
    assert [row[state] for row in listed["rows"]] == ["awaiting_consent"]


async def test_an_older_client_that_fails_to_ask_falls_back_too() -> None:
    """It declared that it could; its error is no yes."""
    desk = PaperDesk(consent="ask")
    person = Person(lambda: ErrorData(code=-32601, message="no"))
    async with client_with(desk, person, "legacy") as client:
        preview = await previewed(client)
        waits = facts_of(await client.call_tool("confirm_order", spent(preview)))

    assert (waits["state"], waits["approval"]["client_answer"]) == ("awaiting_consent", "not_shown")


@pytest.mark.promise("owner-asked")
@pytest.mark.parametrize("era", ERAS)
async def test_an_answer_that_is_no_answer_sends_nothing(era: Era) -> None:
    desk, person = PaperDesk(consent="ask"), says("accept", approve="perhaps")
    async with client_with(desk, person, era) as client:
        preview = await previewed(client)
        await client.call_tool("confirm_order", spent(preview))
        count = await held(client)

    assert count == 0


@pytest.mark.promise("owner-asked")
@pytest.mark.parametrize("era", ERAS)
async def test_a_yes_that_comes_too_late_sends_nothing(era: Era) -> None:
    desk = PaperDesk(consent="ask")

    def slowly() -> ElicitResult:
        desk.clock.move(301)
        return ElicitResult(action="accept", content=YES)

    async with client_with(desk, Person(slowly), era) as client:
        preview = await previewed(client)
        refused = await client.call_tool("confirm_order", spent(preview))
        count = await held(client)

    assert (reason_of(refused), count) == ("CONSENT_EXPIRED", 0)


async def asked_for(client: Client, preview: dict[str, Any]) -> tuple[InputResponses, str | None]:
    """Confirm once; return a yes to what was asked, and the sealed state that goes with it."""
    first = await client.session.call_tool(
        "confirm_order", spent(preview), allow_input_required=True
    )
    assert isinstance(first, InputRequiredResult)
    yes: InputResponses = {
        name: ElicitResult(action="accept", content=YES) for name in first.input_requests or ()
    }
    return yes, first.request_state


async def next_round(
    client: Client, preview: dict[str, Any], yes: InputResponses, state: str | None
) -> CallToolResult | InputRequiredResult:
    return await client.session.call_tool(
        "confirm_order",
        spent(preview),
        input_responses=yes,
        request_state=state,
        allow_input_required=True,
    )


@pytest.mark.promise("once")
async def test_a_round_that_is_replayed_sends_nothing_twice() -> None:
    """The protocol's sealed state may be used again: once is what our ledger makes it."""
    desk = PaperDesk(consent="ask")
    async with client_with(desk, says("accept"), "auto") as client:
        preview = await previewed(client)
        yes, state = await asked_for(client, preview)
        told = [await next_round(client, preview, yes, state) for _ in range(3)]
        rows = facts_of(await client.call_tool("list_orders", {"account": "paper-margin"}))
        count = await held(client)

    states = [facts_of(each)["state"] for each in told if isinstance(each, CallToolResult)]
    assert states == ["filled"] * 3
    assert (rows["total"], count) == (1, 1)


@pytest.mark.promise("owner-asked")
async def test_an_answer_to_another_order_or_by_forged_state_sends_nothing() -> None:
    desk = PaperDesk(consent="ask")
    async with client_with(desk, says("accept"), "auto") as client:
        one, other = await previewed(client), await previewed(client)
        yes, state = await asked_for(client, one)
        for sealed in (state, "v1.forged"):
            with pytest.raises(MCPError):
                await next_round(client, other, yes, sealed)
        asks_again = await next_round(client, other, yes, None)
        count = await held(client)

    assert isinstance(asks_again, InputRequiredResult)
    assert count == 0


@pytest.mark.promise("owner-asked")
@pytest.mark.parametrize("era", ERAS)
async def test_under_click_a_preview_has_no_nonce_and_the_person_is_named(era: Era) -> None:
    desk, person = PaperDesk(consent="click"), says("accept", **YES)
    async with client_with(desk, person, era) as client:
        preview = await previewed(client)
        guess = {"preview_id": preview["preview_id"], "nonce": "guess"}
        refused = await client.call_tool("confirm_order", guess)
        count = await held(client)

    assert "nonce" not in preview
    assert preview["approval"]["policy"] == "click"
    assert "only they can approve it" in preview["approval"]["next_step"]
    assert reason_of(refused) == "NONCE_MISMATCH"
    assert (count, person.asked) == (0, [])


@pytest.mark.promise("owner-asked")
@pytest.mark.parametrize("era", ERAS)
async def test_the_right_code_sends_and_no_answer_of_the_desk_holds_it(era: Era) -> None:
    desk, person = PaperDesk(consent="code"), says("accept", **YES)
    async with client_with(desk, person, era) as client:
        preview = await previewed(client)
        waits = await client.call_tool("confirm_order", spent(preview))
        row = await desk.opened.approvals.named(facts_of(waits)["order_id"])
        code = await desk.opened.approvals.read_out(row, actor="owner", path="cli")
        assert code is not None
        wrong = await client.call_tool("confirm_order", spent(preview, code="0000 0000"))
        before = await held(client)
        done = await client.call_tool("confirm_order", spent(preview, code=code))
        again = await client.call_tool("confirm_order", spent(preview, code=code))

    assert facts_of(waits)["state"] == "awaiting_consent"
    assert "confirm again" in facts_of(waits)["approval"]["next_step"]
    assert (reason_of(wrong), before, person.asked) == ("CODE_WRONG", 0, [])
    assert facts_of(done)["state"] == facts_of(again)["state"] == "filled"
    assert all(code not in repr(each) for each in (waits, wrong, done, again))


async def test_no_tool_can_approve_or_change_a_policy() -> None:
    """What a model is shown has no such verb, and no argument that speaks of it."""
    async with PaperDesk(consent="click").client() as client:
        tools = (await client.list_tools()).tools

    names = {tool.name for tool in tools}
    arguments = {name for tool in tools for name in tool.input_schema.get("properties", {})}
    assert not any(word in name for name in names for word in ("approve", "consent", "resume"))
    assert not arguments & {"approve", "policy", "consent", "voice", "order", "outcome"}


async def test_an_older_client_that_never_answers_is_waited_for_no_longer_than_it_counts() -> None:
    """The call ends, and the order stays the owner's to send or to leave."""
    desk = PaperDesk(consent="ask")
    async with client_with(desk, None, "legacy") as client:
        preview = await previewed(client)
        await client.call_tool("confirm_order", spent(preview))
    desk.clock.move(299.95)

    async def silent(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        await anyio.sleep_forever()
        raise AssertionError

    async with Client(desk.server(), mode="legacy", elicitation_callback=silent) as client:
        with anyio.fail_after(5):
            waits = facts_of(await client.call_tool("confirm_order", spent(preview)))

    assert (waits["state"], waits["approval"]["client_answer"]) == ("awaiting_consent", "timed_out")


@pytest.mark.promise("owner-asked")
async def test_another_caller_cannot_answer_for_the_first() -> None:
    """A nonce and an answer are good in the hands they were given to."""
    desk = PaperDesk(consent="code")
    async with client_with(desk, None, "auto") as client:
        preview = await previewed(client)
        waits = facts_of(await client.call_tool("confirm_order", spent(preview)))
        row = await desk.opened.approvals.named(waits["order_id"])
        code = await desk.opened.approvals.read_out(row, actor="owner", path="cli")
        refused = await client.call_tool(
            "confirm_order", spent(preview, code=code or "") | {"nonce": "another"}
        )
        count = await held(client)

    assert (reason_of(refused), count) == ("NONCE_MISMATCH", 0)
