"""Where the demo plays: a home of its own, gone afterwards, and a market that is open."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from strikedesk.domain.calendar import exchange_date, previous_session
from strikedesk.domain.quotes import Feed

UNDERLYING: Final = "SPY"
AFTER_THE_OPENING: Final = timedelta(minutes=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What the demo trades, when, and where the server keeps its files."""

    home: Path
    underlying: str
    opens_at: datetime
    tape: Path | None = None

    @property
    def env(self) -> dict[str, str]:
        """The settings of the server."""
        env = {
            "STRIKEDESK_HOME": str(self.home),
            "STRIKEDESK_PAPER__CLOCK": f"offset:{self.opens_at.isoformat()}",
        }
        return env | ({"STRIKEDESK_PAPER__TAPE": str(self.tape)} if self.tape else {})

    @property
    def feed(self) -> str:
        """How this market's prices are labelled."""
        return Feed.TAPE if self.tape else Feed.SIMULATED

    @property
    def log(self) -> Path:
        """Where the server's stderr goes."""
        return self.home / "server.log"


@contextmanager
def simulated(now: datetime) -> Generator[Stage]:
    """Lay out a simulated market in the middle of the last session before today."""
    session = previous_session(exchange_date(now))
    with TemporaryDirectory(prefix="strikedesk-demo-") as home:
        yield Stage(
            home=Path(home),
            underlying=UNDERLYING,
            opens_at=session.opens_at + AFTER_THE_OPENING,
        )
