"""The tools of one server: built when first needed, called under the caller's scope."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from mcp import MCPError
from mcp.server.mcpserver.tools import Tool
from mcp.types import CallToolResult, InputRequiredResult
from mcp.types import Tool as ToolShown

from strikedesk.domain.errors import Denied
from strikedesk.domain.reasons import Reason
from strikedesk.server.call import Call, Door
from strikedesk.server.menu import MENU, MenuItem, chosen
from strikedesk.server.shaping import clean
from strikedesk.server.speech import as_result, told
from strikedesk.server.strict import NAME_SHOWN, strict_tool


@dataclass(kw_only=True)
class Toolbox:
    """The chosen tools, each built once, at its first use."""

    door: Door
    items: Sequence[MenuItem]
    _built: dict[str, Tool] = field(default_factory=dict[str, Tool], init=False)
    _shown: list[ToolShown] = field(default_factory=list[ToolShown], init=False)

    def listed(self) -> list[ToolShown]:
        """Return every tool as tools/list shows it; the same list to every caller."""
        if not self._shown:
            self._shown = [_shown(self.tool(item)) for item in self.items]
        return self._shown

    @cached_property
    def quick(self) -> frozenset[str]:
        """The names of those tools that only look something up."""
        return frozenset(item.name for item in self.items if item.quick)

    async def call(
        self, name: str, arguments: dict[str, Any], call: Call
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool for whoever is calling; what goes wrong becomes a result in our words."""
        try:
            item = self._named(name)
            self._admit(item)
            return await self.tool(item).run(arguments, call, convert_result=True)
        except MCPError:
            raise
        except Exception as error:  # noqa: BLE001 -- the outermost loop of a call: told, and logged
            return as_result(told(error, clean(name, NAME_SHOWN), self.door.incident))

    def tool(self, item: MenuItem) -> Tool:
        """Return the tool behind a menu item."""
        if item.name not in self._built:
            self._built[item.name] = strict_tool(item)
        return self._built[item.name]

    @cached_property
    def _by_name(self) -> dict[str, MenuItem]:
        return {item.name: item for item in self.items}

    def _named(self, name: str) -> MenuItem:
        if (item := self._by_name.get(name)) is None:
            raise Denied(Reason.TOOL_NOT_SERVED, tool=clean(name, NAME_SHOWN))
        return item

    def _admit(self, item: MenuItem) -> None:
        caller = self.door.caller()
        if not item.access.reads_only and not caller.may_trade:
            raise Denied(Reason.INSUFFICIENT_PERMISSIONS, tool=item.name, scope_needed="trade")


def fill(door: Door) -> Toolbox:
    """Return the tools that the settings behind this door ask for."""
    settings = door.settings
    return Toolbox(door=door, items=chosen(MENU, settings.toolsets, read_only=settings.read_only))


def _shown(tool: Tool) -> ToolShown:
    return ToolShown(
        name=tool.name,
        description=tool.description,
        input_schema=tool.parameters,
        output_schema=tool.output_schema,
        annotations=tool.annotations,
    )
