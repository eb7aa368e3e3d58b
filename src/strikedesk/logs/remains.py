"""What is left of a secret where only a part of it stands: cut off at an end, or told in pieces.

A piece is eight characters together, in any spelling. Of a plain one that is all letters of one
case, or all digits, nothing tells that it is of a secret: such a piece is left where it stands.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final, TypeAlias

from strikedesk.logs.spellings import forms

PIECE: Final = 8
Span: TypeAlias = tuple[int, int]

# In UTF-8 the later bytes of a letter begin with these bits.
_OF_LETTER: Final = 0b1100_0000
_WITHIN: Final = 0b1000_0000
_RUN: Final = re.compile(rb"\x01+")


def remains(value: bytes, text: bytes) -> list[Span]:
    """Return where in `text` pieces of the value stand, in order, none touching another."""
    covered, pieces = bytearray(len(text)), _pieces(value)
    for start, steps in stepped(text):
        if pieces.keys().isdisjoint(steps):
            continue
        for number, step in enumerate(steps):
            at = start + PIECE * number
            for piece in pieces.get(step, ()):
                if text.startswith(piece, at):
                    first, end = _whole_letters(text, at, at + len(piece))
                    covered[first:end] = b"\x01" * (end - first)
    return [found.span() for found in _RUN.finditer(covered)]


def _whole_letters(text: bytes, start: int, end: int) -> Span:
    """Return a place without the half of a letter at either end: text stays text."""
    while start and text[start] & _OF_LETTER == _WITHIN:
        start -= 1
    while end < len(text) and text[end] & _OF_LETTER == _WITHIN:
        end += 1
    return start, end


def stepped(data: bytes) -> Iterator[tuple[int, "memoryview[int]"]]:
    """Yield what stands at every step of eight bytes as numbers, for each place to begin at."""
    view = memoryview(data)
    for start in range(min(PIECE, len(data) - PIECE + 1)):
        yield start, view[start : len(data) - (len(data) - start) % PIECE].cast("Q")


def step_of(piece: bytes) -> int:
    """Return the first eight bytes as such a number."""
    return int.from_bytes(piece[:PIECE], sys.byteorder)


def spelled(step: int) -> bytes:
    """Return the eight bytes that such a number stands for."""
    return step.to_bytes(PIECE, sys.byteorder)


def is_telling(piece: bytes) -> bool:
    """Whether a piece of plain text looks like one of a secret rather than like a word or a day."""
    has_digit = any(48 <= byte < 58 for byte in piece)  # noqa: PLR2004 -- the digits of ASCII
    has_letter = piece.lower() != piece.upper()
    mixed = piece not in {piece.lower(), piece.upper()}
    return mixed or (has_digit and has_letter)


@lru_cache(maxsize=16)
def _pieces(value: bytes) -> Mapping[int, tuple[bytes, ...]]:
    """Return the pieces of all spellings, by their first step."""
    found: dict[int, tuple[bytes, ...]] = {}
    for piece in {piece for form in set(forms(value)) for piece in _of_form(form, value)}:
        step = step_of(piece)
        found[step] = (*found.get(step, ()), piece)
    return found


def _of_form(form: bytes, value: bytes) -> Iterator[bytes]:
    # As long as eight characters of the value are, spelled so.
    length = max(PIECE, -(-PIECE * len(form) // len(value)))
    for at in range(len(form) - length + 1):
        piece = form[at : at + length]
        if length > PIECE or is_telling(piece):
            yield piece
