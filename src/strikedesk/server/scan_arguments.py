"""What the scan tools are given: names, definitions of several lines, and legs in a line.

Legs are written as a scan writes what it found: `-1 AAPL261218C00200000 +100 AAPL`.
"""

import re
from typing import Annotated, Final, TypeAlias

from strikedesk.domain.errors import Denied
from strikedesk.domain.orders import LEGS_MAX, Action, Leg
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import OptionSymbol, parse_symbol
from strikedesk.scan.reading import DEFINITION_MAX, NAME_MAX
from strikedesk.server.arguments import TEXT_MAX, Argument, several, text
from strikedesk.server.schemas import TEXT

CANDIDATES_MAX: Final = 5

_COUNT: Final = re.compile(r"[+-][0-9]{1,7}", re.ASCII)
_ALLOWED: Final = f"1 to {LEGS_MAX} legs as -1 AAPL261218C00200000 +100 AAPL"
_ACTIONS: Final = {
    (True, "+"): Action.BUY_TO_OPEN,
    (True, "-"): Action.SELL_TO_OPEN,
    (False, "+"): Action.BUY,
    (False, "-"): Action.SELL,
}


def _written(value: object, name: str) -> str:
    """Read a text of several lines."""
    given = value if isinstance(value, str) and len(value) <= DEFINITION_MAX else ""
    lines = given.replace("\t", " ").replace("\r\n", "\n").split("\n")
    if not given.strip() or not all(line.isprintable() for line in lines):
        allowed = f"1 to {DEFINITION_MAX} printable characters, on any number of lines"
        raise Denied(Reason.INVALID_ARGUMENT, argument=name, allowed=allowed)
    return given.strip()


def _legs(value: object, name: str) -> tuple[Leg, ...]:
    words = value.split() if isinstance(value, str) and len(value) <= TEXT_MAX else []
    pairs = [*zip(words[::2], words[1::2], strict=False)]
    told = all(_COUNT.fullmatch(count) for count, _ in pairs)
    if not told or not 1 <= len(pairs) <= LEGS_MAX or len(words) % 2:
        raise Denied(Reason.INVALID_LEGS, argument=name, allowed=_ALLOWED)
    return tuple(_leg(count, spelled) for count, spelled in pairs)


def _leg(count: str, spelled: str) -> Leg:
    symbol = parse_symbol(spelled)
    action = _ACTIONS[isinstance(symbol, OptionSymbol), count[0]]
    return Leg(symbol=symbol, action=action, quantity=int(count[1:]))


ScanName: TypeAlias = Annotated[str, text(NAME_MAX)]
Definition: TypeAlias = Annotated[str, Argument(_written, TEXT)]
Candidates: TypeAlias = Annotated[
    tuple[tuple[Leg, ...], ...],
    several(Argument(_legs, TEXT), CANDIDATES_MAX),
]
