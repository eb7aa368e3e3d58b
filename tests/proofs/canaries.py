"""Secrets made up for one life of a server, every way to write one, and who finds them again.

Nothing here is the scrubber's: what it takes out is looked for by other means.
"""

import base64
import html
import json
import random
import string
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Final, Self, TypeAlias
from urllib.parse import quote

Spell: TypeAlias = Callable[[str], str]

PIECE: Final = 8
MAIL: Final = "email"
# No process knows the address for a secret: in a spelling of its own, or in part, it is words.
MAIL_SPELLED: Final = "email, spelled or in part"
_NUMBER: Final = string.ascii_uppercase + string.digits
_LETTERS: Final = string.ascii_letters + string.digits + "-_"
# What is written in another way in JSON, HTML, an address and Python.
_STRANGE: Final = "+/&<>%\"'="
# What quoting in quotes and padding put between letters, and what lines do.
QUOTING: Final = b"\\\0"
SPACES: Final = b" \t\r\n\v\f"
# Broken over two lines and cut off, a secret may leave two parts of seven letters.
BROKEN: Final = 2 * PIECE - 1


def _based(text: str, before: bytes = b"", after: bytes = b"") -> str:
    return base64.b64encode(before + text.encode() + after).decode()


SPELLINGS: Final[Mapping[str, Spell]] = {
    "raw": str,
    "base64": _based,
    "base64, a byte on": lambda text: _based(text, b"x", b"y"),
    "base64, two bytes on": lambda text: _based(text, b"xy", b"z"),
    "base64url": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "hex": lambda text: text.encode().hex(),
    "HEX": lambda text: text.encode().hex().upper(),
    "URL": lambda text: quote(text, safe=""),
    "every byte URL": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    "JSON": lambda text: json.dumps(text)[1:-1],
    "every letter JSON": lambda text: "".join(f"\\u{ord(char):04x}" for char in text),
    "HTML": html.escape,
    "every letter HTML": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "UTF-16LE": lambda text: text.encode("utf-16-le").decode("latin-1"),
    "UTF-16LE in JSON": "\\u0000".join,
    "UTF-16LE printed": "\\x00".join,
    "reversed": lambda text: text[::-1],
    "repr": lambda text: repr(text)[1:-1],
}
# Two more come with chance: over two lines, and a piece of eight.
SPELLINGS_ALL: Final = len(SPELLINGS) + 2


def spelled(text: str, chance: random.Random) -> str:
    """Return a secret as somebody wrote it, each way as often."""
    kind = chance.randrange(SPELLINGS_ALL)
    at = chance.randrange(len(text) - PIECE + 1)
    if kind == len(SPELLINGS):
        return f"{text[: at + 4]}\r\n  {text[at + 4 :]}"
    if kind > len(SPELLINGS):
        return text[at : at + PIECE]
    return [*SPELLINGS.values()][kind](text)


# Thirty-two bytes in base64 leave two bits of the last letter unused.
LAST_OF_KEY: Final = "AEIMQUYcgkosw048"


@dataclass(frozen=True, kw_only=True)
class Canaries:
    """What must not get out. All but the last two are secrets that the process is told of."""

    client_secret: str
    refresh_token: str
    access_token: str
    vault_key: str
    bearer: str
    page_link: str
    page_cookie: str
    page_form: str
    account_number: str
    email: str

    @classmethod
    def hatched(cls, chance: random.Random) -> Self:
        """Return new ones, each a mixture of capitals, digits and, but for a number, letters."""
        return cls(
            client_secret="".join(f"{_random(chance, 4)}{strange}" for strange in _STRANGE),
            refresh_token=".".join(_random(chance, length) for length in (36, 48, 43)),
            access_token=_random(chance, 64),
            vault_key=f"{_random(chance, 42, string.ascii_letters)}{chance.choice(LAST_OF_KEY)}=",
            bearer=f"sdt_{_random(chance, 32)}",
            page_link=_random(chance, 32),
            page_cookie=_random(chance, 32),
            page_form=_random(chance, 32),
            account_number=_random(chance, 16, _NUMBER),
            email=f"{_random(chance, 12)}@{_random(chance, 9)}.test",
        )

    def all(self) -> dict[str, str]:
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def echoed(self, *, network: bool) -> tuple[str, ...]:
        """Return what can be said back: the keys of HTTP where it is served."""
        keys = (self.bearer, self.page_link, self.page_cookie, self.page_form)
        return (
            *(self.client_secret, self.refresh_token, self.access_token, self.vault_key),
            *(self.account_number, self.email),
            *(keys if network else ()),
        )

    @cached_property
    def oracle(self) -> "Oracle":
        return Oracle(self.all())


