"""What is asked of tastytrade: paths, the three ways to write lists, and what a miss means."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final, TypeAlias
from urllib.parse import quote

from strikedesk.domain.errors import Fact
from strikedesk.domain.reasons import Reason

Query: TypeAlias = tuple[tuple[str, str], ...]

ANSWER_MAX: Final = 8_000_000  # bytes; a page of anything but chains is far smaller
CHAIN_MAX: Final = 48_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One read. `path` is percent-encoded already: see `path_of`.

    `missing` is the reason that a 404 stands for, with `facts`; `bytes_max` bounds the answer.
    """

    path: str = field(repr=False)  # It may name an account by its number.
    query: Query = ()
    missing: Reason = Reason.DATA_UNAVAILABLE
    facts: Mapping[str, Fact] = field(default_factory=dict[str, Fact])
    bytes_max: int = ANSWER_MAX

    @property
    def target(self) -> str:
        """Path and query as they go on the wire."""
        if not self.query:
            return self.path
        return f"{self.path}?{'&'.join(f'{_name(n)}={_value(v)}' for n, v in self.query)}"

    def on_page(self, page: int) -> "Call":
        """Return the call for a page, counted from 0."""
        if not page:
            return self
        return replace(self, query=(*self.query, ("page-offset", str(page))))


def path_of(*segments: str) -> str:
    """Return the path of these segments, each encoded whole: `/ESZ6` becomes `%2FESZ6`."""
    return "".join(f"/{quote(segment, safe='')}" for segment in segments)


def plain(**values: str | int | None) -> Query:
    """Return single values, underscores as dashes; what is None is left out."""
    return tuple(
        (name.replace("_", "-"), str(value)) for name, value in values.items() if value is not None
    )


def bracketed(name: str, values: Iterable[str]) -> Query:
    """Return `name[]=a&name[]=b`, as instruments, orders, positions and sessions want lists."""
    return tuple((f"{name}[]", value) for value in values)


def repeated(name: str, values: Iterable[str]) -> Query:
    """Return `name=a&name=b`, as market data wants lists."""
    return tuple((name, value) for value in values)


def joined(name: str, values: Iterable[str]) -> Query:
    """Return `name=a,b`, as market metrics want lists; nothing for an empty one."""
    text = ",".join(values)
    return ((name, text),) if text else ()


@lru_cache(maxsize=64)
def _name(text: str) -> str:
    """Return an argument's name as it goes on the wire: there are few, and brackets in some."""
    return quote(text, safe="")


def _value(text: str) -> str:
    """Return a value as it goes on the wire: most are symbols, which have nothing but spaces."""
    words = text.replace(" ", "")
    if words.isalnum() and words.isascii():
        return text.replace(" ", "%20")
    return quote(text, safe="")
