"""Choosing when and what to trade on a tape of real chains."""

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from strikedesk.cli.demo.stage import Stage
from strikedesk.domain.errors import Denied
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import OptionSymbol
from strikedesk.exchange.tape.reader import read_tape
from strikedesk.exchange.tape.tape import Tape, TapeSession, instant

# The demo is over long before; the market must not close meanwhile.
TIME_LEFT: Final = timedelta(minutes=10)


@contextmanager
def replayed(path: Path) -> Generator[Stage]:
    """Lay out the busiest moment of the first session that quotes two sides.

    Raises:
        Denied: DATA_UNAVAILABLE, where no session does: nobody could trade on such a tape.
        Misconfigured: TAPE_UNREADABLE.
    """
    tape = read_tape(path)
    for session in tape.sessions:
        if busiest := _two_sided(tape, session).most_common(1):
            ((ticker, at), _) = busiest[0]
            with TemporaryDirectory(prefix="strikedesk-demo-") as home:
                yield Stage(
                    home=Path(home), underlying=ticker, opens_at=instant(at), tape=path.absolute()
                )
            return
    raise Denied(Reason.DATA_UNAVAILABLE, tape=path.name, why="no two-sided quotes in a session")


def _two_sided(tape: Tape, session: TapeSession) -> Counter[tuple[str, int]]:
    """Count the contracts that got a two-sided quote, by underlying and instant."""
    latest = session.last - int(TIME_LEFT.total_seconds())
    found: Counter[tuple[str, int]] = Counter()
    for symbol, track in tape.tracks.items():
        if isinstance(symbol, OptionSymbol):
            for place in track.places(session.first, latest + 1):
                record = track.record(place)
                if 0 < record.bid <= record.ask:
                    found[symbol.underlying, record.at] += 1
    return found
