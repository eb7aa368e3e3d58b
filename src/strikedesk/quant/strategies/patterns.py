"""The names that traders use, each with the legs it means.

A leg is written as sign, ratio, kind, rank of its strike and letter of its expiration: `-2C2a` is
two calls sold at the second strike from below, of the first expiration (the letter is left out
where there is one). `S` is 100 shares.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from strikedesk.quant.strategies.legs import Kind

# Kind, rank of the expiration, rank of the strike, ratio; shares have ranks 0.
Token: TypeAlias = tuple[Kind, int, int, int]
Signature: TypeAlias = tuple[Token, ...]

_TOKEN: Final = re.compile(r"([+-])(\d*)([CPS])(\d?)([ab]?)")


class Wings(StrEnum):
    """What the distances between strikes have to be for a name."""

    ANY = "any"
    EVEN = "even"
    UNEVEN = "uneven"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A name and its legs. `wings`: whether the outer distances are equal."""

    name: str
    signature: Signature
    wings: Wings = Wings.ANY


def signature_of(text: str) -> Signature:
    """Read legs as this module writes them.

    Raises:
        ValueError: a leg is not written so, or one is written twice; the message says which.
    """
    tokens: list[Token] = []
    for place, word in enumerate(text.split(), start=1):
        read = _TOKEN.fullmatch(word)
        shares = read is not None and read[3] == Kind.SHARE
        if read is None or shares == bool(read[4]) or (shares and read[5]):
            raise ValueError(f"leg {place} is none: write +C1, -2P3b or +S")
        ratio = int(read[2] or 1) * (1 if read[1] == "+" else -1)
        if not ratio or read[4] == "0":
            raise ValueError(f"leg {place}: ratios and ranks count from 1")
        month = 0 if shares else 1 + (read[5] == "b")
        tokens.append((Kind(read[3]), month, int(read[4] or 0), ratio))
    if len({token[:3] for token in tokens}) < len(tokens):
        raise ValueError("one contract is written twice")
    return tuple(sorted(tokens))


_EVEN: Final = {
    "long call butterfly": "+C1 -2C2 +C3",
    "short call butterfly": "-C1 +2C2 -C3",
    "long put butterfly": "+P1 -2P2 +P3",
    "short put butterfly": "-P1 +2P2 -P3",
    "long call condor": "+C1 -C2 -C3 +C4",
    "short call condor": "-C1 +C2 +C3 -C4",
    "long put condor": "+P1 -P2 -P3 +P4",
    "short put condor": "-P1 +P2 +P3 -P4",
    "iron butterfly": "+P1 -P2 -C2 +C3",
    "reverse iron butterfly": "-P1 +P2 +C2 -C3",
    "iron condor": "+P1 -P2 -C3 +C4",
    "reverse iron condor": "-P1 +P2 +C3 -C4",
}
_ANY: Final = {
    "long shares": "+S",
    "short shares": "-S",
    "long call": "+C1",
    "short call": "-C1",
    "long put": "+P1",
    "short put": "-P1",
    "covered call": "+S -C1",
    "covered put": "-S -P1",
    "protective put": "+S +P1",
    "protective call": "-S +C1",
    "collar": "+S +P1 -C2",
    "reverse collar": "-S -P1 +C2",
    "covered straddle": "+S -C1 -P1",
    "covered strangle": "+S -P1 -C2",
    "conversion": "+S +P1 -C1",
    "reversal": "-S -P1 +C1",
    "synthetic long": "+C1 -P1",
    "synthetic short": "-C1 +P1",
    "risk reversal": "-P1 +C2",
    "short risk reversal": "+P1 -C2",
    "bull call spread": "+C1 -C2",
    "bear call spread": "-C1 +C2",
    "bull put spread": "+P1 -P2",
    "bear put spread": "-P1 +P2",
    "long straddle": "+C1 +P1",
    "short straddle": "-C1 -P1",
    "long strangle": "+P1 +C2",
    "short strangle": "-P1 -C2",
    "long guts": "+C1 +P2",
    "short guts": "-C1 -P2",
    "strip": "+C1 +2P1",
    "strap": "+2C1 +P1",
    "call ratio spread": "+C1 -2C2",
    "put ratio spread": "-2P1 +P2",
    "call backspread": "-C1 +2C2",
    "put backspread": "+2P1 -P2",
    "zero extrinsic call spread": "+2C1 -C2",
    "zero extrinsic put spread": "-P1 +2P2",
    "long call ladder": "+C1 -C2 -C3",
    "short call ladder": "-C1 +C2 +C3",
    "long put ladder": "-P1 -P2 +P3",
    "short put ladder": "+P1 +P2 -P3",
    "jade lizard": "-P1 -C2 +C3",
    "reverse jade lizard": "+P1 -P2 -C3",
    "big lizard": "-P1 -C1 +C2",
    "bullish seagull": "-P1 +C2 -C3",
    "bearish seagull": "-P1 +P2 -C3",
    "long box": "+C1 -C2 -P1 +P2",
    "short box": "-C1 +C2 +P1 -P2",
    "call calendar": "-C1a +C1b",
    "put calendar": "-P1a +P1b",
    "short call calendar": "+C1a -C1b",
    "short put calendar": "+P1a -P1b",
    "call diagonal": "+C1b -C2a",
    "put diagonal": "-P1a +P2b",
    "out-of-the-money call diagonal": "-C1a +C2b",
    "out-of-the-money put diagonal": "+P1b -P2a",
    "short call diagonal": "-C1b +C2a",
    "short put diagonal": "+P1a -P2b",
    "straddle calendar": "-C1a -P1a +C1b +P1b",
    "double calendar": "-P1a -C2a +P1b +C2b",
    "double diagonal": "+P1b -P2a -C3a +C4b",
}

PATTERNS: Final = (
    *(
        Pattern(name=name, signature=signature_of(legs), wings=Wings.EVEN)
        for name, legs in _EVEN.items()
    ),
    *(
        Pattern(name=f"broken-wing {name}", signature=signature_of(legs), wings=Wings.UNEVEN)
        for name, legs in _EVEN.items()
    ),
    *(Pattern(name=name, signature=signature_of(legs)) for name, legs in _ANY.items()),
)
