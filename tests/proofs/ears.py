"""Where outputs end up in a proof: each is counted, and searched for what must not be in it."""

import asyncio
import io
import json
from collections import Counter
from collections.abc import Collection
from typing import Any, Final

from tests.proofs.canaries import MAIL_SPELLED, Oracle

HITS_KEPT: Final = 20
NONCES_KEPT: Final = 40
SHOWN: Final = 6_000
MARKED: Final = "untrusted"
ANSWERS: Final = frozenset({"line on stdout", "body over HTTP", "event over SSE"})


class Tally:
    """How many outputs of which kind there were, and which of them held what.

    The oracle and the nonces are those of the life under way. A nonce may be in the answer that
    made it, so it is looked for from then on. `words` counts answers in which a field of somebody
    else's words held the address, spelled so that nothing tells it for one.
    """

    def __init__(self) -> None:
        self.kinds: Counter[str] = Counter()
        self.hits: Counter[tuple[str, str]] = Counter()
        self.kept: list[str] = []
        self.oracle = Oracle({})
        self.nonces: list[bytes] = []
        self.first_hit: int | None = None
        self.words = 0

    @property
    def count(self) -> int:
        return self.kinds.total()

    @property
    def failures(self) -> int:
        """How many outputs held something."""
        return self.hits.total()

    def hear(self, kind: str, output: bytes, may_hold: Collection[str] = ()) -> None:
        """Count an output, and look into it."""
        self.kinds[kind] += 1
        found = self.oracle.found(output) - {*may_hold}
        if MAIL_SPELLED in found and MARKED.encode() in output and kind in ANSWERS:
            found -= {MAIL_SPELLED} - self.oracle.found(beyond_words(json_of(output)))
            self.words += 1
        if any(nonce in output for nonce in self.nonces[-NONCES_KEPT:]):
            found.add("nonce")
        self._note(kind, output, found)

    def hear_late(self, kind: str, output: bytes, may_hold: Collection[str] = ()) -> None:
        """Count an output of after, in which no nonce of the life has a place."""
        self.kinds[kind] += 1
        found = self.oracle.found(output) - {*may_hold}
        if any(nonce in output for nonce in self.nonces):
            found.add("nonce")
        self._note(kind, output, found)

    def _note(self, kind: str, output: bytes, found: set[str]) -> None:
        if not found:
            return
        self.first_hit = self.first_hit or self.count
        self.hits[kind, " ".join(sorted(found))] += 1
        if len(self.kept) < HITS_KEPT:
            self.kept.append(f"{kind}: {found} in {output!r}"[:SHOWN])


def json_of(output: bytes) -> dict[str, Any]:
    """Return the message that a line is, or an event of a stream carries."""
    return json.loads(output[output.index(b"{") :])


def beyond_words(message: dict[str, Any]) -> bytes:
    """Return what an answer tells in fields that are not marked as somebody else's words."""
    told: dict[str, Any] = message.get("result", {}).get("structuredContent") or {}
    columns: list[str] = told.get("columns", [])
    kept = [n for n, name in enumerate(columns) if not name.startswith(MARKED)]
    if columns:
        told = told | {"rows": [[row[n] for n in kept] for row in told["rows"]]}
    return json.dumps({n: v for n, v in told.items() if not n.startswith(MARKED)}).encode()


class LogEar(io.StringIO):
    """The stream that log lines are written to."""

    def __init__(self, tally: Tally) -> None:
        super().__init__()
        self.tally = tally

    def write(self, text: str, /) -> int:
        if text.strip():
            self.tally.hear("log line", text.encode("utf-8", "surrogatepass"))
        return len(text)


class PipeEar(asyncio.WriteTransport):
    """The far end of stdout: every line is heard, and whoever waits for an answer gets it."""

    def __init__(self, tally: Tally) -> None:
        super().__init__()
        self.tally = tally
        self.waiting: dict[Any, asyncio.Future[dict[str, Any]]] = {}

    def write(self, data: bytes | bytearray | memoryview) -> None:
        line = bytes(data)
        self.tally.hear("line on stdout", line)
        message: dict[str, Any] = json.loads(line)
        waiting = self.waiting.pop(message.get("id"), None)
        if waiting is not None and not waiting.done():
            waiting.set_result(message)

    def close(self) -> None:
        """Nobody reads any more; nothing is left to write."""
