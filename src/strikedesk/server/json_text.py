"""JSON from a stranger: how deep it goes is known before anything descends into it."""

import json
import re
from typing import TYPE_CHECKING, Final, NoReturn

if TYPE_CHECKING:
    from strikedesk.domain.ledger import Json

DEPTH_MAX: Final = 64
# Possessive, and content with a text that never ends: a hostile one is read once, not once a quote.
_MARKS: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)
_ID: Final = rb'"id"\s*+:\s*+(-?\d{1,18}|"[^"\\]{0,200}+")\s*+'
_FLAT: Final = rb'"(?:jsonrpc|method)"\s*+:\s*+"[^"\\]{0,200}+"\s*+'
_HEAD: Final = re.compile(rb"\s*+\{\s*+(?:" + _FLAT + rb",\s*+)*+" + _ID + rb"[,}]")
_TAIL: Final = re.compile(rb"[,{]\s*+" + _ID + rb"(?:,\s*+" + _FLAT + rb")*+\}\s*+$")
_ENDS: Final = 1_024


def too_deep(data: bytes, most: int = DEPTH_MAX) -> bool:
    """Tell whether arrays and objects nest deeper than `most`, without recursion.

    Text that holds no more brackets than that cannot, which settles nearly every message at the
    speed of counting bytes.
    """
    if data.count(b"[") + data.count(b"{") <= most:
        return False
    depth = 0
    for mark in _MARKS.finditer(data):
        if mark.group() in {b"[", b"{"}:
            depth += 1
            if depth > most:
                return True
        elif mark.group() in {b"]", b"}"}:
            depth -= 1
    return False


def request_id(message: bytes) -> str | int | None:
    """Return the id of a JSON-RPC message that cannot be read as a whole, or None.

    It is looked for where the outermost object begins and where it ends, which is where programs
    write it; what lies between is not walked. What was cut off ends somewhere else, and shows it.
    """
    found = _HEAD.match(message[:_ENDS])
    if found is None and all(message.count(a) == message.count(b) for a, b in (b"{}", b"[]")):
        found = _TAIL.search(message[-_ENDS:])
    return None if found is None else json.loads(found.group(1))


def read_json(text: str, most: int) -> "Json":
    """Return what the JSON text of at most `most` characters says; None for anything else.

    NaN and the infinities are no JSON; digits beyond what an int may have are refused.
    """
    if len(text) > most or too_deep(text.encode("utf-8", "surrogatepass")):
        return None
    try:
        return json.loads(text, parse_constant=_no_number)
    except ValueError:
        return None


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")
