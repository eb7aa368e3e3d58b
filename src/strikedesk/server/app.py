"""The MCP server: all that `initialize` needs, and nothing that only a call needs."""

import logging
import sys
from collections.abc import AsyncGenerator, Callable, Generator, Iterable
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    contextmanager,
)
from functools import cached_property
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from anyio.lowlevel import checkpoint
from mcp.server._otel import OpenTelemetryMiddleware
from mcp.server.caching import CacheHint
from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.server.mcpserver import Context, MCPServer
from mcp.types import (
    CallToolResult,
    Completion,
    CompletionArgument,
    CompletionContext,
    GetPromptResult,
    InputRequiredResult,
    Prompt,
    PromptReference,
    Resource,
    ResourceTemplateReference,
    Tool,
)
from pydantic import AnyUrl

from strikedesk.domain.errors import DeskError
from strikedesk.logs.known import Known
from strikedesk.logs.lines import configure
from strikedesk.logs.redaction import Redactor
from strikedesk.logs.scrubber import Scrubber
from strikedesk.server.call import Door
from strikedesk.server.collector import spare_the_collector
from strikedesk.server.handshake import serve_either
from strikedesk.server.instructions import instructions
from strikedesk.server.opening import Opening
from strikedesk.server.set_aside import put_in, set_aside
from strikedesk.settings import Settings

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
    from mcp.server.transport_security import TransportSecuritySettings
    from mcp.shared._stream_protocols import ReadStream, WriteStream
    from mcp.shared.message import SessionMessage

    from strikedesk.server.library import Library
    from strikedesk.server.toolbox import Toolbox
    from strikedesk.wiring import Companion

_log: Final = logging.getLogger(__name__)

# The lists are those of the process: they change when it is started anew, and for nobody else.
_LISTS: Final = CacheHint(ttl_ms=60_000, scope="public")


