"""The client's side: the official MCP client, talking to a server that it started itself."""

import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO, cast

from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.types import TextContent

from strikedesk.cli.demo.answer import Answer, Astray
from strikedesk.domain.ledger import Json

PATIENCE_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Caller:
    """A connected client that calls tools and takes no error for an answer."""

    client: Client

    @property
    def protocol(self) -> str:
        """The revision of the protocol that both sides speak."""
        return self.client.protocol_version

    async def tools(self) -> int:
        """Return how many tools the server shows."""
        return len((await self.client.list_tools()).tools)

    async def call(self, tool: str, **arguments: Json) -> Answer:
        """Call a tool and return its structured answer."""
        failed, text, content = await self._call(tool, arguments)
        if failed or content is None:
            raise Astray(f"{tool} answered: {text}")
        return Answer(content)

    async def refused(self, tool: str, **arguments: Json) -> str:
        """Call a tool that must refuse, and return its words."""
        failed, text, _ = await self._call(tool, arguments)
        if not failed:
            raise Astray(f"{tool} should have refused, and answered: {text}")
        return text

    async def _call(
        self, tool: str, arguments: Mapping[str, Json]
    ) -> tuple[bool, str, Mapping[str, Json] | None]:
        result = await self.client.call_tool(tool, dict(arguments), read_timeout_seconds=PATIENCE_S)
        text = " ".join(part.text for part in result.content if isinstance(part, TextContent))
        content = cast("Mapping[str, Json] | None", result.structured_content)
        return bool(result.is_error), text, content


@asynccontextmanager
async def connected(env: Mapping[str, str], log: TextIO) -> AsyncGenerator[Caller]:
    """Start this program's own server as a client would, and connect to it over its pipes."""
    command = StdioServerParameters(
        command=sys.executable,
        args=["-m", "strikedesk", "serve"],
        env=dict(env),
        cwd=Path(env["STRIKEDESK_HOME"]),
    )
    async with Client(stdio_client(command, errlog=log)) as client:
        yield Caller(client)
