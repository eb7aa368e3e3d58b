"""Taking secrets out of what is written down: by field name, by shape, and by the secret itself.

The last line of defence. Secrets have a type that cannot be printed; this is for what was never
in it: a header in a library's message, a URL in a traceback.
"""

import re
from collections.abc import MutableMapping
from typing import Any, Final

from strikedesk.domain.secret import MASK
from strikedesk.logs.scrubber import Scrubber

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
    """Knows the process's secrets, and what secrets look like."""

    def __init__(self, scrubber: Scrubber) -> None:
        """Take out what `scrubber` does, and what looks like a secret."""
        self._scrubber = scrubber

    def line(self, text: str) -> str:
        """Return a finished line, cut to its longest, without what `masked` takes out."""
        return self._shaped(self._scrubber.line(text)[:LINE_MAX])

    def masked(self, text: str) -> str:
        """Return a text without what is known and what looks like a secret. JSON stays JSON."""
        return self._shaped(self._scrubber.line(text))

    def _shaped(self, text: str) -> str:
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
