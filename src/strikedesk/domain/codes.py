"""What a broker wrote where a code or a number belongs, as far as it is one.

Both are kept and shown as they are, in no field that is marked: what could be a sentence, an
address or a key is none. Keys mix capitals and small letters, and are longer.
"""

import re
from typing import Final

UNLISTED: Final = "unlisted_code"

_CODE_MAX: Final = 64
_CODE: Final = re.compile(
    r"[a-z]+(?:_(?:[a-z]+|\d{1,2}))*|[A-Z]+(?:_(?:[A-Z]+|\d{1,2}))*|\d{1,9}", re.ASCII
)
_NUMBER: Final = re.compile(r"[a-z0-9.:-]{1,36}|[A-Z0-9.:-]{1,36}", re.ASCII)


def plain_code(code: str) -> str:
    """Return a broker's code if it looks like one; whatever else it wrote there stays outside."""
    return code if len(code) <= _CODE_MAX and _CODE.fullmatch(code) else UNLISTED


def plain_number(number: str | None) -> str | None:
    """Return a broker's number of an order if it looks like one, else None."""
    return number if number is not None and _NUMBER.fullmatch(number) else None
