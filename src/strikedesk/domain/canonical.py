"""One text for one JSON value, so that a digest over it means something."""

import json
from collections.abc import Mapping
from typing import Final

from strikedesk.domain.ledger import Json


def canonical_json(value: Json) -> str:
    """Return the one ASCII text of a JSON value: keys sorted, no spaces.

    Raises:
        TypeError: it is no JSON value.
        ValueError: it holds a number that JSON cannot say.
    """
    return _ENCODER.encode(value)


def _as_builtin(value: object) -> object:
    if isinstance(value, Mapping):
        return dict[object, object](value)  # pyright: ignore[reportUnknownArgumentType] -- json.dumps refuses what is no JSON
    raise TypeError(f"{type(value).__name__} is no JSON value")


# Made once: `json.dumps` would make one for every text.
_ENCODER: Final = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), allow_nan=False, default=_as_builtin
)
