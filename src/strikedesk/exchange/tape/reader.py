"""Reads a tape from a file, plain or gzipped: whole, or not at all."""

import gzip
import hashlib
import io
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeAlias

from strikedesk.exchange.tape.assembly import Assembly
from strikedesk.exchange.tape.layout import COLUMNS, COMMENT, SOURCE, BadCellError, unreadable
from strikedesk.exchange.tape.tape import Tape

# Called with what is read, and of how much.
Progress: TypeAlias = Callable[[int, int], None]

ROWS_MAX: Final = 5_000_000
LINE_MAX: Final = 1_000
_TOLD_EVERY: Final = 20_000
_GZIP_BEGINS: Final = b"\x1f\x8b"


def read_tape(path: Path, progress: Progress | None = None) -> Tape:
    """Read a tape; `progress` is told the bytes read of those of the file, packed as they are.

    Raises:
        Misconfigured: TAPE_UNREADABLE, with the file, the line, the column and why.
    """
    assembly, digest, notes = Assembly(), hashlib.sha256(), list[str]()
    width = 0
    for number, line in _lines(path, progress):
        digest.update(line.encode())
        text = line.rstrip("\r\n")
        if width == 0 and text.startswith(COMMENT):
            notes.append(text.removeprefix(COMMENT).strip())
        elif width == 0:
            width = _width(path, number, text)
        else:
            _add(assembly, path, number, text, width)
    if not assembly.tracks:
        raise unreadable(path.name, "there are no rows")
    return Tape(
        name=path.name,
        digest=digest.hexdigest(),
        notes=tuple(notes),
        sessions=assembly.sessions,
        tracks=assembly.tracks,
    )


def _add(assembly: Assembly, path: Path, number: int, text: str, width: int) -> None:
    cells = text.split(",")
    if len(cells) != width:
        raise unreadable(path.name, f"{width} columns, not {len(cells)}", line=number)
    if number > ROWS_MAX:
        raise unreadable(path.name, f"more than {ROWS_MAX} lines", line=number)
    try:
        assembly.add(cells)
    except BadCellError as error:
        raise unreadable(path.name, error.why, line=number, column=error.column) from error


def _width(path: Path, number: int, text: str) -> int:
    """Return how many columns the header announces."""
    names = tuple(text.split(","))
    if names not in {COLUMNS, (*COLUMNS, SOURCE)}:
        raise unreadable(path.name, f"the header is not {','.join(COLUMNS)}", line=number)
    return len(names)


def _lines(path: Path, progress: Progress | None) -> Iterator[tuple[int, str]]:
    """Yield the lines of a text file with their numbers."""
    number = 0
    with _told_apart(path), path.open("rb") as raw:
        packed = raw.read(2) == _GZIP_BEGINS
        raw.seek(0)
        size = path.stat().st_size
        with gzip.open(raw) if packed else raw as plain:
            text = io.TextIOWrapper(plain, encoding="utf-8", newline="\n")
            while line := text.readline(LINE_MAX):
                number += 1
                if len(line) == LINE_MAX:
                    why = f"a line of more than {LINE_MAX} characters"
                    raise unreadable(path.name, why, line=number)
                if progress is not None and number % _TOLD_EVERY == 0:
                    progress(raw.tell(), size)
                yield number, line
        if progress is not None:
            progress(size, size)


@contextmanager
def _told_apart(path: Path) -> Generator[None]:
    """Say in our words what is wrong with a file that cannot be read at all."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise unreadable(path.name, "it is no UTF-8 text") from error
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise unreadable(path.name, "the gzip file is damaged") from error
    except OSError as error:
        raise unreadable(path.name, "it cannot be opened") from error
