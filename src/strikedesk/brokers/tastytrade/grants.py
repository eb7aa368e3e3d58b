"""What links a user to tastytrade: the grant, and which environment it says it is of."""

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Final, cast
from urllib.parse import urlsplit

from strikedesk.brokers.tastytrade.faults import BROKER
from strikedesk.brokers.tastytrade.sites import Site, environment_of_host
from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.reasons import Reason
from strikedesk.domain.secret import Secret

_PARTS_OF_A_JWT: Final = 3
_SCOPES: Final = ("read", "trade", "openid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A refresh token with the secret of the application that it was granted to."""

    client_secret: Secret
    refresh_token: Secret
    client_id: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What is sealed of a link: the grant, and the key by which accounts are named at the desk.

    The key outlives its grant: with another one, the desk's orders would be of unknown accounts.
    """

    grant: Grant
    account_key: Secret

    def written(self) -> Secret:
        """Return it as one secret, for the vault: lines of nothing but its parts.

        A word that is no secret would be searched for in everything that leaves the process.
        """
        own = self.grant.client_id
        parts = (
            "" if own is None else own.reveal(),
            self.grant.client_secret.reveal(),
            self.grant.refresh_token.reveal(),
            self.account_key.reveal(),
        )
        return Secret("\n".join(parts))


def read_link(written: Secret) -> Link:
    """Return what `Link.written` wrote."""
    own, secret, token, key = written.reveal().split("\n")
    grant = Grant(
        client_id=Secret(own) if own else None,
        client_secret=Secret(secret),
        refresh_token=Secret(token),
    )
    return Link(grant=grant, account_key=Secret(key))


def scopes_of(token: Secret) -> tuple[str, ...]:
    """Return the scopes that a token says it has; none where it does not say."""
    told = _claims(token.reveal()).get("scope")
    said = told.split() if isinstance(told, str) else told
    return tuple(scope for scope in _SCOPES if isinstance(said, list) and scope in said)


def check_issuer(token: Secret, site: Site) -> None:
    """Refuse a token that says it is of another environment than the site's.

    One that does not say (no JWT, no issuer, an issuer that is none of the broker's hosts) passes:
    the broker itself refuses what is not its own. Nothing here proves the token genuine.

    Raises:
        Misconfigured: BROKER_LINK_ELSEWHERE.
    """
    host = _issuer_host(token)
    issued = None if host is None else environment_of_host(host)
    if issued is None or (issued is site.environment and not site.is_here):
        return
    raise Misconfigured(
        Reason.BROKER_LINK_ELSEWHERE,
        broker=BROKER,
        grant=issued.value,
        here="a sandbox on this machine" if site.is_here else site.environment.value,
    )


def _issuer_host(token: Secret) -> str | None:
    claims = _claims(token.reveal())
    issuer = claims.get("iss")
    if not isinstance(issuer, str):
        return None
    try:
        return urlsplit(issuer if "//" in issuer else f"//{issuer}").hostname
    except ValueError:
        return None


def _claims(token: str) -> dict[str, object]:
    parts = token.split(".")
    if len(parts) != _PARTS_OF_A_JWT:
        return {}
    try:
        padded = parts[1] + "=" * (-len(parts[1]) % 4)
        read = json.loads(base64.urlsafe_b64decode(padded))
    except (binascii.Error, ValueError, RecursionError):
        return {}
    return cast("dict[str, object]", read) if isinstance(read, dict) else {}
