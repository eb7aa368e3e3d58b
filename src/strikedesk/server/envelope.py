"""A message is read here first, whatever brought it: what is none is told in words of ours.

The SDK's readers tell it in the words of their parser, which quote what was sent: to the client
over HTTP, to the log over SSE. What was sent may hold a nonce.
"""

from dataclasses import dataclass
from typing import Final

from mcp.types import INVALID_REQUEST, PARSE_ERROR, JSONRPCMessage, jsonrpc_message_adapter
from pydantic import ValidationError

from strikedesk.server.json_text import too_deep

_NOT_JSON: Final = "json_invalid"


@dataclass(frozen=True, slots=True)
class Fault:
    """Why text is no message: the protocol's code for it, and a few words, none of its own."""

    code: int
    problem: str


def read_message(data: bytes) -> JSONRPCMessage | Fault:
    """Return the message that the JSON says, or what is wrong with it."""
    if too_deep(data):
        return Fault(INVALID_REQUEST, "nested too deeply")
    try:
        return jsonrpc_message_adapter.validate_json(data, by_name=False)
    except ValidationError as error:
        return _fault(error)


def _fault(error: ValidationError) -> Fault:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    if first["type"] == _NOT_JSON:
        return Fault(PARSE_ERROR, "not JSON")
    return Fault(INVALID_REQUEST, "not a JSON-RPC message")
