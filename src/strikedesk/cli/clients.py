"""The MCP clients that people have, where each keeps its list of servers, and how it is written."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from platformdirs import user_config_path

from strikedesk.domain.ledger import Json

SERVER_NAME: Final = "strikedesk"


class Client(StrEnum):
    """A program that starts MCP servers for a person."""

    CLAUDE_DESKTOP = "claude-desktop"
    CLAUDE_CODE = "claude-code"
    CURSOR = "cursor"
    VSCODE = "vscode"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientFile:
    """Where a client reads its servers: the file, and the key of the object that names them."""

    path: Path
    key: str
    says_type: bool

    def entry(self, command: str, args: tuple[str, ...], env: Mapping[str, str]) -> dict[str, Json]:
        """Return the server as this client writes one."""
        entry: dict[str, Json] = {"type": "stdio"} if self.says_type else {}
        entry |= {"command": command, "args": list(args)}
        return entry | ({"env": dict(env)} if env else {})


def file_of(client: Client) -> ClientFile:
    """Return the file that holds the servers of the person who runs this."""
    match client:
        case Client.CLAUDE_DESKTOP:
            path = _application("Claude") / "claude_desktop_config.json"
            return ClientFile(path=path, key="mcpServers", says_type=False)
        case Client.CLAUDE_CODE:
            return ClientFile(path=Path.home() / ".claude.json", key="mcpServers", says_type=True)
        case Client.CURSOR:
            path = Path.home() / ".cursor" / "mcp.json"
            return ClientFile(path=path, key="mcpServers", says_type=False)
        case Client.VSCODE:
            path = _application("Code") / "User" / "mcp.json"
            return ClientFile(path=path, key="servers", says_type=True)


def _application(name: str) -> Path:
    """Where applications keep a person's settings: Library, AppData or ~/.config."""
    return user_config_path(name, appauthor=False, roaming=True)
