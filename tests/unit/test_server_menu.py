"""The menu: who is served what, and what each tool says it may do."""

import json

import pytest

from strikedesk.server.access import EDITS, MOVES_MONEY, PREVIEWS, READS, RECALLS, STOPS, Access
from strikedesk.server.menu import MENU, chosen
from strikedesk.settings import Toolset
from tests.tools.core_door import CoreDoor

LISTED_BYTES_MAX = 40 * 1024
# A token is about four characters: the tokeniser of a model is not at hand.
ASKED_CHARS_MAX = 6_000 * 4
LITE_CHARS_MAX = 1_500 * 4


def names(toolsets: set[Toolset] | None, *, read_only: bool = False) -> set[str]:
    return {item.name for item in chosen(MENU, toolsets, read_only=read_only)}


def test_without_a_wish_everything_is_served() -> None:
    assert names(None) == {item.name for item in MENU}
    assert len(MENU) == len(names(None))


def test_toolsets_add_up() -> None:
    market, safety = names({Toolset.MARKET}), names({Toolset.SAFETY})

    assert market
    assert safety
    assert names({Toolset.MARKET, Toolset.SAFETY}) == market | safety


def test_the_lite_toolset_is_of_every_kind_and_adds_to_others() -> None:
    lite = names({Toolset.LITE})

    assert lite == {item.name for item in MENU if item.lite}
    assert names({Toolset.LITE, Toolset.SAFETY}) == lite | names({Toolset.SAFETY})


def test_a_read_only_server_lacks_whatever_does_anything() -> None:
    """What is not there cannot be called, by whatever name or trick."""
    served = chosen(MENU, None, read_only=True)

    assert served
    assert all(item.access.reads_only for item in served)
    assert names(None) - names(None, read_only=True) == {
        item.name for item in MENU if not item.access.reads_only
    }


@pytest.mark.parametrize(
    ("access", "hints"),
    [
        (READS, (True, False, True, True)),
        (RECALLS, (True, False, True, False)),
        (PREVIEWS, (False, False, False, True)),
        (EDITS, (False, True, True, False)),
        (STOPS, (False, False, True, False)),
        (MOVES_MONEY, (False, True, True, True)),
    ],
)
def test_annotations_tell_the_truth(access: Access, hints: tuple[bool, bool, bool, bool]) -> None:
    """Clients decide by them whether to ask a person."""
    said = access.annotations

    assert (
        said.read_only_hint,
        said.destructive_hint,
        said.idempotent_hint,
        said.open_world_hint,
    ) == hints


def test_one_tool_alone_moves_money() -> None:
    assert [item.name for item in MENU if item.access is MOVES_MONEY] == ["confirm_order"]


async def listed(**said: object) -> list[dict[str, object]]:
    async with CoreDoor(items=None, said=said).client() as client:
        tools = (await client.list_tools()).tools
    return [tool.model_dump(by_alias=True, exclude_none=True, mode="json") for tool in tools]


def asked(tools: list[dict[str, object]]) -> int:
    """Count what a model is given of each tool: name, description and input schema."""
    shown = ("name", "description", "inputSchema")
    return sum(
        len(json.dumps({key: tool[key] for key in shown}, separators=(",", ":"))) for tool in tools
    )


@pytest.mark.promise("small")
async def test_the_whole_list_is_small_in_a_context() -> None:
    """Every conversation pays for it before its first word."""
    tools = await listed()

    assert len(json.dumps(tools, separators=(",", ":"))) <= LISTED_BYTES_MAX
    assert asked(tools) <= ASKED_CHARS_MAX


@pytest.mark.promise("small")
async def test_the_lite_list_is_smaller_still() -> None:
    assert asked(await listed(toolsets=("lite",))) <= LITE_CHARS_MAX


async def test_schemas_have_no_titles_and_refuse_what_they_do_not_know() -> None:
    for tool in await listed():
        schema = tool["inputSchema"]
        assert isinstance(schema, dict)
        assert schema["additionalProperties"] is False
        assert '"title":' not in json.dumps(tool).replace('"title": {', "")
        assert "$defs" not in json.dumps(tool)


async def test_the_list_is_the_same_to_every_caller_and_in_the_menus_order() -> None:
    """Clients keep it, and show a difference as a change of what was approved."""
    first, second = await listed(), await listed()

    assert first == second
    assert [tool["name"] for tool in first] == [item.name for item in MENU]
