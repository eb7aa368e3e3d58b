"""What a client of the account streamer says, and what it is answered."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, cast

from strikedesk.domain.ledger import Json

CONNECT: Final = "connect"
HEARTBEAT: Final = "heartbeat"
QUOTE_ALERTS: Final = "quote-alerts-subscribe"
_LEGACY: Final = {"account-subscribe": CONNECT}
_OTHERS: Final = frozenset({"public-watchlists-subscribe", QUOTE_ALERTS, "user-message-subscribe"})
_ACCOUNTS_MAX: Final = 100
_SCHEME: Final = "Bearer "


class Refused(Exception):
    """What was said is not done, in the protocol's word for it."""


@dataclass(slots=True, kw_only=True)
class ActionDesk:
    """Answers one client: `accounts` are those whose news it wants, quote alerts `wants_alerts`.

    Source: `connect` comes first; before it a heartbeat is `not-implemented` and everything else
    `connect-not-completed`. Every message shows a token that is good now.
    """

    session_id: str
    may_read: Callable[[str], bool]
    known: Callable[[str], bool]
    accounts: tuple[str, ...] | None = None
    wants_alerts: bool = False

    def heard(self, text: str) -> str:
        """Take in one message; return the answer."""
        said = _read(text)
        action = said.get("action")
        named = action if isinstance(action, str) else ""
        about: dict[str, Json] = {"action": named, "web-socket-session-id": self.session_id}
        if "request-id" in said:
            about["request-id"] = said["request-id"]
        try:
            value = self._do(_LEGACY.get(named, named), said)
        except Refused as refused:
            return json.dumps({"status": "error", **about, "message": str(refused)})
        return json.dumps({"status": "ok", **about, **value})

    def _do(self, action: str, said: dict[str, Json]) -> dict[str, Json]:
        token = said.get("auth-token")
        if not isinstance(token, str) or not self.may_read(token.removeprefix(_SCHEME)):
            raise Refused("unauthorized")
        if action == CONNECT:
            return self._connect(said.get("value"))
        if action == HEARTBEAT and self.accounts is not None:
            return {}
        if action in _OTHERS and self.accounts is not None:
            self.wants_alerts = self.wants_alerts or action == QUOTE_ALERTS
            return {}
        known = action in _OTHERS
        raise Refused("connect-not-completed" if known else "not-implemented")

    def _connect(self, value: Json) -> dict[str, Json]:
        numbers = [value] if isinstance(value, str) else value
        if not isinstance(numbers, list) or not 0 < len(numbers) <= _ACCOUNTS_MAX:
            raise Refused("accounts-missing")
        read = tuple(dict.fromkeys(n for n in numbers if isinstance(n, str) and self.known(n)))
        if len(read) != len(set(map(str, numbers))):
            raise Refused("not-permitted")
        self.accounts = read
        return {"value": [*read]}


def notice(subject: str, data: Json, at_ms: int) -> str:
    """Write a notice: always of a whole object."""
    return json.dumps({"type": subject, "data": data, "timestamp": at_ms})


def _read(text: str) -> dict[str, Json]:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return cast("dict[str, Json]", said) if isinstance(said, dict) else {}
