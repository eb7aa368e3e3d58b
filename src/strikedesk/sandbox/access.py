"""Who may call: applications, grants, and the tokens that are made of them.

The application and its two grants are the same at every start, and public: what they open is play
money on this machine. A refresh token names its issuer, which is the address of the sandbox, so
that no client can take it for one of the broker's own. Codes and access tokens are drawn anew.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from strikedesk.domain.ledger import Json
from strikedesk.domain.ports import Clock, Entropy

READ: Final = "read"
TRADE: Final = "trade"
OPENID: Final = "openid"
SCOPES: Final = (READ, TRADE, OPENID)

CLIENT_ID: Final = "strikedesk-sandbox"
CLIENT_SECRET: Final = "no-secret-play-money-only"  # noqa: S105 -- public, as the module says
LIFETIME_S: Final = 900
QUOTES_FOR: Final = timedelta(hours=24)
_CODE_FOR: Final = timedelta(minutes=1)
_SIGNED_WITH: Final = b"strikedesk sandbox: play money"
_TOKENS_MAX: Final = 10_000


@dataclass(slots=True, kw_only=True, eq=False)
class Grant:
    """What a person allowed an application. `revoked`: nothing is issued for it any more."""

    refresh_token: str
    scopes: tuple[str, ...]
    revoked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """An authorization code, to be exchanged once and soon."""

    grant: Grant
    redirect_uri: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """What a request carries."""

    token: str
    grant: Grant
    until: datetime


@dataclass(slots=True, kw_only=True)
class Access:
    """Issues and recognises tokens. Times are those of the wall, whatever the market's clock says.

    `issuer` is the address that clients know the sandbox by.
    """

    clock: Clock
    entropy: Entropy
    issuer: str
    lifetime_s: int = LIFETIME_S
    grants: dict[str, Grant] = field(default_factory=dict[str, Grant])
    _codes: dict[str, Code] = field(default_factory=dict[str, Code])
    _tokens: dict[str, AccessToken] = field(default_factory=dict[str, AccessToken])
    _quote_tokens: dict[str, datetime] = field(default_factory=dict[str, datetime])

    def __post_init__(self) -> None:
        """Make the two grants that are there from the start."""
        self.full, self.read_only = self.grant(SCOPES), self.grant((READ, OPENID))

    full: Grant = field(init=False)
    read_only: Grant = field(init=False)

    def grant(self, scopes: tuple[str, ...], *, subject: str = "sandbox") -> Grant:
        """Return the grant of these scopes to a subject, making it where it is new."""
        claims: dict[str, Json] = {"iss": self.issuer, "sub": subject, "scope": " ".join(scopes)}
        token = signed(claims)
        return self.grants.setdefault(token, Grant(refresh_token=token, scopes=scopes))

    def code(self, scopes: tuple[str, ...], redirect_uri: str) -> str:
        """Return a code for a grant of its own, made because a person said yes."""
        code = self.entropy.token()
        grant = self.grant(scopes, subject=self.entropy.identifier())
        until = self.clock.now() + _CODE_FOR
        self._codes[code] = Code(grant=grant, redirect_uri=redirect_uri, until=until)
        return code

    def redeem(self, code: str, redirect_uri: str) -> Grant | None:
        """Return the grant of a code, once; None where it is not to be had for it."""
        known = self._codes.pop(code, None)
        if known is None or known.redirect_uri != redirect_uri:
            return None
        return known.grant if self.clock.now() < known.until else None

    def refreshed(self, refresh_token: str) -> Grant | None:
        """Return the grant of a refresh token; None where it is unknown or revoked."""
        grant = self.grants.get(refresh_token)
        return None if grant is None or grant.revoked else grant

    def issue(self, grant: Grant) -> AccessToken:
        """Return a new access token."""
        claims: dict[str, Json] = {"iss": self.issuer, "scope": " ".join(grant.scopes)}
        token = signed(claims | {"jti": self.entropy.token()})
        until = self.clock.now() + timedelta(seconds=self.lifetime_s)
        issued = AccessToken(token=token, grant=grant, until=until)
        self._tokens[token] = issued
        while len(self._tokens) > _TOKENS_MAX:
            del self._tokens[next(iter(self._tokens))]
        return issued

    def holder(self, token: str) -> Grant | None:
        """Return whose access token it is; None where it is unknown, expired or revoked."""
        known = self._tokens.get(token)
        if known is None or known.grant.revoked or self.clock.now() >= known.until:
            return None
        return known.grant

    def expire_tokens(self) -> int:
        """End every access token at once, and say how many there were; grants stay."""
        count = len(self._tokens)
        self._tokens.clear()
        return count

    def quote_token(self) -> tuple[str, datetime, datetime]:
        """Return a token for the market-data websocket, when it was issued and when it ends."""
        token, now = self.entropy.token(), self.clock.now()
        self._quote_tokens[token] = now + QUOTES_FOR
        return token, now, now + QUOTES_FOR

    def may_stream(self, quote_token: str) -> bool:
        """Whether this token opens the market-data websocket."""
        until = self._quote_tokens.get(quote_token)
        return until is not None and self.clock.now() < until


def signed(claims: Mapping[str, Json]) -> str:
    """Return a JSON web token, HS256. Its key is public: it proves nothing, and is looked up."""
    head = _part({"alg": "HS256", "typ": "JWT"})
    body = f"{head}.{_part(claims)}"
    digest = hmac.new(_SIGNED_WITH, body.encode(), hashlib.sha256).digest()
    return f"{body}.{_text(digest)}"


def _part(document: Mapping[str, Json]) -> str:
    return _text(json.dumps(document, separators=(",", ":")).encode())


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")
