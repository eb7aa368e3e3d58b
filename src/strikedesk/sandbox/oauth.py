"""OAuth: the token endpoint, and the page on which a person allows an application.

PKCE parameters are taken and not enforced, as at the broker. Errors come in the envelope of all
others. A redirect goes to this machine alone.
"""

import html
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from json import JSONDecodeError
from typing import Final, TypeAlias
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from strikedesk.domain.ledger import Json
from strikedesk.sandbox.access import CLIENT_ID, CLIENT_SECRET, SCOPES, Access, Grant
from strikedesk.sandbox.door import body_of
from strikedesk.sandbox.refusal import BAD_REQUEST, UNAUTHORIZED, Refusal

Form: TypeAlias = Mapping[str, str]

_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_ASKED: Final = ("client_id", "redirect_uri", "response_type", "scope", "state")
_NO_STORE: Final = {"Cache-Control": "no-store"}
_NO_FRAMES: Final = {
    **_NO_STORE,
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "frame-ancestors 'none'",
}
_PAGE: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Sandbox: allow an application</title>
<style>body{{font:1rem/1.5 sans-serif;max-width:34rem;margin:4rem auto;padding:0 1rem}}
button{{font:inherit;padding:.4rem 1rem;margin-right:.5rem}}</style>
<h1>Allow {client}?</h1>
<p>This is the Strikedesk sandbox. Its market is simulated and its money is play money.</p>
<p>The application asks for: <b>{scopes}</b>. It will be sent to <code>{redirect}</code>.</p>
<form method="post" action="/auth.html">{fields}
<button name="answer" value="allow">Allow</button>
<button name="answer" value="deny">Deny</button></form></html>
"""


@dataclass(frozen=True, slots=True)
class OAuthRoutes:
    """The routes that need no token."""

    access: Access

    def routes(self) -> list[Route]:
        """Return them."""
        return [
            Route("/oauth/token", self.token, methods=["POST"]),
            Route("/auth.html", self.ask, methods=["GET"]),
            Route("/auth.html", self.answered, methods=["POST"]),
        ]

    async def token(self, request: Request) -> Response:
        """Exchange a refresh token or a code for an access token; no envelope."""
        form = await _form(request)
        if form.get("client_secret") != CLIENT_SECRET:
            raise Refusal(UNAUTHORIZED, "invalid_client", "Client authentication failed")
        if form.get("client_id", CLIENT_ID) != CLIENT_ID:
            raise Refusal(UNAUTHORIZED, "invalid_client", "Unknown client")
        grant = self._granted(form)
        answer: dict[str, Json] = {
            "access_token": self.access.issue(grant).token,
            "token_type": "Bearer",
            "expires_in": self.access.lifetime_s,
        }
        if form["grant_type"] == "authorization_code":
            answer["refresh_token"] = grant.refresh_token
        return JSONResponse(answer, headers=_NO_STORE)

    async def ask(self, request: Request) -> Response:
        """Show a person what is asked for."""
        asked = _asked(dict(request.query_params))
        fields = "".join(
            f'<input type="hidden" name="{name}" value="{html.escape(asked[name])}">'
            for name in _ASKED
            if name in asked
        )
        page = _PAGE.format(
            client=html.escape(asked["client_id"]),
            scopes=html.escape(", ".join(_scopes(asked))),
            redirect=html.escape(asked["redirect_uri"]),
            fields=fields,
        )
        return HTMLResponse(page, headers=_NO_FRAMES)

    async def answered(self, request: Request) -> Response:
        """Send the browser back, with a code or without."""
        form = await _form(request)
        asked = _asked(form)
        _check_page(request)
        back = {"state": asked["state"]} if "state" in asked else {}
        if form.get("answer") == "allow":
            back["code"] = self.access.code(_scopes(asked), asked["redirect_uri"])
        else:
            back["error"] = "access_denied"
        target = asked["redirect_uri"]
        joint = "&" if urlsplit(target).query else "?"
        return RedirectResponse(f"{target}{joint}{urlencode(back)}", 302, headers=_NO_STORE)

    def _granted(self, form: Form) -> Grant:
        kinds: dict[str, Callable[[], Grant | None]] = {
            "refresh_token": lambda: self.access.refreshed(form.get("refresh_token", "")),
            "authorization_code": lambda: self.access.redeem(
                form.get("code", ""), form.get("redirect_uri", "")
            ),
        }
        find = kinds.get(form.get("grant_type", ""))
        if find is None:
            wanted = "grant_type is refresh_token or authorization_code"
            raise Refusal(BAD_REQUEST, "unsupported_grant_type", wanted)
        grant = find()
        if grant is None:
            raise Refusal(BAD_REQUEST, "invalid_grant", "Grant is invalid, expired or revoked")
        return grant


async def _form(request: Request) -> dict[str, str]:
    """Read a form or a JSON object of texts.

    Raises:
        Refusal: 400, 413.
    """
    body = await body_of(request)
    try:
        if "json" not in request.headers.get("content-type", ""):
            return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=50))
        document: object = json.loads(body)
    except (UnicodeDecodeError, JSONDecodeError, ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise Refusal(BAD_REQUEST, "invalid_request", "The body is no form and no JSON object.")
    return {str(k): v for k, v in document.items() if isinstance(v, str)}  # pyright: ignore[reportUnknownVariableType,reportUnknownArgumentType] -- JSON


def _asked(given: Form) -> dict[str, str]:
    """Return what an application asks for.

    Raises:
        Refusal: 400, 401: it is never sent back to an address that is not its own.
    """
    asked = {name: given[name] for name in _ASKED if given.get(name)}
    if asked.get("client_id") != CLIENT_ID:
        raise Refusal(UNAUTHORIZED, "invalid_client", f"The client is {CLIENT_ID}.")
    target = urlsplit(asked.get("redirect_uri", ""))
    if target.scheme != "http" or target.hostname not in _LOOPBACK or target.fragment:
        local = "redirect_uri is an http address of this machine, as http://127.0.0.1:8123/callback"
        raise Refusal(BAD_REQUEST, "invalid_request", local)
    if asked.get("response_type") != "code":
        raise Refusal(BAD_REQUEST, "unsupported_response_type", "response_type is code")
    _scopes(asked)
    return asked


def _scopes(asked: Form) -> tuple[str, ...]:
    wanted = tuple(dict.fromkeys(asked.get("scope", "read trade").split()))
    if not wanted or not set(wanted) <= set(SCOPES):
        raise Refusal(BAD_REQUEST, "invalid_scope", f"Scopes are {', '.join(SCOPES)}.")
    return wanted


def _check_page(request: Request) -> None:
    """Only the page itself may answer for the person in front of it."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise Refusal.not_permitted()
