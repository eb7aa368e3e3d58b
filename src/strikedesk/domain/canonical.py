"""One text for one JSON value, so that a digest over it means something."""

import json
from collections.abc import Iterator, Mapping
from typing import Final, Self, cast

from strikedesk.domain.ledger import Json


def canonical_json(value: Json) -> str:
    """Return the one ASCII text of a JSON value: keys sorted, no spaces.

    Raises:
        TypeError: it is no JSON value.
        ValueError: it holds a number that JSON cannot say.
    """
    return value.text if isinstance(value, Written) else _ENCODER.encode(value)


class Written(Mapping[str, Json]):
    """A JSON object beside its canonical text: what is kept, sealed and digested is written once.

    Law: `canonical_json` of it is that of the same object as a `dict`.
    """

    __slots__ = ("_fields", "text")

    def __init__(self, fields: Mapping[str, Json]) -> None:
        """Write it out; raises as `canonical_json` does."""
        self._fields = fields
        self.text = _ENCODER.encode(fields)

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


def _as_builtin(value: object) -> object:
    if isinstance(value, Mapping):
        return dict[object, object](value)  # pyright: ignore[reportUnknownArgumentType] -- json.dumps refuses what is no JSON
    raise TypeError(f"{type(value).__name__} is no JSON value")


# Made once: `json.dumps` would make one for every text.
_ENCODER: Final = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), allow_nan=False, default=_as_builtin
)
