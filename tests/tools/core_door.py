"""A server at a desk of memory with specimen tools, and clients of both eras at its door."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from mcp import Client
from mcp.types import CallToolResult, TextContent

from strikedesk.server.app import DeskServer
from strikedesk.server.call import Door
from strikedesk.server.menu import MenuItem
from strikedesk.server.speech import ERROR_KEY
from strikedesk.server.toolbox import Toolbox
from strikedesk.settings import Folders, Settings
from tests.fakes.desks import MemoryDesk
from tests.tools.specimens import SPECIMENS

Era = Literal["legacy", "auto"]
ERAS: tuple[Era, ...] = ("legacy", "auto")
NOWHERE = Folders(config=Path("/nowhere"), data=Path("/nowhere/data"), logs=Path("/nowhere/logs"))


def settings(**said: Any) -> Settings:
    """Return settings of a desk that keeps nothing."""
    return Settings(folders=NOWHERE, **said)


@dataclass
class CoreDoor:
    """A server; its incidents are counted so that a failing test reads the same every time."""

    items: Sequence[MenuItem] | None = SPECIMENS
    network: bool = False
    said: dict[str, Any] = field(default_factory=dict[str, Any])
    incidents: int = 0

    def __post_init__(self) -> None:
        self.settings = settings(**self.said)
        self.desk = MemoryDesk(self.settings)
        door = Door(
            settings=self.settings, lazy=self.desk, network=self.network, incident=self._incident
        )
        self.server = DeskServer(door)
        if self.items is not None:
            self.server.toolbox = Toolbox(door=door, items=self.items)

    @asynccontextmanager
    async def client(self, era: Era = "auto") -> AsyncGenerator[Client]:
        """Yield a client in one of the two protocol eras."""
        async with Client(self.server, mode=era) as client:
            yield client

    async def call(self, tool: str, *, era: Era = "auto", **arguments: Any) -> CallToolResult:
        """Call one tool."""
        async with self.client(era) as client:
            return await client.call_tool(tool, arguments)

    def _incident(self) -> str:
        self.incidents += 1
        return f"incident-{self.incidents}"


def text_of(result: CallToolResult) -> str:
    """Return the one text of an answer."""
    (block,) = result.content
    assert isinstance(block, TextContent)
    return block.text


def error_of(result: CallToolResult) -> Mapping[str, Any]:
    """Return what a program reads of a refusal, which is not where answers are."""
    assert result.structured_content is None
    assert result.meta is not None
    return result.meta[ERROR_KEY]
