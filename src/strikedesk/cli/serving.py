"""`strikedesk serve`: what was asked for, and the server that does it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from strikedesk.logs.known import Known
from strikedesk.server.collector import collector_at_rest
from strikedesk.settings import Settings, load
from strikedesk.worker.loop import at_work


class Transport(StrEnum):
    """How clients reach the server; `sse` and `http` are one server with both addresses."""

    STDIO = "stdio"
    SSE = "sse"
    HTTP = "http"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the command line said: `overrides` are settings by name, as they were written."""

    transport: Transport = Transport.STDIO
    overrides: Mapping[str, str] = field(default_factory=dict[str, str])


_VALUED: Final = frozenset(
    {"transport", "host", "port", "broker", "toolsets", "world", "speed", "tape"}
)


def quick(argv: Sequence[str]) -> Wanted | None:
    """Return what a plain `serve …` asks for, or None for anything the full parser must see.

    Law: where it answers, the full parser reads the same. It saves a client the 20 ms that the
    parser's import takes of the time to `initialize`.
    """
    if not argv or argv[0] != "serve":
        return None
    said = _said(argv[1:])
    transport = (said or {}).pop("transport", Transport.STDIO)
    if said is None or transport not in set(Transport):
        return None
    return Wanted(transport=Transport(transport), overrides=said)


def _said(words: Sequence[str]) -> dict[str, str] | None:
    said: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        name, given, value = word.removeprefix("--").partition("=")
        if word == "--read-only":
            said["read_only"] = "true"
        elif word.startswith("--") and name in _VALUED:
            said[name] = value if given else next(rest, "")
            if not said[name] or said[name].startswith("-"):
                return None
        else:
            return None
    return said


def serve(wanted: Wanted, known: Known) -> None:
    """Serve until the client leaves or a signal comes; what is `known` for a secret never leaves.

    Raises:
        Misconfigured: a setting cannot be read.
    """
    with collector_at_rest():
        _serve(wanted, load(**wanted.overrides), known)


def _serve(wanted: Wanted, settings: Settings, known: Known) -> None:
    if wanted.transport is Transport.STDIO:
        from strikedesk.server.stdio import run_stdio  # noqa: PLC0415 -- the web's parts stay unread

        run_stdio(settings, known, at_work)
    else:
        from strikedesk.cli.web_door import page_scrubber, routes_of  # noqa: PLC0415 -- same
        from strikedesk.server.http import run_http  # noqa: PLC0415 -- same
        from strikedesk.web.approvals import PATH, Keys  # noqa: PLC0415 -- same

        keys = Keys()
        apart = {PATH: page_scrubber(keys, known)}
        run_http(settings, known, routes_of(settings, keys, known), apart, at_work)
