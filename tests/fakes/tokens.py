"""Caller tokens made of memory."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from strikedesk.domain.errors import Denied
from strikedesk.domain.ports import CallerToken
from strikedesk.domain.reasons import Reason


@dataclass(slots=True)
class MemoryTokens:
    """Keeps tokens for the life of the process."""

    tokens: dict[str, CallerToken] = field(default_factory=dict[str, CallerToken])

    async def add(self, token: CallerToken) -> None:
        """See `CallerTokens.add`."""
        if token.token_id in self.tokens or await self.by_digest(token.digest):
            raise Denied(Reason.INVALID_ARGUMENT, rule="row_conflicts")
        self.tokens[token.token_id] = token

    async def by_digest(self, digest: str) -> CallerToken | None:
        """See `CallerTokens.by_digest`."""
        return next((token for token in self.tokens.values() if token.digest == digest), None)

    async def all(self) -> tuple[CallerToken, ...]:
        """See `CallerTokens.all`."""
        return tuple(sorted(self.tokens.values(), key=lambda t: (t.created_at, t.token_id)))

    async def used(self, token_id: str, at: datetime) -> None:
        """See `CallerTokens.used`."""
        if token := self.tokens.get(token_id):
            self.tokens[token_id] = replace(token, used_at=at)

    async def revoke(self, token_id: str, at: datetime) -> bool:
        """See `CallerTokens.revoke`."""
        token = self.tokens.get(token_id)
        if token is None:
            return False
        self.tokens[token_id] = replace(token, revoked_at=token.revoked_at or at)
        return True
