"""A client that opens with the handshake is answered as the SDK's own way would answer it."""

import json

import anyio
import pytest
from mcp.server.auth.middleware.auth_context import auth_context_var
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.shared._context_streams import create_context_streams
from mcp.shared.message import SessionMessage
from mcp.types import (
    INVALID_REQUEST,
    JSONRPCMessage,
    JSONRPCResponse,
    jsonrpc_message_adapter,
)

from strikedesk.server.wire import Incoming, Outgoing
from tests.patience import PATIENCE_S
from tests.tools.core_door import CoreDoor
from tests.tools.wire_talk import ENVELOPE, HELLO, SHAKEN, Said, a_call, answers

ECHO: Said = a_call("echo", symbols="AAPL")
ENVELOPED: Said = {**a_call("echo", enveloped=True, symbols="AAPL"), "id": 3}
PING: Said = {"id": 4, "method": "ping"}
UNKNOWN: Said = {"id": 5, "method": "no/such", "params": {"_meta": {"progressToken": 1}}}


async def ours(incoming: Incoming, outgoing: Outgoing) -> None:
    await CoreDoor().server.serve(incoming, outgoing)


async def theirs(incoming: Incoming, outgoing: Outgoing) -> None:
    core = CoreDoor().server._lowlevel_server  # pyright: ignore[reportPrivateUsage] -- as `serve` has it
    await core.run(incoming, outgoing, core.create_initialization_options())


@pytest.mark.parametrize(
    "said",
    [
        (HELLO, SHAKEN, ECHO, ENVELOPED, PING, UNKNOWN, HELLO),
        ({**HELLO, "params": {**HELLO["params"], "_meta": ENVELOPE}}, SHAKEN, ECHO, ENVELOPED),
        ({**HELLO, "params": {}}, ECHO, HELLO, ECHO),
        (ENVELOPED, ECHO, HELLO, ENVELOPED),
        (SHAKEN, HELLO, ECHO, ENVELOPED),
        (PING, ECHO, ENVELOPED, HELLO, ECHO),
        (SHAKEN,),
        (),
    ],
)
async def test_every_opening_is_answered_as_the_sdk_answers_it(said: tuple[Said, ...]) -> None:
    """To the byte, whichever era it opens with, and the wire is closed behind it."""
    assert await answers(ours, said) == await answers(theirs, said)


async def test_a_request_of_the_other_era_is_refused_after_a_handshake() -> None:
    """It would say of itself what this connection has agreed on with somebody else."""
    lines = await answers(ours, (HELLO, SHAKEN, ENVELOPED))

    assert json.loads(lines[-1])["error"]["code"] == INVALID_REQUEST


async def test_a_caller_over_sse_is_whoever_sent_the_message() -> None:
    """The token of a request goes with what it brought, not with who opened the connection."""
    send, incoming = create_context_streams[SessionMessage | Exception](8)
    outgoing, answered = create_context_streams[SessionMessage](8)
    server = CoreDoor(network=True).server

    async def ask(name: str, message: Said) -> JSONRPCMessage:
        token = AccessToken(token=name, client_id="c", scopes=["read"], subject=name)
        before = auth_context_var.set(AuthenticatedUser(token))
        said = jsonrpc_message_adapter.validate_python({"jsonrpc": "2.0", **message})
        await send.send(SessionMessage(said))
        auth_context_var.reset(before)
        return (await answered.receive()).message

    with anyio.fail_after(PATIENCE_S):
        async with anyio.create_task_group() as group, answered, send:
            group.start_soon(server.serve, incoming, outgoing)
            await ask("ann", HELLO)
            assert _caller(await ask("bob", ECHO)) == "token:bob"
            assert _caller(await ask("ann", ECHO)) == "token:ann"


def _caller(message: JSONRPCMessage) -> str:
    assert isinstance(message, JSONRPCResponse)
    return message.result["structuredContent"]["caller"]
