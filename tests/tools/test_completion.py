"""Completion: what is suggested to somebody who begins to type a prompt's argument."""

from collections.abc import Sequence

import pytest
from mcp import Client
from mcp.types import PromptReference

from strikedesk.domain.errors import Unavailable
from strikedesk.domain.reasons import Reason
from strikedesk.wiring import Desk
from tests.tools.core_door import ERAS, Era
from tests.tools.paper_desk import PaperDesk, bought


class ClosedDesk(PaperDesk):
    """A desk that cannot be opened."""

    async def desk(self) -> Desk:
        raise Unavailable(Reason.DATABASE_UNAVAILABLE)


async def suggested(client: Client, prompt: str, argument: str, begun: str) -> Sequence[str]:
    answer = await client.complete(
        ref=PromptReference(name=prompt), argument={"name": argument, "value": begun}
    )
    return answer.completion.values


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(
    ("begun", "handles"),
    [("", ["paper-margin", "paper-cash", "paper-ira"]), ("paper-c", ["paper-cash"]), ("live", [])],
)
async def test_an_account_is_suggested_by_its_handle(
    era: Era, begun: str, handles: list[str]
) -> None:
    """Nobody should have to know it by heart."""
    async with PaperDesk().client(era) as client:
        assert await suggested(client, "morning_briefing", "account", begun) == handles


async def test_an_order_that_was_sent_is_suggested_by_its_id() -> None:
    """One that was only previewed is nothing to explain."""
    async with PaperDesk().client() as client:
        order = await bought(client, "SPY")

        found = await suggested(client, "explain_this_order", "order_id", order["order_id"][:4])

    assert found == [order["order_id"]]


@pytest.mark.parametrize(
    ("prompt", "argument"), [("pre_trade_checklist", "idea"), ("no_such_prompt", "whatever")]
)
async def test_nothing_is_suggested_for_a_persons_own_words(prompt: str, argument: str) -> None:
    """Nor for what there is not: a suggestion is no place for an error."""
    async with PaperDesk().client() as client:
        assert await suggested(client, prompt, argument, "a") == []


async def test_a_desk_that_cannot_be_opened_suggests_nothing() -> None:
    """The tools say why."""
    async with ClosedDesk().client() as client:
        assert await suggested(client, "morning_briefing", "account", "") == []
