"""Which file is which, by its name."""

import re
import zipfile
import zlib
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from strikedesk.domain.errors import Denied
from strikedesk.domain.symbols import EquitySymbol
from strikedesk.exchange.tape.layout import unreadable

_CHAIN: Final = re.compile(r"(\d{8})\.csv", re.ASCII)
_MINUTES: Final = re.compile(r"([a-z.]{1,8})_(\d{8})_quote_(?:american|european)\.zip", re.ASCII)
_BARS: Final = re.compile(r"([a-z.]{1,8})\.zip", re.ASCII)
_EXPECTED: Final = (
    "its name is none of aapl/20140602.csv, goog_20151224_quote_american.zip and goog.zip"
)
MEMBER_MAX: Final = 64_000_000  # Bytes, unpacked.


class Kind(StrEnum):
    """What a session's file holds."""

    CHAIN = "chain"
    MINUTES = "minutes"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFile:
    """A file with contracts of one underlying in one session."""

    path: Path
    kind: Kind
    underlying: EquitySymbol
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class BarsFile:
    """A file with daily bars of one underlying."""

    path: Path
    underlying: EquitySymbol


def recognise(path: Path) -> SessionFile | BarsFile:
    """Return what a file is.

    Raises:
        Misconfigured: TAPE_UNREADABLE, when its name is none of the layout's.
    """
    name = path.name.lower()
    try:
        if found := _CHAIN.fullmatch(name):
            return _session(path, Kind.CHAIN, path.resolve().parent.name, found[1])
        if found := _MINUTES.fullmatch(name):
            return _session(path, Kind.MINUTES, found[1], found[2])
        if found := _BARS.fullmatch(name):
            return BarsFile(path=path, underlying=EquitySymbol(found[1].upper()))
    except (Denied, ValueError) as error:
        raise unreadable(path.name, "its name holds no ticker or no day") from error
    raise unreadable(path.name, _EXPECTED)


def _session(path: Path, kind: Kind, ticker: str, day: str) -> SessionFile:
    return SessionFile(
        path=path, kind=kind, underlying=EquitySymbol(ticker.upper()), day=read_compact_day(day)
    )


def read_compact_day(text: str) -> date:
    """Read `20151224`.

    Raises:
        ValueError: it is none.
    """
    return datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007 -- a date has no zone


def members_of(path: Path) -> tuple[str, ...]:
    """Return the names inside an archive, sorted.

    Raises:
        Misconfigured: TAPE_UNREADABLE.
    """
    with _told_apart(path), zipfile.ZipFile(path) as archive:
        return tuple(sorted(archive.namelist()))


def read_members(path: Path, wanted: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield members of an archive with their lines, one at a time.

    Raises:
        Misconfigured: TAPE_UNREADABLE.
    """
    with _told_apart(path), zipfile.ZipFile(path) as archive:
        for name in wanted:
            if archive.getinfo(name).file_size > MEMBER_MAX:
                raise unreadable(
                    f"{path.name}/{name}", f"it unpacks to more than {MEMBER_MAX} bytes"
                )
            yield name, archive.read(name).decode("ascii").splitlines()


def read_lines(path: Path) -> list[str]:
    """Return the lines of a text file.

    Raises:
        Misconfigured: TAPE_UNREADABLE.
    """
    with _told_apart(path):
        if path.stat().st_size > MEMBER_MAX:
            raise unreadable(path.name, f"it has more than {MEMBER_MAX} bytes")
        return path.read_text("ascii").splitlines()


@contextmanager
def _told_apart(path: Path) -> Generator[None]:
    """Say in our words what is wrong with a file. Nothing that a caller does happens inside."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise unreadable(
            path.name, "the archive is damaged, locked or of an unknown kind"
        ) from error
    except UnicodeDecodeError as error:
        raise unreadable(path.name, "it is no plain text") from error
    except OSError as error:
        raise unreadable(path.name, "it cannot be opened") from error
