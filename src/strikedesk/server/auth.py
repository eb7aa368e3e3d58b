"""Who may call over the network: bearer tokens, looked up by their hash."""

import hmac
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from mcp.server.auth.provider import AccessToken, TokenVerifier
from starlette.authentication import AuthenticationError

from strikedesk.domain.errors import DeskError
from strikedesk.domain.tokens import token_digest
from strikedesk.logs.known import Known
from strikedesk.server.call import READ, TRADE
from strikedesk.server.opening import DeskSource

if TYPE_CHECKING:
    from strikedesk.domain.ports.owner import CallerToken, CallerTokens

TOKEN_MAX: Final = 512
REMEMBERED_FOR: Final = timedelta(seconds=2)
REMEMBERED_MAX: Final = 256
SCOPES: Final = {READ: [READ], TRADE: [READ, TRADE]}


class UnverifiableError(AuthenticationError):
    """The desk cannot be opened, so that no token can be checked: nobody comes in."""


@dataclass(frozen=True, slots=True)
class _Seen:
    token: "CallerToken"
    access: AccessToken
    at: datetime


class Tokens(TokenVerifier):
    """Verifies bearer tokens against the desk's store.

    A token that was found is remembered for two seconds, which is how late a revocation can be
    noticed; its expiry is looked at every time.
    """

    def __init__(self, lazy: DeskSource, known: Known) -> None:
        """Look tokens up at this desk; one that is good is `known` for a secret from then on."""
        self._lazy = lazy
        self._known = known
        self._seen: OrderedDict[str, _Seen] = OrderedDict()

    async def verify_token(self, token: str) -> AccessToken | None:
        """Return whose token it is, or None for one that is unknown, expired or revoked.

        Raises:
            UnverifiableError: nobody can tell.
        """
        if not token or len(token) > TOKEN_MAX:
            return None
        try:
            desk = await self._lazy.desk()
            now = desk.clock.now()
            digest = token_digest(token)
            seen = self._recent(digest, now) or await self._looked_up(desk.tokens, digest, now)
        except DeskError as error:
            raise UnverifiableError from error
        if seen is None or not _is_good(seen.token, digest, now):
            self._seen.pop(digest, None)
            return None
        self._known.learn_brought(token.encode())
        if self._seen.get(digest) is not seen:
            await self._note_use(desk.tokens, seen.token, now)
            self._remember(seen)
        return seen.access

    async def _looked_up(
        self, tokens: "CallerTokens", digest: str, now: datetime
    ) -> "_Seen | None":
        found = await tokens.by_digest(digest)
        return None if found is None else _Seen(found, _as_access(found), now)

    async def _note_use(self, tokens: "CallerTokens", token: "CallerToken", now: datetime) -> None:
        """Keep the day of its last use. A use that cannot be written down is one all the same."""
        if token.used_at is not None and token.used_at.date() == now.date():
            return
        with suppress(DeskError):
            await tokens.used(token.token_id, now)

    def _recent(self, digest: str, now: datetime) -> "_Seen | None":
        seen = self._seen.get(digest)
        fresh = seen is not None and timedelta() <= now - seen.at < REMEMBERED_FOR
        return seen if fresh else None

    def _remember(self, seen: _Seen) -> None:
        self._seen[seen.token.digest] = seen
        while len(self._seen) > REMEMBERED_MAX:
            self._seen.popitem(last=False)


def _is_good(token: "CallerToken", digest: str, now: datetime) -> bool:
    expired = token.expires_at is not None and now >= token.expires_at
    matches = hmac.compare_digest(token.digest, digest)
    return matches and not expired and token.revoked_at is None


def _as_access(token: "CallerToken") -> AccessToken:
    """Say who it is; the token itself goes no further."""
    return AccessToken(
        token=token.token_id,
        client_id=token.token_id,
        subject=token.name,
        scopes=SCOPES.get(token.scope, []),
    )
