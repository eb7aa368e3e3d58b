"""The token endpoint: trades a grant, or a code, for tokens; and believes nothing it cannot use."""

import json
import math
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, cast

from strikedesk.brokers.tastytrade.faults import (
    BROKER,
    SERVER_SIDE,
    THROTTLED,
    away,
    complaint_of,
    link_ended,
)
from strikedesk.brokers.tastytrade.grants import Grant, check_issuer
from strikedesk.brokers.tastytrade.sites import Site
from strikedesk.brokers.tastytrade.wire import Answer, NoAnswer, NotSent, Wire
from strikedesk.domain.errors import DeskError, Unavailable
from strikedesk.domain.ports import Clock
from strikedesk.domain.reasons import Reason
from strikedesk.domain.secret import Secret

TOKEN_PATH: Final = "/oauth/token"  # noqa: S105 -- a path
LIFETIME_S: Final = (30, 900)  # What is told is brought between these; untold is the least.
_ANSWER_MAX: Final = 32_000
_TOKEN: Final = re.compile(r"[\x21-\x7e]{8,8192}", re.ASCII)
_REFUSED: Final = frozenset({400, 401, 403, 422})


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """An access token, and when it ends by our clock."""

    token: Secret
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenDesk:
    """Asks one site for tokens. A token goes out in a header or in this endpoint's body alone."""

    site: Site
    wire: Wire
    clock: Clock

    async def refresh(self, grant: Grant) -> Access:
        """Return a new access token.

        Raises:
            Misconfigured: BROKER_LINK_ENDED, BROKER_LINK_ELSEWHERE: the owner has to act.
            Unavailable: try again later.
        """
        check_issuer(grant.refresh_token, self.site)
        body = {
            "grant_type": "refresh_token",
            "refresh_token": grant.refresh_token.reveal(),
            "client_secret": grant.client_secret.reveal(),
        }
        return self._access(await self._asked(body), sent=set(body.values()))

    async def redeem(
        self,
        code: Secret,
        *,
        client_id: Secret,
        client_secret: Secret,
        redirect_uri: str,
        verifier: Secret | None = None,
    ) -> Grant:
        """Return the grant that an authorization code stands for.

        Raises: as `refresh`.
        """
        body = {
            "grant_type": "authorization_code",
            "code": code.reveal(),
            "client_id": client_id.reveal(),
            "client_secret": client_secret.reveal(),
            "redirect_uri": redirect_uri,
        }
        if verifier is not None:
            body["code_verifier"] = verifier.reveal()
        told = await self._asked(body)
        token = Secret(_token(told, "refresh_token", sent=set(body.values())))
        check_issuer(token, self.site)
        return Grant(client_id=client_id, client_secret=client_secret, refresh_token=token)

    async def _asked(self, body: dict[str, str]) -> dict[str, object]:
        try:
            answer = await self.wire.exchange(
                "POST", TOKEN_PATH, body=json.dumps(body).encode(), bytes_max=_ANSWER_MAX
            )
        except (NotSent, NoAnswer):
            raise away() from None
        if not answer.fine:
            raise _refusal(answer)
        try:
            read = json.loads(answer.body)
        except (ValueError, RecursionError):
            raise away(answer) from None
        return cast("dict[str, object]", read) if isinstance(read, dict) else {}

    def _access(self, told: dict[str, object], *, sent: set[str]) -> Access:
        token = Secret(_token(told, "access_token", sent=sent))
        check_issuer(token, self.site)
        return Access(token=token, ends_at=self.clock.now() + _lifetime(told.get("expires_in")))


def _token(told: dict[str, object], name: str, *, sent: set[str]) -> str:
    """Return a token that can be one: what we sent comes back from an endpoint that echoes."""
    value = told.get(name)
    if not isinstance(value, str) or not _TOKEN.fullmatch(value) or value in sent:
        raise Unavailable(Reason.BROKER_UNAVAILABLE, broker=BROKER, lacks=name)
    return value


def _lifetime(told: object) -> timedelta:
    least, most = LIFETIME_S
    if not isinstance(told, int | float) or isinstance(told, bool) or not math.isfinite(told):
        return timedelta(seconds=least)
    return timedelta(seconds=min(max(told, least), most))


def _refusal(answer: Answer) -> DeskError:
    if answer.status == THROTTLED or answer.status >= SERVER_SIDE:
        return away(answer)
    refused = answer.status in _REFUSED
    return link_ended(complaint_of(answer.body).code) if refused else away(answer)