class DeskServer(MCPServer[Door]):
    """The desk over MCP, in both protocol eras. Tools, prompts and documents come when asked for.

    The SDK's way of registering builds an argument model for each tool, 2 ms apiece, and a client
    waits for that before `initialize` is answered; here the same objects are built by the first
    request that needs them, or by `warm_up` before it.
    """

    def __init__(self, door: Door) -> None:
        """Describe the server from its settings alone."""
        self.door = door
        self._laid_out = False
        with _without_rich():
            super().__init__(
                "strikedesk",
                title="Strikedesk",
                version=version("strikedesk"),
                instructions=instructions(door.settings),
                lifespan=_hand_out(door),
                log_level="WARNING",
                cache_hints={
                    "tools/list": _LISTS,
                    "prompts/list": _LISTS,
                    "resources/list": _LISTS,
                    "resources/templates/list": _LISTS,
                    "resources/read": _LISTS,
                },
            )
        self._trace_nothing()
        self.middleware.append(put_in)
        self.completion()(self._complete)

    def _trace_nothing(self) -> None:
        """Leave the SDK's spans out: an exception's own words would leave by them, unsearched."""
        self.middleware[:] = [
            each for each in self.middleware if not isinstance(each, OpenTelemetryMiddleware)
        ]

    async def serve(
        self,
        incoming: "ReadStream[SessionMessage | Exception]",
        outgoing: "WriteStream[SessionMessage]",
    ) -> None:
        """Serve one connection over these streams until the client has gone."""
        await serve_either(self._lowlevel_server, incoming, outgoing)

    def at_once(
        self, body_max: int, guarded: "TransportSecuritySettings"
    ) -> "StreamableHTTPSessionManager":
        """Return a way in for single requests of the current protocol, answered in one piece."""
        from mcp.server.streamable_http_manager import (  # noqa: PLC0415 -- no part of stdio
            StreamableHTTPSessionManager,
        )

        return StreamableHTTPSessionManager(
            self._lowlevel_server,
            json_response=True,
            security_settings=guarded,
            max_request_body_size=body_max,
        )

    async def warm_up(self) -> None:
        """Do what the next requests would have to wait for: build the tools, open the desk.

        What goes wrong here is met again by whoever asks next, and told there.
        """
        try:
            await self._lay_out()
            await self.door.lazy.desk()
        except DeskError as error:
            _log.warning("the desk cannot be opened: %s", error)
        except Exception:  # noqa: BLE001 -- the outermost loop of a task that nobody waits for
            _log.exception("warming up failed")

    async def settle(self) -> None:
        """Warm up, in a process that serves and does nothing else.

        See `spare_the_collector`.
        """
        await self.warm_up()
        spare_the_collector()

    async def _lay_out(self) -> None:
        self._open_library()
        for item in self.toolbox.items:
            await checkpoint()
            self.toolbox.tool(item)

    async def list_tools(self) -> list[Tool]:
        """Return the tools of this process, the same to every caller."""
        with self._spoken("tools/list"):
            return self.toolbox.listed()

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Door, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool; see `Toolbox.call`."""
        with self._spoken("tools/call"):
            call = context or Context(mcp_server=self)
            return set_aside(await self.toolbox.call(name, arguments, call))

    async def list_prompts(self) -> list[Prompt]:
        """Return the prompts."""
        with self._spoken("prompts/list"):
            self._open_library()
            return await super().list_prompts()

    async def get_prompt(
        self,
        name: str,
        arguments: dict[str, Any] | None = None,
        context: Context[Door, Any] | None = None,
    ) -> GetPromptResult | InputRequiredResult:
        """Render a prompt; what is wrong with the request is said in our words."""
        with self._spoken(name):
            self._open_library().check_prompt(name, arguments or {})
            return await super().get_prompt(name, arguments, context)

    async def list_resources(self) -> list[Resource]:
        """Return the documents."""
        with self._spoken("resources/list"):
            self._open_library()
            return await super().list_resources()

    async def read_resource(
        self, uri: AnyUrl | str, context: Context[Door, Any] | None = None
    ) -> Iterable[ReadResourceContents] | InputRequiredResult:
        """Return a document."""
        with self._spoken("resources/read"):
            self._open_library().check_uri(str(uri))
            return await super().read_resource(uri, context)

    async def _complete(
        self,
        ref: PromptReference | ResourceTemplateReference,
        argument: CompletionArgument,
        _: CompletionContext | None,
    ) -> Completion:
        """Suggest what an argument that somebody begins to type may become."""
        from strikedesk.server.completion import suggest  # noqa: PLC0415 -- kept off `initialize`

        return await suggest(self.door.lazy, ref, argument)

    @cached_property
    def toolbox(self) -> "Toolbox":
        """The tools that this server was asked to serve."""
        from strikedesk.server.toolbox import fill  # noqa: PLC0415 -- kept off `initialize`

        return fill(self.door)

    @cached_property
    def library(self) -> "Library":
        """The prompts and documents."""
        from strikedesk.server.library import collect  # noqa: PLC0415 -- kept off `initialize`

        return collect()

    def _open_library(self) -> "Library":
        """Return the library, registered with the SDK the first time."""
        if not self._laid_out:
            self._laid_out = True
            self.library.lay_out(self)
        return self.library

    def _spoken(self, where: str) -> AbstractContextManager[None]:
        from strikedesk.server.speech import spoken  # noqa: PLC0415 -- kept off `initialize`

        return spoken(where, self.door.incident)


def open_server(
    settings: Settings, known: Known, *, network: bool, beside: "Companion | None" = None
) -> DeskServer:
    """Set up logging, which the SDK would otherwise do its own way, and return the server.

    `beside` goes on at the desk for as long as it is open.
    """
    configure(Redactor(Scrubber(known)))
    lazy = Opening(settings, beside)
    return DeskServer(Door(settings=settings, lazy=lazy, network=network, known=known))


def _hand_out(
    door: Door,
) -> Callable[[MCPServer[Door]], AbstractAsyncContextManager[Door]]:
    """Hand the one desk to every connection: HTTP enters the lifespan once, SSE for each."""

    @asynccontextmanager
    async def lifespan(_: MCPServer[Door]) -> AsyncGenerator[Door]:
        yield door

    return lifespan


@contextmanager
def _without_rich() -> Generator[None]:
    """Keep the SDK from importing rich (25 ms) for a log handler that it then leaves out.

    It does so wherever it finds rich, and does without where it does not; our logging is set up
    before it asks.
    """
    if "rich" in sys.modules:
        yield
        return
    sys.modules["rich"] = None  # type: ignore[assignment] -- how an import is made to fail
    try:
        yield
    finally:
        del sys.modules["rich"]