class Oracle:
    """Tells which secrets an output holds: eight letters of one together, or a third of a spelling.

    So it finds them cut short and in any text that quotes another; over two lines, where so much is
    left that no cut can have made it.
    """

    def __init__(self, secrets: Mapping[str, str]) -> None:
        together = {n: name for name, text in secrets.items() for n in _needles(text)}
        if MAIL in secrets:
            together |= dict.fromkeys(_needles(secrets[MAIL]), MAIL_SPELLED)
        broken = {n: name for name, text in secrets.items() for n in _parts(text.encode(), BROKEN)}
        self._together = Haystack(together, QUOTING)
        self._broken = Haystack(broken, QUOTING + SPACES)
        self._mail = [*_plainly(secrets.get(MAIL, ""))]

    def found(self, output: bytes) -> set[str]:
        """Return the names of the secrets that it holds."""
        plain = {MAIL for mail in self._mail if mail in output}
        broken = self._broken.found(output) - {MAIL}
        return plain | self._together.found(output) | broken


class Haystack:
    """Finds needles, each at least eight bytes, in a text without what may stand in between."""

    def __init__(self, needles: Mapping[bytes, str], between: bytes) -> None:
        self.between = between
        self.tell: dict[bytes, str] = {}
        self.heads: dict[int, list[bytes]] = {}
        for needle, name in needles.items():
            bare = needle.translate(None, between)
            if len(bare) >= PIECE:
                self.tell[bare] = name
                self.heads.setdefault(_number(bare[:PIECE]), []).append(bare)

    def found(self, output: bytes) -> set[str]:
        """Return what the needles in there stand for."""
        bare = output.translate(None, self.between)
        return {self.tell[needle] for needle in self._seen(bare) if needle in bare}

    def _seen(self, bare: bytes) -> Iterator[bytes]:
        """Yield the needles whose first eight bytes are in there, wherever they begin."""
        view = memoryview(bare)
        for start in range(min(PIECE, len(bare) - PIECE + 1)):
            whole = (len(bare) - start) // PIECE * PIECE
            for head in self.heads.keys() & view[start : start + whole].cast("Q"):
                yield from self.heads[head]


def _needles(text: str) -> Iterator[bytes]:
    yield from _parts(text.encode(), PIECE)
    for kind, spell in SPELLINGS.items():
        core = spell(text).encode()
        # Neighbours share the letters at both ends of base64.
        ends = 4 if kind.startswith("base64") else 0
        third = max(len(core) // 3, -(-PIECE * len(core) // len(text)))
        for at in (ends, third, len(core) - third - ends):
            yield core[at : at + third]


def _parts(text: bytes, length: int) -> Iterator[bytes]:
    return (text[at : at + length] for at in range(len(text) - length + 1))


def _plainly(text: str) -> Iterator[bytes]:
    if text:
        yield from (SPELLINGS[kind](text).encode() for kind in ("raw", "URL", "HTML"))


def _number(eight: bytes) -> int:
    return memoryview(eight).cast("Q")[0]


def _random(chance: random.Random, length: int, letters: str = _LETTERS) -> str:
    small = letters if letters == _NUMBER else string.ascii_lowercase
    kinds = (string.ascii_uppercase, letters, string.digits, small)
    return "".join(chance.choice(kinds[place % len(kinds)]) for place in range(length))
