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


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A refresh token with the secret of the application that it was granted to."""

    client_secret: Secret
    refresh_token: Secret
    client_id: Secret | None = None


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
