"""How the desk speaks when something went wrong: our own words pass, and nothing else does."""

import logging
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final, TypeAlias

from mcp import MCPError
from mcp.server.mcpserver.exceptions import MCPServerError
from mcp.types import INTERNAL_ERROR, INVALID_PARAMS, CallToolResult, ErrorData, TextContent

from strikedesk.domain.errors import Denied, DeskError, Fact, Misconfigured
from strikedesk.domain.ledger import Json
from strikedesk.domain.reasons import Reason
from strikedesk.server.shaping import clean, plain

Incident: TypeAlias = Callable[[], str]

ERROR_KEY: Final = "strikedesk/error"
FACT_MAX: Final = 160
FACTS_MAX: Final = 12

_log: Final = logging.getLogger(__name__)


class Fault(Misconfigured):
    """Something of ours broke. All that anybody outside hears is where, and the incident."""

    def __init__(self, where: str, incident: str) -> None:
        """Name the tool, prompt or resource, and the line in the log."""
        super().__init__(Reason.DESK_FAULT, where=where, incident=incident)


def told(raised: Exception, where: str, incident: Incident) -> DeskError:
    """Return what may be said about an exception: a desk's error as it is, else a `Fault`.

    A fault's traceback goes to the log, and only there.
    """
    cause = _unwrapped(raised)
    if isinstance(cause, DeskError):
        return cause
    fault = Fault(where, incident())
    _log.error("incident %s in %s", fault.facts["incident"], where, exc_info=cause)
    return fault


@contextmanager
def spoken(where: str, incident: Incident) -> Generator[None]:
    """Turn what goes wrong inside into the protocol's error, for whatever is no tool."""
    try:
        yield
    except MCPError:
        raise
    except Exception as error:  # noqa: BLE001 -- the outermost loop of a request: told, and logged
        raise as_protocol_error(told(error, where, incident)) from None


def as_result(error: DeskError) -> CallToolResult:
    """Return an error as a tool's result, which is where a model can read it.

    What a program acts on goes into `_meta`: clients written in TypeScript hold structured content
    to the tool's output schema in errors too, and would show their own failure instead of ours.
    """
    text = TextContent(type="text", text=sentence(error))
    return CallToolResult(content=[text], _meta={ERROR_KEY: as_data(error)}, is_error=True)


def as_protocol_error(error: DeskError) -> MCPError:
    """Return an error for where the protocol has no result to carry it (prompts, resources)."""
    ours = isinstance(error, Misconfigured)
    return MCPError(INTERNAL_ERROR if ours else INVALID_PARAMS, sentence(error), as_data(error))


def as_data(error: DeskError) -> dict[str, Json]:
    """Return what a program can act on."""
    return {
        "code": error.reason.code,
        "reason": error.reason.name,
        "facts": _facts(error),
        "retryable": error.retryable,
        "next_step": error.reason.next_step,
    }


def sentence(error: DeskError) -> str:
    """Return `CODE REASON: facts. next step`."""
    facts = ", ".join(f"{name}={_said(fact)}" for name, fact in _facts(error).items())
    head = f"{error.reason.code} {error.reason.name}{': ' if facts else ''}{facts}"
    return f"{head}. {error.reason.next_step}"


def _facts(error: DeskError) -> dict[str, Json]:
    """Facts are ours, yet bounded and cleaned once more: one may have been made from an input."""
    return {name: _fact(fact) for name, fact in [*error.facts.items()][:FACTS_MAX]}


def _fact(fact: Fact) -> Json:
    return clean(fact, FACT_MAX) if isinstance(fact, str) else plain(fact)


def _said(fact: Json) -> str:
    return "unknown" if fact is None else str(fact)


def _unwrapped(raised: BaseException) -> BaseException:
    """Return what a tool or prompt raised, out of what the SDK made of it."""
    while isinstance(raised, MCPServerError | ValueError) and raised.__cause__ is not None:
        raised = raised.__cause__
    return raised


def refused_message(code: int, problem: str) -> ErrorData:
    """Return the protocol's error for a message that could not be taken in at all."""
    denied = Denied(Reason.INVALID_ARGUMENT, argument="message", problem=problem)
    return ErrorData(code=code, message=sentence(denied), data=as_data(denied))
