"""One text for one JSON value, so that a digest over it means something."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cache
from typing import Final, Self, TypeAlias, cast, final

import msgspec

Json: TypeAlias = str | int | float | bool | Sequence["Json"] | Mapping[str, "Json"] | None


def canonical_json(value: Json) -> str:
    """Return the one ASCII text of a JSON value: keys sorted, no spaces.

    Raises:
        TypeError: it is no JSON value.
        ValueError: it holds a number that JSON cannot say.
    """
    if type(value) is Written:
        return value.text
    return (_quickly(value) if _is_simple(value) else None) or _ENCODER.encode(value)


def read_json(text: str) -> Json:
    """Return the value of a JSON text.

    Raises:
        ValueError: it is none.
    """
    try:
        return msgspec.json.decode(text)
    except ValueError:  # Half a character as well, which only the standard library reads.
        return json.loads(text)


@final
class Written(Mapping[str, Json]):
    """A JSON object beside its canonical text: what is kept, sealed and digested is written once.

    Law: `canonical_json` of it is that of the same object as a `dict`.
    """

    __slots__ = ("_fields", "text")

    def __init__(self, fields: Mapping[str, Json]) -> None:
        """Write it out; raises as `canonical_json` does."""
        self._fields = fields
        self.text = canonical_json(fields)

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the object of a text that was written by this class.

        Raises:
            ValueError: it is no JSON object.
        """
        fields = read_json(text)
        if not isinstance(fields, dict):
            raise ValueError("a text of something else than an object")  # noqa: TRY004 -- of a text
        found = cls.__new__(cls)
        found._fields, found.text = fields, text
        return found

    def __getitem__(self, name: str) -> Json:
        """Return a field."""
        return self._fields[name]

    def __iter__(self) -> Iterator[str]:
        """Go through the names of its fields."""
        return iter(self._fields)

    def __len__(self) -> int:
        """Count its fields."""
        return len(self._fields)

    def __repr__(self) -> str:
        """Show the object."""
        return repr(self._fields)


# Of these both encoders say the same: floats and whatever else msgspec knows are not among them.
_ATOMS: Final = frozenset({str, int, bool, type(None)})


def _is_simple(value: object) -> bool:
    """Whether a value is made of texts, whole numbers, truths and nothing."""
    kind = type(value)
    if kind in _ATOMS:
        return True
    if kind is dict:
        inner: Collection[object] = cast("dict[object, object]", value).values()
    elif kind is list or kind is tuple:
        inner = cast("Sequence[object]", value)
    else:
        return _is_word_or_written(kind)
    # Most are atoms, which are seen to be without another call.
    for each in inner:  # noqa: SIM110 -- a generator takes twice as long
        if type(each) not in _ATOMS and not _is_simple(each):
            return False
    return True


@cache
def _is_word_or_written(kind: type) -> bool:
    return kind is Written or issubclass(kind, StrEnum)


def _quickly(value: object) -> str | None:
    """Return the text in a fifth of the time; None where the plain encoder has to say it."""
    try:
        said = _QUICK.encode(value)
    except (TypeError, ValueError):  # A name that is no text, half a character.
        return None
    return said.decode() if said.isascii() and _DELETE not in said else None


def _as_written(value: object) -> msgspec.Raw:
    """Put what is written already into the text around it, as it stands."""
    if type(value) is Written:
        return msgspec.Raw(value.text)
    raise TypeError(f"{type(value).__name__} is no JSON value")


def _as_builtin(value: object) -> object:
    if isinstance(value, Mapping):
        return dict[object, object](value)  # pyright: ignore[reportUnknownArgumentType] -- json.dumps refuses what is no JSON
    raise TypeError(f"{type(value).__name__} is no JSON value")


_QUICK: Final = msgspec.json.Encoder(order="sorted", enc_hook=_as_written)
# The one character of ASCII that only the plain encoder escapes.
_DELETE: Final = b"\x7f"
# Made once: `json.dumps` would make one for every text.
_ENCODER: Final = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), allow_nan=False, default=_as_builtin
)
