"""How a value may be spelled where it leaks: plain, escaped, encoded, backwards, broken in two.

`forms` are whole spellings, for a quick look whether there is anything to search for. `pattern` is
the search itself, which also finds spellings that mix: each character may be written in its own
way, and between two of them a line may end.
"""

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final
from urllib.parse import quote

# What a line break, a NUL of UTF-16 or the padding of a table's cell can look like.
_GAP: Final = (
    rb"(?:[\s\0]|\\+(?:[nrtfv]|(?i:u00|x)(?i:0[09a-d]|20))|%(?:25)*(?i:0[09a-d]|20)"
    rb"|&(?:amp;)*#(?:0*(?:9|1[0-3]|32)|[xX]0*(?i:[9a-d]|20));)*?"
)
_LINE_END: Final = rb"(?:\s|\\+[nrt]|%0[aAdD])*?"
_NAMED: Final = {"&": b"amp", "<": b"lt", ">": b"gt", '"': b"quot", "'": b"apos"}
_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")
# What our own answers make of somebody else's markup.
_QUIETED: Final = {
    "<": "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}",
    ">": "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}",
}
# How many letters of base64 the bytes in front of a value take a share of.
_SHARED: Final = {0: 0, 1: 2, 2: 3}
_BYTE: Final = 256
_ASCII: Final = 128


def forms(value: bytes) -> Iterator[bytes]:
    """Yield the whole spellings of a value.

    Plain, backwards, base64 at its three alignments in both alphabets, hex in both cases, percent
    escapes, JSON, `repr`, HTML entities, UTF-16.
    """
    text = _as_text(value)
    encoded = [core.translate(_URL_SAFE) for core in _base64(value)]
    for one in (value, value.hex().encode(), *_base64(value), *encoded):
        yield one
        yield one[::-1]
    yield value.hex().upper().encode()
    yield value.hex().upper().encode()[::-1]
    for one in (each.encode("utf-8", "surrogatepass") for each in _escaped(text)):
        yield one
        # As a string of a JSON text, and of a JSON text in a string of another.
        yield _in_json(one)
        yield _in_json(_in_json(one))
    yield b"".join(b"%%%02X" % byte for byte in value)
    yield b"".join(b"%%%02x" % byte for byte in value)
    yield text.encode("utf-16-le", "surrogatepass")


def _in_json(text: bytes) -> bytes:
    return text.replace(b"\\", b"\\\\").replace(b'"', b'\\"')


@lru_cache(maxsize=256)
def pattern(value: bytes) -> "re.Pattern[bytes]":
    """Return what finds the value in all spellings of `forms`, mixed and with gaps."""
    written = _elements(value)
    digits = [b"%c" % digit for digit in value.hex().encode()]
    encoded = ([_letter(code) for code in core] for core in _base64(value))
    plain = _both_ways(written, _GAP)
    hexed = (b"(?i:%s)" % way for way in _both_ways(digits, _LINE_END))
    rest = (way for letters in encoded for way in _both_ways(letters, _LINE_END))
    return re.compile(b"|".join((*plain, *hexed, *rest)))


def _both_ways(run: list[bytes], gap: bytes) -> Iterable[bytes]:
    return (gap.join(run), gap.join(reversed(run))) if run else ()


def _as_text(value: bytes) -> str:
    """Return the value as text; bytes that are none as whoever decodes them one by one would."""
    try:
        return value.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _escaped(text: str) -> Iterable[str]:
    quoted = quote(text, safe="", errors="surrogatepass")
    return (
        text,
        text[::-1],
        quoted,
        quoted.lower(),
        json.dumps(text)[1:-1],
        json.dumps(text, ensure_ascii=False)[1:-1],
        json.dumps(text.encode("latin-1", "ignore").decode("utf-8", "surrogateescape"))[1:-1],
        html.escape(text),
        *_as_told(text),
        repr(text)[1:-1],
        "".join(f"\\u{ord(char):04x}" for char in text),
        "".join(f"\\u{ord(char):04X}" for char in text),
        "".join(f"\\x{ord(char):02x}" for char in text),
        "".join(f"&#{ord(char)};" for char in text),
        "".join(f"&#x{ord(char):x};" for char in text),
        "".join(f"&#x{ord(char):X};" for char in text),
        "\\u0000".join(text),
        "\\x00".join(text),
        "%00".join(text),
    )


def _as_told(text: str) -> tuple[str, str]:
    """Return a text as our own answers tell somebody else's: as a value, and in a table."""
    quiet = text.translate(str.maketrans(_QUIETED))
    return quiet, quiet.replace('"', '""')


def _base64(value: bytes) -> list[bytes]:
    """Return the letters that are the value's alone, wherever in a group of three it begins."""
    return [
        base64.b64encode(bytes(before) + value)[shared : 8 * (before + len(value)) // 6]
        for before, shared in _SHARED.items()
    ]


def _elements(value: bytes) -> list[bytes]:
    """Return a pattern for each character; what a gap may hold needs none of its own."""
    text = _as_text(value)
    if text.encode("utf-8", "surrogatepass") != value:
        return [_byte(char) for char in text if not _is_gap(char)]
    return [_character(char) for char in text if not _is_gap(char)]


def _is_gap(char: str) -> bool:
    return char in " \t\n\r\v\f\0"


def _byte(char: str) -> bytes:
    """Return a pattern for a byte that is no text, however it was made into some."""
    if ord(char) < _ASCII:
        return _character(char)
    raw = re.escape(bytes([ord(char)]))
    return b"(?:%s|\\\\+(?i:udc%02x)|%s)" % (raw, ord(char), _character(char))


def _character(char: str) -> bytes:
    point, raw = ord(char), char.encode("utf-8", "surrogatepass")
    units = char.encode("utf-16-be", "surrogatepass")
    ways = [
        _bare(char, raw),
        b"".join(
            b"\\\\+(?i:u%s)" % units[n : n + 2].hex().encode() for n in range(0, len(units), 2)
        ),
        b"".join(b"\\\\+(?i:x%02x)" % byte for byte in raw),
        b"".join(b"%%(?:25)*(?i:%02x)" % byte for byte in raw),
        b"&(?:amp;)*#(?:0*%d|(?i:x0*%x));?" % (point, point),
    ]
    if _ASCII <= point < _BYTE:
        ways.append(b"\\\\+(?i:x%02x)|%%(?:25)*(?i:%02x)" % (point, point))
    if char == "\b":
        ways.append(rb"\\+b")
    if char in _QUIETED:
        ways.append(b"%s|\\\\+u%04x" % (_QUIETED[char].encode(), ord(_QUIETED[char])))
    if char in _NAMED:
        ways.append(b"&(?:amp;)*%s;" % _NAMED[char])
    return b"(?:%s)" % b"|".join(ways)


def _bare(char: str, raw: bytes) -> bytes:
    if char == "\\":
        return rb"\\+"
    if char == '"':
        return rb'(?:\\*"){1,2}'  # The cell of a table doubles it.
    return rb"\\*" + re.escape(raw) if char in "'/" else re.escape(raw)


def _letter(code: int) -> bytes:
    """Return a pattern for a letter of base64 in either alphabet."""
    if code == ord("+"):
        return rb"(?:[+-]|%(?:25)*2[bBdD]|\\+u002[bBdD]|&#(?:43|45|x2[bBdD]);)"
    if code == ord("/"):
        return (
            rb"(?:\\*/|_|%(?:25)*(?:2[fF]|5[fF])|\\+u00(?:2[fF]|5[fF])|&#(?:47|95|x2[fF]|x5[fF]);)"
        )
    return b"%c" % code
