"""The owner's consent in a browser: the address to open, and the way back to this machine.

The broker documents no PKCE. Its parameters are sent all the same: who does not know them passes
them over, and who does gets the proof with the code.
"""

import asyncio
import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

from strikedesk.brokers.tastytrade.faults import BROKER, link_ended
from strikedesk.brokers.tastytrade.sites import Site
from strikedesk.domain.codes import plain_code
from strikedesk.domain.errors import Misconfigured, Unavailable
from strikedesk.domain.reasons import Reason
from strikedesk.domain.secret import Secret

CALLBACK: Final = "/callback"
HOST: Final = "127.0.0.1"
WITHIN_S: Final = 300.0
_HEAD_MAX: Final = 8_192
_HEAD_WITHIN_S: Final = 5.0
_DONE: Final = "Linked as far as this page goes. Close it and look at the terminal."
_ASTRAY: Final = "Not what was waited for."


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What is asked of the owner, and what proves that the answer belongs to it.

    `client_id` and `state` are in the address, which the owner has to see.
    """

    site: Site
    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str = field(repr=False)
    verifier: Secret

    @property
    def address(self) -> str:
        """The page to open. What it holds ends with the answer."""
        digest = hashlib.sha256(self.verifier.reveal_bytes()).digest()
        asked = {
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "response_type": "code",
            "scope": " ".join(self.scopes),
            "state": self.state,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return f"{self.site.authorize}?{urlencode(asked)}"


@dataclass(slots=True)
class Callback:
    """Waits on this machine for the browser to come back; the first answer of its state counts.

    The port is the owner's to choose, since the broker wants to know the whole address beforehand.
    """

    port: int
    _server: asyncio.Server | None = field(default=None, init=False)
    _state: str | None = field(default=None, init=False)
    _answer: asyncio.Future[dict[str, str]] = field(init=False)

    @property
    def redirect_uri(self) -> str:
        """The address that the application at the broker has to name, to the letter."""
        return f"http://{HOST}:{self.port}{CALLBACK}"

    async def open(self) -> None:
        """Listen.

        Raises:
            Misconfigured: CONFIGURATION_UNREADABLE: the port cannot be had.
        """
        self._answer = asyncio.get_running_loop().create_future()
        try:
            self._server = await asyncio.start_server(self._serve, HOST, self.port, limit=_HEAD_MAX)
        except OSError:
            raise Misconfigured(
                Reason.CONFIGURATION_UNREADABLE, setting="--port", problem="it cannot be had"
            ) from None
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def code(self, state: str, *, within_s: float = WITHIN_S) -> Secret:
        """Return the code that the browser brings back with this state.

        Raises:
            Misconfigured: BROKER_LINK_ENDED: the owner, or the broker, said no.
            Unavailable: nobody came in time.
        """
        self._state = state
        try:
            async with asyncio.timeout(within_s):
                told = await self._answer
        except TimeoutError:
            raise Unavailable(
                Reason.BROKER_UNAVAILABLE, broker=BROKER, waited_s=int(within_s)
            ) from None
        if "code" not in told:
            raise link_ended(plain_code(told.get("error", "")))
        return Secret(told["code"])

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_HEAD_WITHIN_S):
                head = await reader.readuntil(b"\r\n\r\n")
            taken = self._take(head)
            writer.write(_page(taken))
            await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # A visitor who says nothing useful is owed nothing.
        finally:
            writer.close()

    def _take(self, head: bytes) -> bool:
        """Keep an answer that carries our state; whatever else comes changes nothing."""
        method, _, rest = head.partition(b"\r\n")[0].decode("latin-1").partition(" ")
        target = urlsplit(rest.rpartition(" ")[0])
        told = {name: values[0] for name, values in parse_qs(target.query).items()}
        if method != "GET" or target.path != CALLBACK or self._state is None:
            return False
        ours = hmac.compare_digest(told.get("state", "").encode(), self._state.encode())
        if ours and not self._answer.done():
            self._answer.set_result(told)
        return ours


def _page(taken: bool) -> bytes:
    text = (_DONE if taken else _ASTRAY).encode()
    head = (
        f"HTTP/1.1 {200 if taken else 400} {'OK' if taken else 'Bad Request'}\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\nContent-Length: {len(text)}\r\n"
        "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + text
