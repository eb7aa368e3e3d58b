"""The guide says what is so: its examples are read by the tools they are meant for."""

import json
import re
from decimal import Decimal

import pytest
from mcp.types import ResourceContents, TextResourceContents

from strikedesk.domain.money import PriceEffect
from strikedesk.domain.orders import OrderRequest, OrderType
from strikedesk.domain.payoff import expirations_differ, holdings_of, payoff
from strikedesk.domain.states import OrderState
from strikedesk.domain.symbols import ROOT_UNDERLYINGS, parse_symbol
from strikedesk.domain.worst_case import floor_value
from strikedesk.orders.draft import Draft, order_of
from strikedesk.server.menu import MENU
from strikedesk.server.resources import guide
from strikedesk.server.strict import strict_tool
from tests.tools.core_door import ERAS, Era
from tests.tools.paper_desk import PaperDesk, ask_of, facts_of

GUIDES = {
    "strikedesk://guide/order-flow": guide.order_flow(),
    "strikedesk://guide/symbology": guide.symbology(),
    "strikedesk://guide/strategies": guide.strategies(),
}
VERBS = ("get_", "list_", "preview_", "confirm_", "search_", "edit_", "halt_", "run_", "save_")
TICKED = re.compile(r"`([^`\n]+)`")
NOT_FIGURES = {"figures", "checks", "checks_not_run", "outcome", "warned", "unlimited"}
EXAMPLE = re.compile(
    r"\*\*(?P<name>[^*]+)\*\*[^`]*```json\n(?P<order>.*)\n```\n"
    r"max loss (?P<loss>\w+), max profit (?P<profit>\w+), break-even (?P<even>.+)"
)
EXAMPLES = [match.groupdict() for match in EXAMPLE.finditer(guide.strategies())]


def text_in(contents: list[ResourceContents]) -> str:
    (only,) = contents
    assert isinstance(only, TextResourceContents)
    return only.text


@pytest.mark.parametrize("era", ERAS)
async def test_the_guide_is_listed_and_can_be_read(era: Era) -> None:
    """What a list names exists, with words that tell whether to read it."""
    async with PaperDesk().client(era) as client:
        listed = (await client.list_resources()).resources
        read = {each.uri: await client.read_resource(each.uri) for each in listed}

    assert {str(uri): text_in([*result.contents]) for uri, result in read.items()} == GUIDES
    assert all(each.description and each.title for each in listed)
    assert {each.mime_type for each in listed} == {"text/markdown"}


@pytest.mark.parametrize("uri", GUIDES)
def test_a_guide_fits_into_a_context(uri: str) -> None:
    """A model reads it in the middle of a job."""
    assert len(GUIDES[uri]) <= 8_000


@pytest.mark.parametrize("uri", GUIDES)
def test_every_tool_that_a_guide_names_exists(uri: str) -> None:
    served = {item.name for item in MENU}
    named = {word for word in TICKED.findall(GUIDES[uri]) if word.startswith(VERBS)}

    assert named - {"preview_*", "preview_id"} - served == set()
    assert named & served


def test_every_tool_that_a_description_names_exists() -> None:
    served = {item.name for item in MENU}
    words = re.compile(rf"\b(?:{'|'.join(VERBS)})\w+")
    named = {word for item in MENU for word in words.findall(str(strict_tool(item).description))}

    assert named - {"preview_id"} - served == set()


def test_every_spelling_of_the_guide_is_read_as_it_says() -> None:
    rows = re.findall(r"^\| `([^`]+)` \| .+ \| `([A-Z0-9.]+)` \|$", guide.symbology(), re.MULTILINE)

    assert len(rows) >= 8
    assert [parse_symbol(written).compact for written, _ in rows] == [shown for _, shown in rows]


def test_every_root_of_the_guide_is_the_domains() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `([\w.]+)` \|$", guide.symbology(), re.MULTILINE)

    assert dict(rows) == dict(ROOT_UNDERLYINGS)


def test_every_state_is_explained() -> None:
    table = guide.order_flow().partition("## States")[2].partition("## When")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]

    assert {state for row in rows for state in TICKED.findall(row)} == {*OrderState}


async def test_every_figure_that_the_guide_explains_is_in_a_preview() -> None:
    """And every figure of a preview is explained."""
    async with PaperDesk().client() as client:
        leg = {"symbol": "AAPL", "action": "buy", "quantity": 1}
        price = {"price": await ask_of(client, "AAPL"), "price_effect": "debit"}
        asked = {"account": "paper-margin", "legs": [leg], **price}
        previewed = facts_of(await client.call_tool("preview_order", asked))
    told = guide.order_flow().partition("## What a preview tells")[2].partition("## States")[0]

    assert set(TICKED.findall(told)) - NOT_FIGURES == set(previewed["figures"])
    assert {"checks", "checks_not_run"} <= previewed.keys()


def order_in(example: dict[str, str]) -> OrderRequest:
    """Return the lawful order that an example is."""
    given = json.loads(example["order"])
    tool = next(item for item in MENU if item.name == "preview_order")
    read = strict_tool(tool).fn_metadata.validate_arguments({"account": "main", **given})
    draft = Draft(
        account="main",
        legs=read["legs"],
        order_type=OrderType.LIMIT,
        price=Decimal(given["price"]),
        price_effect=PriceEffect(given["price_effect"]),
    )
    return order_of(draft, "PAPER0001")


def test_the_tour_has_an_example_for_each_strategy() -> None:
    """The pattern that finds them must not pass over one."""
    assert len(EXAMPLES) == guide.strategies().count("```json") == 19


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["name"])
def test_an_example_is_an_order_that_comes_to_what_the_tour_says(example: dict[str, str]) -> None:
    """A model copies legs and repeats figures: both must be right."""
    order = order_in(example)
    assert order.limit_net is not None
    holdings, cash = holdings_of(order), order.cash_effect(order.limit_net)

    if expirations_differ(holdings):
        floor = floor_value(holdings)
        assert floor is not None
        assert example["loss"] == f"{-floor - cash:f}"
        assert (example["profit"], example["even"]) == ("unknown", "unknown")
        return
    come = payoff(holdings, cash)
    zeros = " and ".join(f"{zero:f}" for zero in come.break_evens)
    assert (example["loss"], example["profit"]) == (_said(come.max_loss), _said(come.max_profit))
    assert example["even"] == zeros


def _said(amount: Decimal | None) -> str:
    return "unlimited" if amount is None else f"{amount:f}"
