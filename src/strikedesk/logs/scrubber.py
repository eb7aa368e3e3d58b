"""The last sink: every byte that leaves is searched for the secrets that the process knows.

It costs nothing while none is known, and else eight passes of 8-byte steps over those runs of
letters that a secret could stand in (25 µs a kilobyte of an answer, 50 where all of it is one run,
however many secrets): each step is looked up among all 8-byte pieces of all their spellings. Only
where one is found does the search begin that takes them out: whole ones, and then what remains of
others.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from strikedesk.logs.known import Known
from strikedesk.logs.remains import PIECE, is_telling, remains, spelled, step_of, stepped
from strikedesk.logs.spellings import forms, pattern

MASK: Final = b"[redacted]"
# Broken in two, a spelling of so many bytes leaves a whole step together.
_LONG: Final = 2 * PIECE - 1
_HALVED: Final = 12
# Of the longest spellings three parts are enough: a break leaves two of them whole, an end cut off
# one. All of what is plain is looked for.
_PART: Final = 4 * PIECE - 3
_PARTED: Final = 4 * _PART
_TEXT: Final = re.compile(rb'"((?:[^"\\]++|\\.)*+)"', re.DOTALL)
_TAIL: Final = re.compile(rb"\\*\Z")
_BEGUN: Final = re.compile(rb"(\\+)(u[0-9a-fA-F]{0,3})?\Z")
_ESCAPED: Final = len("u0041")
_NEVER: Final = re.compile(rb"(?!)")


@dataclass(frozen=True, slots=True)
class _Net:
    """What a quick look catches: pieces at every step, and short spellings one by one."""

    version: int
    runs: re.Pattern[bytes]
    pieces: dict[int, bytes]
    shared: dict[int, set[bytes]]
    needles: tuple[tuple[bytes, bytes], ...]

    def caught(self, data: bytes) -> Collection[bytes]:
        """Return the values that may be in there."""
        found = {value for needle, value in self.needles if needle in data}
        for _, seen in stepped(b"\n".join(self.runs.findall(data))):
            if not self.pieces.keys().isdisjoint(seen):
                steps = [step for step in seen if step in self.pieces]
                found |= {self.pieces[step] for step in steps}
                found.update(*(self.shared[step] for step in steps if step in self.shared))
        return found


class Scrubber:
    """Takes out what is known, and leaves JSON that was valid valid."""

    def __init__(self, known: Known, *, spared: Collection[bytes] = ()) -> None:
        """Search for what `known` holds at the time of each write, but for `spared`."""
        self._known = known
        self._spared = frozenset(spared)
        self._net = _woven(known, self._spared)

    def is_clean(self, data: bytes) -> bool:
        """Tell whether nothing would be taken out."""
        return not self._caught(data)

    def json(self, data: bytes) -> bytes:
        """Return JSON text, or events that carry it, with its strings and keys scrubbed."""
        if not (values := self._caught(data)):
            return data
        for value in values:
            data = _TEXT.sub(lambda text, value=value: _within(text[1], value), data)
        for value in self._caught(data):
            data = _TEXT.sub(lambda text, value=value: _without_remains(text[1], value), data)
        return data

    def plain(self, data: bytes) -> bytes:
        """Return text of any other kind, scrubbed."""
        for value in self._caught(data):
            data = pattern(value).sub(MASK, data)
        for value in self._caught(data):
            data = _cut_out(data, [(*span, MASK) for span in remains(value, data)])
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
    version, strands = known.version, [_strand(value) for value in known if value not in spared]
    pieces: dict[int, bytes] = {}
    # Escaped, two secrets begin alike as soon as they share a letter.
    shared: dict[int, set[bytes]] = {}
    for steps, _ in strands:
        for step in pieces.keys() & steps.keys():
            shared.setdefault(step, {pieces[step]}).add(steps[step])
        pieces.update(steps)
    needles = tuple(needle for _, needles in strands for needle in needles)
    return _Net(version, _runs(pieces), pieces, shared, needles)


def _runs(pieces: Collection[int]) -> re.Pattern[bytes]:
    """Return a search for what a piece may stand in: it holds no letter that no piece holds.

    Most of an answer is numbers, commas and short names, which need no closer look.
    """
    letters = {letter for step in pieces for letter in spelled(step)}
    if not letters:
        return _NEVER
    return re.compile(b"[%s]{%d,}" % (re.escape(bytes(sorted(letters))), PIECE))


# Whoever comes in with a new token need not wait until all others are spelled again.
@lru_cache(maxsize=256)
def _strand(value: bytes) -> tuple[dict[int, bytes], tuple[tuple[bytes, bytes], ...]]:
    spelled = set(forms(value))
    long = [form for form in spelled if len(form) >= _LONG]
    pieces = {step: value for form in long for step in _steps(form, value)}
    needles = {needle for form in spelled if len(form) < _LONG for needle in _needles(form)}
    return pieces, tuple((needle, value) for needle in needles)


def _steps(form: bytes, value: bytes) -> Iterator[int]:
    """Yield the pieces of a spelling, of plain text only those that tell, where any does."""
    parts = (form,) if form == value or len(form) < _PARTED else _ends_and_middle(form)
    pieces = [part[at : at + PIECE] for part in parts for at in range(len(part) - PIECE + 1)]
    plain = len(form) == len(value)
    for piece in (plain and [*filter(is_telling, pieces)]) or pieces:
        yield step_of(piece)


def _ends_and_middle(form: bytes) -> tuple[bytes, ...]:
    middle = len(form) // 2
    return form[:_PART], form[middle : middle + _PART], form[-_PART:]


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
    return b'"%s"' % pattern(value).sub(lambda found: _masked(text, *found.span()), text)


def _without_remains(text: bytes, value: bytes) -> bytes:
    """Take out of what stands between two quotes of JSON what is left of a secret."""
    spans = remains(value, text)
    return b'"%s"' % _cut_out(text, [(*span, _masked(text, *span)) for span in spans])


def _cut_out(text: bytes, cuts: list[tuple[int, int, bytes]]) -> bytes:
    """Return `text` with something else in each of these places."""
    for start, end, instead in reversed(cuts):
        text = text[:start] + instead + text[end:]
    return text


def _masked(text: bytes, start: int, end: int) -> bytes:
    r"""Return what stands for a part of a text of JSON, with whole escapes on both sides.

    The `n` of a `\n` in front is no letter of the secret, nor are the digits of a `\u0010`, and a
    backslash at the end that escapes what follows belongs to that.
    """
    kept = text[start:end][: _owed(text, start)]
    after = _TAIL.search(text, start + len(kept), end)
    odd = after is not None and len(after[0]) % 2
    return kept + MASK + (b"\\" if odd else b"")


def _owed(text: bytes, start: int) -> int:
    """Return how many letters from `start` on belong to an escape that began before."""
    before = _BEGUN.search(text, 0, start)
    if before is None or not len(before[1]) % 2:
        return 0
    if before[2]:
        return _ESCAPED - len(before[2])
    return _ESCAPED if text.startswith(b"u", start) else 1
