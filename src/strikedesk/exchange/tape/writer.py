"""Writes a tape: under its name only when it is whole."""

import gzip
import io
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, cast

from strikedesk.domain.calendar import EXCHANGE_ZONE
from strikedesk.domain.symbols import OptionSymbol, Symbol
from strikedesk.exchange.tape.layout import COLUMNS, COMMENT, SOURCE, Source, unreadable

_PACKED: Final = ".gz"


class Row(NamedTuple):
    """One row. Units: texts as the tape spells them; empty = not recorded."""

    symbol: Symbol
    at: datetime
    bid: str = ""
    ask: str = ""
    last: str = ""
    volume: str = ""
    open_interest: str = ""
    source: Source = Source.RECORDED

    @property
    def line(self) -> str:
        """The row as it is written."""
        figures = f"{self.bid},{self.ask},{self.last},{self.volume},{self.open_interest}"
        contract, name = _spelled(self.symbol)
        return f"{_when(self.at)},{contract},{figures},{name},{self.source.value}\n"


class TapeWriter:
    """Takes rows and counts them. Made by `new_tape`."""

    def __init__(self, text: io.TextIOBase) -> None:
        """Write to an open text."""
        self._text = text
        self.rows = 0

    def write(self, row: Row) -> None:
        """Add a row."""
        self._text.write(row.line)
        self.rows += 1


@contextmanager
def new_tape(path: Path, notes: Iterable[str]) -> Generator[TapeWriter]:
    """Open a tape to write rows to; it takes its place when the block ends well, else never.

    Law: the same rows make the same bytes, packed or not.

    Raises:
        Misconfigured: TAPE_UNREADABLE, when it cannot be written.
    """
    partial = path.with_name(f"{path.name}.partial")
    try:
        with (
            partial.open("wb") as raw,
            io.TextIOWrapper(_packed(raw, path), encoding="utf-8", newline="\n") as text,
        ):
            text.writelines(f"{COMMENT} {note}\n" for note in notes)
            text.write(",".join((*COLUMNS, SOURCE)) + "\n")
            yield TapeWriter(text)
        partial.replace(path)
    except OSError as error:
        raise unreadable(path.name, "it cannot be written") from error
    finally:
        partial.unlink(missing_ok=True)


def _packed(raw: BinaryIO, path: Path) -> BinaryIO:
    """Return a stream that packs, for a name that says so; it writes no time and no name."""
    if path.suffix != _PACKED:
        return raw
    return cast("BinaryIO", gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0))


@lru_cache(maxsize=4096)
def _when(at: datetime) -> str:
    return f"{at.astimezone(EXCHANGE_ZONE):%Y-%m-%d,%H:%M:%S}"


@lru_cache(maxsize=64)
def _spelled(symbol: Symbol) -> tuple[str, str]:
    if isinstance(symbol, OptionSymbol):
        contract = f"{symbol.expiration},{symbol.strike:f},{symbol.right.value}"
        return contract, symbol.root
    return ",,", symbol.ticker
