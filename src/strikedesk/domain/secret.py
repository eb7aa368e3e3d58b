"""Text that nobody may read by accident, and the place that a sealed secret belongs to."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Final, NoReturn, final

MASK: Final = "***"
_LISTENERS: Final[list[Callable[["Secret"], None]]] = []


@final
class Secret:
    """A str or bytes that does not print, format, hash, iterate, pickle or serialise.

    Law: equality takes the same time wherever two values of one length differ; only `reveal` and
    `reveal_bytes` give the value back. A copy is the same object: it cannot change.
    """

    __slots__ = ("_hold", "is_text")

    def __init__(self, value: str | bytes) -> None:
        if not isinstance(value, str | bytes):  # pyright: ignore[reportUnnecessaryIsInstance] -- a None must not pass for a secret
            raise TypeError(f"a secret is text or bytes, not {type(value).__name__}")
        # Kept in a closure: what walks over attributes finds a function, not the value.
        self._hold: Final[Callable[[], str | bytes]] = lambda: value
        self.is_text: Final = isinstance(value, str)
        for listener in _LISTENERS:
            listener(self)

    def reveal(self) -> str:
        """Return the text.

        Raises:
            TypeError: it holds bytes.
        """
        value = self._hold()
        if isinstance(value, bytes):
            raise TypeError("this Secret holds bytes: call reveal_bytes()")
        return value

    def reveal_bytes(self) -> bytes:
        """Return the bytes, or the text in UTF-8 (lone surrogates as they are)."""
        value = self._hold()
        return value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        alike = compare_digest(self.reveal_bytes(), other.reveal_bytes())
        return alike and self.is_text == other.is_text

    __hash__ = None  # pyright: ignore[reportAssignmentType] -- a hash would tell about the value

    def __repr__(self) -> str:
        return MASK

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return MASK

    def __copy__(self) -> "Secret":
        return self

    def __deepcopy__(self, memo: object) -> "Secret":
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled")

    def __getstate__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled")

    def __init_subclass__(cls) -> NoReturn:
        raise TypeError("Secret cannot be subclassed")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: object) -> dict[str, object]:
        """Tell pydantic to take text in and to let nothing out (a plain dict: no import)."""
        return {
            "type": "function-plain",
            "function": {"type": "no-info", "function": _admitted},
            "serialization": {"type": "function-plain", "function": _refused},
        }


@contextmanager
def heard(listener: Callable[[Secret], None]) -> Generator[None]:
    """Tell `listener` of every secret that is made meanwhile, in any thread.

    What searches the process's output learns of each this way: a call to make it known could be
    forgotten, a constructor cannot.
    """
    _LISTENERS.append(listener)
    try:
        yield
    finally:
        _LISTENERS.remove(listener)


def _admitted(value: object) -> Secret:
    if isinstance(value, Secret):
        return value
    if isinstance(value, str):
        return Secret(value)
    # A ValueError would make pydantic quote the input.
    raise TypeError(f"a secret is text, not {type(value).__name__}")


def _refused(_value: object) -> NoReturn:
    raise TypeError("a Secret cannot be serialised")


@dataclass(frozen=True, slots=True, kw_only=True)
class RowIdentity:
    """Where a sealed secret lies. It opens there and nowhere else.

    `table` is the record set. `account_id` is None where the secret belongs to no single account,
    which differs from an empty one.
    """

    table: str
    row_id: str
    account_id: str | None = field(repr=False)
    environment: str
