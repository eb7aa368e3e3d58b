"""What a conversion found odd, so that nobody has to trust the data more than it deserves."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Odd(StrEnum):
    """A kind of oddity; the value says it after a count."""

    NO_FIGURES = "contracts without any price or open interest: left out"
    NOT_TRADED = "contracts with a price although nothing was traded"
    OFF_TICK = "prices between ticks, as the middle of a quote is and a trade is not"
    BELOW_EXERCISE = "prices below what exercise brought at the close: older than that"
    ABOVE_ALL = "prices above anything the contract can be worth"
    NO_VOLATILITY = "contracts whose implied volatility is 0, which means none was found"
    SATURDAY = "contracts that expire on a Saturday, as monthly ones did before 2015"
    OTHER_DAY = "files whose calls and puts agree on the price of another day than the file's name"
    OWN_BAR_ELSEWHERE = "files whose own line for the underlying is not that day's close: not used"
    OWN_BAR_IMPOSSIBLE = "files whose own line for the underlying closes outside its high and low"
    NO_DAILY_BAR = "sessions without a daily bar of the underlying: its price stays unknown"
    JUMP = "sessions that begin with another price scale, as after a split: not adjusted"
    NO_BID = "quotes with an ask and no bid"
    NO_ASK = "quotes with a bid and no ask"
    NO_SIDE = "records without bid and ask: the quote was gone"
    LOCKED = "quotes whose bid is their ask"
    CROSSED = "quotes whose bid is above their ask"
    AFTER_CLOSE = "records later than the regular close"
    OUT_OF_RANGE = "prices derived by parity outside the range of the daily bar"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What became of the files. `remarks` are sentences about single files."""

    files: int
    sessions: int
    contracts: int
    rows: int
    odd: Mapping[Odd, int]
    remarks: tuple[str, ...]


@dataclass(slots=True)
class Tally:
    """Counts while converting."""

    odd: Counter[Odd] = field(default_factory=Counter[Odd])
    remarks: list[str] = field(default_factory=list[str])
    contracts: set[str] = field(default_factory=set[str])

    def note(self, odd: Odd, *, when: bool = True) -> None:
        """Count an oddity where there is one."""
        if when:
            self.odd[odd] += 1

    def report(self, *, files: int, sessions: int, rows: int) -> Report:
        """Return what was counted, in the order of the kinds."""
        return Report(
            files=files,
            sessions=sessions,
            contracts=len(self.contracts),
            rows=rows,
            odd={kind: self.odd[kind] for kind in Odd if self.odd[kind]},
            remarks=tuple(self.remarks),
        )
