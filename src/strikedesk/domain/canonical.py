"""One text for one JSON value, so that a digest over it means something."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final, Self, TypeAlias, TypeGuard, cast, final

Json: TypeAlias = str | int | float | bool | Sequence["Json"] | Mapping[str, "Json"] | None


def canonical_json(value: Json) -> str:
    """Return the one ASCII text of a JSON value: keys sorted, no spaces.

    Raises:
        TypeError: it is no JSON value.
        ValueError: it holds a number that JSON cannot say.
    """
    if type(value) is Written:
        return value.text
    return _around_written(value) if _holds_written(value) else _ENCODER.encode(value)


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
        fields = json.loads(text)
        if not isinstance(fields, dict):
            raise ValueError("a text of something else than an object")  # noqa: TRY004 -- of a text
        found = cls.__new__(cls)
        found._fields, found.text = cast("dict[str, Json]", fields), text
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


def _holds_written(value: Json) -> TypeGuard[Mapping[str, Json]]:
    # An abstract class is asked several times as slowly, and twenty texts are made for an order.
    return type(value) is dict and Written in map(type, cast("dict[str, Json]", value).values())


def _around_written(fields: Mapping[str, Json]) -> str:
    """Write an object out around what is written already, which goes in as it stands."""
    parts: list[str] = []
    for is_written, names in groupby(sorted(fields), lambda name: type(fields[name]) is Written):
        if is_written:
            parts += [f"{_ENCODER.encode(name)}:{canonical_json(fields[name])}" for name in names]
        else:
            parts.append(_ENCODER.encode({name: fields[name] for name in names})[1:-1])
    return "{" + ",".join(parts) + "}"


def _as_builtin(value: object) -> object:
    if isinstance(value, Mapping):
        return dict[object, object](value)  # pyright: ignore[reportUnknownArgumentType] -- json.dumps refuses what is no JSON
    raise TypeError(f"{type(value).__name__} is no JSON value")


# Made once: `json.dumps` would make one for every text.
_ENCODER: Final = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), allow_nan=False, default=_as_builtin
)
