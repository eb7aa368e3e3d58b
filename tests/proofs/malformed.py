"""Messages that no client should send, as many as wanted, the same on every machine.

What can be meant by one is refused by what it asks for: none of them holds a nonce, and none asks
for a halt in words that would be taken.
"""

import json
import random
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeAlias

from strikedesk.server.menu import MENU

Make: TypeAlias = Callable[[random.Random], bytes]

SEED: Final = 20_261_130
LONGEST: Final = 100_000
# Of so many messages one is as long as it gets.
LONG_ONE_IN: Final = 100
# Clients count from 1: no answer to one of these is taken for the answer to a call.
FIRST_ID: Final = 1_000_000
# A nonce for all that anybody knows: no answer, no log may hold it.
MARK: Final = "quoted-nowhere"
# It may be called without arguments at all, and halts.
TOOLS: Final = tuple(item.name for item in MENU if item.name != "halt_trading")
METHODS: Final = (
    *("initialize", "ping", "tools/list", "tools/call", "resources/list", "resources/read"),
    *("prompts/list", "prompts/get", "completion/complete", "logging/setLevel"),
)
NOTICES: Final = (
    *("notifications/initialized", "notifications/cancelled", "notifications/progress"),
    *("notifications/roots/list_changed", "notifications/nothing"),
)
NOT_JSON: Final = (b"", b" ", b"\t \t", b"{", b"}", b"[", b'"', b"null", b"NaN", b"'", b"0", b"[]")
NUMBERS: Final = (b"NaN", b"-Infinity", b"1e400", b"1" * 400, b"9" * 5_000, b"-0", b"1e-400")
BYTES: Final = (b"\xff", b"\xc3\x28", b"\xed\xa0\x80", b"\xf8\x88\x80\x80", b"\x80", b"\xfe\xff")
PLAIN: Final = (None, True, False, -1, 0, 2**63, 10**30, 1e308, "", "SPY", "paper-margin", MARK)
ODD_IDS: Final = (None, True, 1e6 + 0.5, 10**400, -(2**70), "", "\x00", [FIRST_ID], {"id": 1})
CONTROLS: Final = (b"\x00", b"\x01", b"\x08", b"\x0b", b"\x1b[2J", b"\x7f", b"\r", b"\xe2\x80\xae")


def messages(count: int) -> Iterator[bytes]:
    """Make so many, none with a line feed in it: over pipes each is a line."""
    chance = random.Random(SEED)  # noqa: S311 -- the same work on every machine
    for _ in range(count):
        yield chance.choice(KINDS)(chance).replace(b"\n", b" ")


def _text(chance: random.Random) -> str:
    """Return text of any alphabet, seldom a long one."""
    if not chance.randrange(LONG_ONE_IN):
        return "x" * chance.randint(1, LONGEST)
    return "".join(
        chr(chance.choice((0x20, 0x600, 0x1F600)) + n) for n in range(chance.randint(0, 9))
    )


def _value(chance: random.Random, depth: int = 3) -> Any:
    """Return anything that JSON can say."""
    kind = chance.randrange(4 if depth else 2)
    if kind == 2:
        return [_value(chance, depth - 1) for _ in range(chance.randint(0, 3))]
    if kind == 3:
        keys = ("account", "legs", "symbols", "nonce", "_meta", "__proto__", "name", _text(chance))
        return {chance.choice(keys): _value(chance, depth - 1) for _ in range(chance.randint(0, 3))}
    return chance.choice((*PLAIN, _text(chance)))


def _call(chance: random.Random) -> dict[str, Any]:
    """Return a request in its proper envelope, for a tool that gets anything for arguments."""
    params = {"name": chance.choice(TOOLS), "arguments": _value(chance)}
    return {"jsonrpc": "2.0", "id": _id(chance), "method": "tools/call", "params": params}


def _id(chance: random.Random) -> int:
    """Return an id; there are so few that some are still being answered."""
    return FIRST_ID + chance.randrange(50)


def _bytes(message: Any) -> bytes:
    return json.dumps(message).encode()


def _with(chance: random.Random, **changes: Any) -> bytes:
    return _bytes({**_call(chance), **changes})


def _garbage_for_a_tool(chance: random.Random) -> bytes:
    return _bytes(_call(chance))


