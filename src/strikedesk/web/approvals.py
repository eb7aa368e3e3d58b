"""The owner's page: what waits for a word, the stop, and the buttons that answer.

It is for a browser on this machine, that was opened with the link which this start printed. What
is asked by GET changes nothing; a form counts with its token, from a page of our own, in a browser
that holds the cookie.
"""

import hmac
import ipaddress
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from strikedesk.domain.approvals import Voice
from strikedesk.domain.errors import Denied, DeskError
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.orders.approvals import Pending
from strikedesk.orders.approve import Said
from strikedesk.web import halting
from strikedesk.web.approvals_page import HEADERS, Told, needs_typing, page, refusal, to_type
from strikedesk.web.health import DeskSource

if TYPE_CHECKING:
    from strikedesk.wiring import Desk

PATH: Final = "/approvals"
COOKIE: Final = "strikedesk_owner"
FORM_MAX: Final = 4096
_NAMES: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
_VIA_PROXY: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "via")
_STRANGER: Final = "Open this page with the link that the desk printed when it started."
_OWNER: Final = "owner"


def _token() -> str:
    return secrets.token_urlsafe(24)


@dataclass(frozen=True, slots=True)
class Keys:
    """Made anew for each start: what the link holds, the cookie, and the forms."""

    link: str = field(default_factory=_token, repr=False)
    cookie: str = field(default_factory=_token, repr=False)
    form: str = field(default_factory=_token, repr=False)

    def all(self) -> tuple[bytes, ...]:
        """Return the three as they are written."""
        return self.link.encode(), self.cookie.encode(), self.form.encode()

    def address(self, origin: str) -> str:
        """Return the link that lets the owner in."""
        return f"{origin}{PATH}?key={self.link}"


@dataclass(frozen=True, slots=True)
class ApprovalsPage:
    """Answers a browser of the owner's."""

    source: DeskSource
    keys: Keys

    async def get(self, request: Request) -> Response:
        """Show what waits; with the link's key, let the browser in first. Changes no order."""
        if not _is_local(request):
            return _html(refusal("This page is served on this machine only."), 403)
        if "key" in request.query_params:
            return self._let_in(request.query_params["key"])
        if not self._knows(request):
            return _html(refusal(_STRANGER), 403)
        return await self._shown(None)

    async def post(self, request: Request) -> Response:
        """Take an answer, if it comes from a form of ours in the owner's browser."""
        if not _is_local(request) or not _is_own_form(request) or not self._knows(request):
            return _html(refusal(_STRANGER), 403)
        said = await _form(request)
        if not _same(said.get("token", ""), self.keys.form):
            return _html(
                refusal("This form is of another start. Look again, and answer anew."), 403
            )
        try:
            told = await self._answered(said)
        except DeskError as error:
            told = Told(str(error), good=False)
        return await self._shown(told)

    def _let_in(self, key: str) -> Response:
        """Swap the link's key for a cookie, so that it does not stay in the address."""
        if not _same(key, self.keys.link):
            return _html(refusal(_STRANGER), 403)
        response = RedirectResponse(PATH, status_code=303, headers=HEADERS)
        response.set_cookie(COOKIE, self.keys.cookie, path=PATH, httponly=True, samesite="strict")
        return response

    def _knows(self, request: Request) -> bool:
        return _same(request.cookies.get(COOKIE, ""), self.keys.cookie)

    async def _shown(self, told: Told | None) -> Response:
        try:
            desk = await self.source.desk()
            pending, halt = await desk.approvals.pending(), await desk.halt.engaged()
        except DeskError as error:
            return _html(refusal(str(error)), 503)
        panel = halting.panel(halt, self.keys.form)
        return _html(page(pending, self.keys.form, panel, told))

    async def _answered(self, said: Mapping[str, str]) -> Told:
        desk = await self.source.desk()
        if said.get("act") == halting.HALT:
            return await halting.halt(desk)
        if said.get("act") == halting.RESUME:
            return await halting.resume(desk, said.get("since", ""))
        return await self._of_order(desk, said)

    async def _of_order(self, desk: "Desk", said: Mapping[str, str]) -> Told:
        record = await desk.approvals.named(said.get("order", ""))
        pending = await desk.approvals.of(record)
        owner = Said(voice=Voice.OWNER, actor=_OWNER, path="page", digest=said.get("digest", ""))
        if said.get("act") == "decline":
            row = await desk.approver.decline(record, owner)
            good = row.state is OrderState.DECLINED
            return Told(f"Order {row.order_id} is {row.state.value}.", good=good)
        if said.get("act") == "code":
            code = await desk.approvals.read_out(record, actor=_OWNER, path="page")
            return Told(f"Give your assistant this code, once: {code or 'there is none'}")
        if said.get("act") != "approve":
            raise Denied(Reason.INVALID_ARGUMENT, argument="act")
        _check_typed(pending, said.get("typed", ""))
        row = await desk.approver.approve(record, owner)
        filled = f"{row.filled_units} of {row.order.units} units filled"
        return Told(f"Sent. Order {row.order_id} is {row.state.value}: {filled}.")


def approval_routes(source: DeskSource, keys: Keys) -> Sequence[BaseRoute]:
    """Return the page's two routes: one shows, the other takes an answer."""
    owner = ApprovalsPage(source, keys)
    return (
        Route(PATH, owner.get, methods=["GET"]),
        Route(PATH, owner.post, methods=["POST"]),
    )


def _is_local(request: Request) -> bool:
    """Whether the browser is on this machine, called us by a name of it, and came by no proxy."""
    host = request.headers.get("host", "").lower()
    name, _, port = host.rpartition(":") if not host.endswith("]") else (host, "", "")
    named = (name if port.isdigit() else host) in _NAMES
    proxied = any(header in request.headers for header in _VIA_PROXY)
    return named and not proxied and request.client is not None and _loopback(request.client.host)


def _loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _is_own_form(request: Request) -> bool:
    """Whether a page of ours sent it. A browser tells the origin of every form; silence is none."""
    host = request.headers.get("host", "").lower()
    origins = request.headers.getlist("origin")
    return [origin.lower() for origin in origins] == [f"http://{host}"]


async def _form(request: Request) -> Mapping[str, str]:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_MAX:
            return {}
    return dict(parse_qsl(body.decode("ascii", "replace")))


def _check_typed(pending: Pending | None, typed: str) -> None:
    if pending is None or not needs_typing(pending):
        return
    if typed.strip().upper() != to_type(pending):
        raise Denied(Reason.CODE_WRONG, type="the first four characters of the name in the text")


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _html(text: str, status: int = 200) -> Response:
    return HTMLResponse(text, status_code=status, headers=HEADERS)
