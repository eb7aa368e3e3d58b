"""The last sink: every byte that leaves is searched for the secrets that the process knows.

It costs nothing while none is known, and else a pass of 8-byte steps over what is written
(5 µs a kilobyte, however many secrets): each step is looked up among all 8-byte pieces of all their
spellings. Only where one is found does the search begin that takes them out.
"""

import re
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from strikedesk.logs.known import Known
from strikedesk.logs.spellings import forms, pattern

MASK: Final = b"[redacted]"
_STEP: Final = 8
# Broken in two, a spelling of so many bytes leaves 15 together, and those hold a whole step.
_LONG: Final = 4 * _STEP - 3
_HALVED: Final = 12
# Of the longest spellings three parts are enough: a break leaves two of them whole.
_PARTED: Final = 4 * _LONG
_TEXT: Final = re.compile(rb'"((?:[^"\\]++|\\.)*+)"', re.DOTALL)
_TAIL: Final = re.compile(rb"\\*\Z")
# An escape of four digits that a match has cut in two.
_CUT: Final = re.compile(rb"(\\++)u([0-9a-fA-F]{0,3})\Z")
_DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class _Net:
    """What a quick look catches: pieces at every step, and short spellings one by one."""

    version: int
    pieces: dict[int, bytes]
    needles: tuple[tuple[bytes, bytes], ...]

    def caught(self, data: bytes) -> Collection[bytes]:
        """Return the values that may be in there."""
        seen = memoryview(data)[: len(data) - len(data) % _STEP].cast("Q")
        found = {value for needle, value in self.needles if needle in data}
        if not self.pieces.keys().isdisjoint(seen):
            found |= {self.pieces[step] for step in seen if step in self.pieces}
        return found


class Scrubber:
    """Takes out what is known, and leaves JSON that was valid valid."""

    def __init__(self, known: Known, *, spared: Collection[bytes] = ()) -> None:
        """Search for what `known` holds at the time of each write, but for `spared`."""
        self._known = known
        self._spared = frozenset(spared)
        self._net = _woven(known, self._spared)

    def json(self, data: bytes) -> bytes:
        """Return JSON text, or events that carry it, with its strings and keys scrubbed."""
        if not (values := self._caught(data)):
            return data
        for value in values:
            data = _TEXT.sub(lambda text, value=value: _within(text[1], value), data)
        return data

    def plain(self, data: bytes) -> bytes:
        """Return text of any other kind, scrubbed."""
        for value in self._caught(data):
            data = pattern(value).sub(MASK, data)
        return data

    def line(self, text: str) -> str:
        """Return a line of text, which may be a JSON object."""
        if not self._known.version:
            return text
        data = text.encode("utf-8", "surrogatepass")
        whole = data.lstrip().startswith(b"{") and data.rstrip().endswith(b"}")
        scrubbed = self.json(data) if whole else self.plain(data)
        return text if scrubbed is data else scrubbed.decode("utf-8", "surrogateescape")

    def _caught(self, data: bytes) -> Collection[bytes]:
        if not self._known.version:
            return ()
        if self._net.version != self._known.version:
            self._net = _woven(self._known, self._spared)
        return self._net.caught(data)


def _woven(known: Known, spared: Collection[bytes]) -> _Net:
    version = known.version
    spelled = [(one, value) for value in known if value not in spared for one in set(forms(value))]
    pieces = {step: value for one, value in spelled if len(one) >= _LONG for step in _steps(one)}
    needles = {(n, value) for one, value in spelled if len(one) < _LONG for n in _needles(one)}
    return _Net(version, pieces, tuple(needles))


def _steps(form: bytes) -> Iterator[int]:
    for part in _parts(form):
        for at in range(len(part) - _STEP + 1):
            yield int.from_bytes(part[at : at + _STEP], sys.byteorder)


def _parts(form: bytes) -> tuple[bytes, ...]:
    if len(form) < _PARTED:
        return (form,)
    middle = len(form) // 2
    return form[:_LONG], form[middle : middle + _LONG], form[-_LONG:]


def _needles(form: bytes) -> Iterator[bytes]:
    """Yield both halves: a break in one leaves the other whole. Little ones would be everywhere."""
    if len(form) < _HALVED:
        yield form
        return
    half = len(form) // 2
    yield form[:half]
    yield form[half:]


def _within(text: bytes, value: bytes) -> bytes:
    """Scrub what stands between two quotes of JSON."""
    return b'"%s"' % pattern(value).sub(_masked, text)


def _masked(found: "re.Match[bytes]") -> bytes:
    r"""Mask a match and leave whole escapes on both sides.

    The `n` of a `\n` in front is no letter of the secret, nor are the digits of a `\u0010`, and a
    backslash at the end that escapes what follows belongs to that.
    """
    before = _TAIL.search(found.string[: found.start()])
    kept = _rest_of_escape(found)
    if before is not None and len(before[0]) % 2 and not found[0].startswith(b"\\"):
        kept = found[0][: 5 if found[0].startswith(b"u") else 1]
    after = _TAIL.search(found[0])
    odd = after is not None and len(after[0]) % 2
    return kept + MASK + (b"\\" if odd else b"")


def _rest_of_escape(found: "re.Match[bytes]") -> bytes:
    """Return the digits that a match took from an escape which began before it."""
    cut = _CUT.search(found.string[: found.start()])
    if cut is None or len(cut[1]) % 2 == 0:
        return b""
    return found[0][: _DIGITS - len(cut[2])]