def _cut_off(chance: random.Random) -> bytes:
    whole = _bytes(_call(chance))
    return whole[: chance.randrange(len(whole))]


def _no_json(chance: random.Random) -> bytes:
    return chance.choice(NOT_JSON)


def _noise(chance: random.Random) -> bytes:
    return chance.randbytes(chance.randint(1, 200))


def _member_of_another_type(chance: random.Random) -> bytes:
    return _with(chance, **{chance.choice(("jsonrpc", "method", "params")): _value(chance)})


def _member_missing(chance: random.Random) -> bytes:
    message = _call(chance)
    for name in chance.sample(sorted(message), chance.randint(1, 3)):
        del message[name]
    return _bytes(message)


def _another_version(chance: random.Random) -> bytes:
    return _with(chance, jsonrpc=chance.choice(("1.0", "3.0", "", 2.0, 2, None, ["2.0"])))


def _odd_id(chance: random.Random) -> bytes:
    return _with(chance, id=chance.choice((*ODD_IDS, _text(chance))))


def _id_twice(chance: random.Random) -> bytes:
    return b'{"id":%d,' % _id(chance) + _bytes(_call(chance))[1:]


def _unknown_method(chance: random.Random) -> bytes:
    names = ("tools/Call", "tools/call ", "rpc.x", _text(chance))
    return _with(chance, method=chance.choice(names))


def _known_method_with_anything(chance: random.Random) -> bytes:
    return _with(chance, method=chance.choice(METHODS), params=_value(chance))


def _deep(chance: random.Random) -> bytes:
    depth = chance.choice((60, 70, 1_000, 20_000))
    start, end = chance.choice(((b"[", b"]"), (b'{"a":', b"}")))
    end = chance.choice((end * depth, b""))
    return _around(chance, start * depth + b"1" + end)


def _number(chance: random.Random) -> bytes:
    return _around(chance, chance.choice(NUMBERS))


def _around(chance: random.Random, value: bytes) -> bytes:
    """Put JSON that no library would write into the arguments of a call."""
    head = b'{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"%s","arguments":'
    return head % (_id(chance), chance.choice(TOOLS).encode()) + value + b"}}"


def _long(chance: random.Random) -> bytes:
    length = chance.choice((1_000, 10_000)) if chance.randrange(10) else LONGEST
    return _with(chance, **{chance.choice(("method", "id", "params")): "x" * length})


def _bad_bytes(chance: random.Random) -> bytes:
    return _inserted(chance, chance.choice(BYTES))


def _controls(chance: random.Random) -> bytes:
    return _inserted(chance, chance.choice(CONTROLS))


def _inserted(chance: random.Random, piece: bytes) -> bytes:
    whole = _bytes(_call(chance))
    at = chance.randrange(len(whole))
    return whole[:at] + piece + whole[at:]


def _batch(chance: random.Random) -> bytes:
    return _bytes([_call(chance) for _ in range(chance.randint(1, 5))])


def _notice(chance: random.Random) -> bytes:
    notice = {"jsonrpc": "2.0", "method": chance.choice(NOTICES), "params": _value(chance)}
    return _bytes(notice)


def _cancel(chance: random.Random) -> bytes:
    params = {"requestId": chance.choice((_id(chance), "x", None, -1)), "reason": _value(chance)}
    return _bytes({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params})


def _answer(chance: random.Random) -> bytes:
    """Answer what was never asked."""
    said = chance.choice(({"result": _value(chance)}, {"error": _value(chance)}))
    return _bytes({"jsonrpc": "2.0", "id": _id(chance), **said})


def _notice_with_an_error(chance: random.Random) -> bytes:
    error = {"code": chance.choice((-32_600, "x", None)), "message": _text(chance)}
    return _bytes({"jsonrpc": "2.0", "method": chance.choice(NOTICES), "error": error})


KINDS: Final[tuple[Make, ...]] = (
    *(_garbage_for_a_tool, _cut_off, _no_json, _noise, _member_of_another_type, _member_missing),
    *(_another_version, _odd_id, _id_twice, _unknown_method, _known_method_with_anything, _deep),
    *(_number, _long, _bad_bytes, _controls, _batch, _notice, _cancel, _answer),
    _notice_with_an_error,
)
