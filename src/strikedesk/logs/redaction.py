"""Taking secrets out of what is written down: by field name, by shape, and by the secret itself.

The last line of defence. Secrets have a type that cannot be printed; this is for what was never
in it: a header in a library's message, a URL in a traceback.
"""

import base64
import json
import re
from collections.abc import Iterable, MutableMapping
from typing import Any, Final
from urllib.parse import quote

from strikedesk.domain.secret import MASK, Secret

SECRET_MIN: Final = 6
LINE_MAX: Final = 16_384
_NAMES: Final = re.compile(
    r"authorization|cookie|passw|secret|token|nonce|api[-_]?key|credential|private", re.IGNORECASE
)
_SHAPES: Final = (
    (re.compile(r"\bsdt_[\w-]{8,}"), MASK),  # Our own bearer tokens.
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}"), rf"\1 {MASK}"),
    (re.compile(r"(://[^\s:/@\"']*:)[^\s@/\"']+@"), rf"\1{MASK}@"),
    (
        re.compile(
            r"(?i)((?:passw(?:or)?d|secret|token|nonce|api[-_]?key)\\?[\"']?\s*[=:]\s*\\?[\"']?)"
            r"[^\s\"',&;}\\]{4,}"
        ),
        rf"\1{MASK}",
    ),
)


class Redactor:
    """Knows some secrets, and what secrets look like."""

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        """Know these from the start."""
        self._known: set[str] = set()
        for secret in secrets:
            self.learn(secret)

    def learn(self, secret: Secret) -> None:
        """Take this one out of everything from now on, where it is long enough to be one."""
        try:
            text = secret.reveal_bytes().decode()
        except UnicodeDecodeError:
            return
        if len(text) >= SECRET_MIN:
            self._known.update(_spellings(text))

    def line(self, text: str) -> str:
        """Return a finished line, cut to its longest, without what `masked` takes out."""
        return self.masked(text[:LINE_MAX])

    def masked(self, text: str) -> str:
        """Return a text without what is known and what looks like a secret. JSON stays JSON."""
        for secret in sorted(self._known, key=len, reverse=True):
            text = text.replace(secret, MASK)
        for shape, instead in _SHAPES:
            text = shape.sub(instead, text)
        return text

    def fields(
        self,
        logger: Any,  # noqa: ANN401, ARG002 -- structlog's signature
        method: str,  # noqa: ARG002 -- same
        event: MutableMapping[str, Any],
    ) -> MutableMapping[str, Any]:
        """Mask the fields whose name says secret; a processor of structlog."""
        for name in event:
            if _NAMES.search(name):
                event[name] = MASK
        return event


def _spellings(secret: str) -> set[str]:
    """Return a secret as it is, and as a URL, a JSON text, hex or Base64 would have it."""
    raw = secret.encode()
    encoded = {base64.b64encode(raw), base64.urlsafe_b64encode(raw)}
    return {
        secret,
        quote(secret, safe=""),
        json.dumps(secret)[1:-1],
        raw.hex(),
        raw.hex().upper(),
        *(form.decode().rstrip("=") for form in encoded),
    }
