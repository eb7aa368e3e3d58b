"""`strikedesk scan`: the owner's scans, run from a terminal."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from strikedesk.domain.errors import Denied, Misconfigured
from strikedesk.domain.reasons import Reason
from strikedesk.domain.scan_runs import ScanResult, ScanRun
from strikedesk.domain.symbols import EquitySymbol, parse_equity
from strikedesk.scan.book import ScanBook, ShelfScan
from strikedesk.scan.definition import Scan
from strikedesk.scan.reading import DEFINITION_MAX
from strikedesk.scan.scanner import ScanReport
from strikedesk.scan.verdicts import SymbolVerdict
from strikedesk.settings import load
from strikedesk.store.scans import SqlSavedScans
from strikedesk.wiring import OwnStrategies, UtcClock, open_desk, open_store

_TOML: Final = ".toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What to run: a name or a file, the symbols in place of its own, and for which account."""

    what: str
    symbols: tuple[EquitySymbol, ...] = ()
    account: str | None = None


def symbols_of(words: str | None) -> tuple[EquitySymbol, ...]:
    """Read tickers with commas between.

    Raises:
        Denied: INVALID_SYMBOL.
    """
    return tuple(parse_equity(word) for word in (words or "").split(",") if word.strip())


async def run(asked: Asked, progress: Callable[[int, int], None]) -> ScanReport:
    """Run a scan.

    Raises:
        Denied: INVALID_ARGUMENT, ACCOUNT_UNKNOWN, DATA_UNAVAILABLE.
        Misconfigured: the file cannot be read, or is no scan.
    """

    def told(_: SymbolVerdict, done: int, total: int) -> None:
        progress(done, total)

    async with open_desk(load()) as desk:
        scan = await _scan(desk.scans, asked.what)
        return await desk.scanner(scan, symbols=asked.symbols, account=asked.account, progress=told)


async def shelf() -> tuple[tuple[ShelfScan, ...], dict[str, ScanRun]]:
    """Return the scans there are, and how those stand that run by themselves."""
    async with open_desk(load()) as desk:
        return await desk.scans.all(), {each.scan: each for each in await desk.rounds.standing()}


async def results(name: str) -> tuple[ScanResult, ...]:
    """Return what a scan that runs by itself has found, newest first."""
    async with open_desk(load()) as desk:
        return await desk.rounds.results(name)


async def save(file: Path) -> Scan:
    """Keep the scan of a file.

    Raises:
        Denied: INVALID_ARGUMENT: no name of its own, or too many are kept.
        Misconfigured: the file cannot be read, or is no scan.
    """
    async with _open_shelf() as book:
        text = _text_of(file)
        _read(book, file, text)
        return await book.save(text)


async def remove(name: str) -> None:
    """Drop a saved scan.

    Raises:
        Denied: INVALID_ARGUMENT when none is saved under that name.
    """
    async with _open_shelf() as book:
        await book.remove(name)


@asynccontextmanager
async def _open_shelf() -> AsyncGenerator[ScanBook]:
    """Open the scans alone: to keep one needs no broker."""
    settings = load()
    own = OwnStrategies(settings.folders.strategies)
    async with open_store(settings) as database:
        yield ScanBook(
            scans=SqlSavedScans(database),
            clock=UtcClock(),
            patterns=lambda: own.known().patterns,
        )


async def _scan(book: ScanBook, what: str) -> Scan:
    if not what.endswith(_TOML):
        return await book.loaded(what)
    file = Path(what)
    return _read(book, file, _text_of(file))


def _text_of(file: Path) -> str:
    try:
        with file.open(encoding="utf-8") as opened:
            return opened.read(DEFINITION_MAX + 1)
    except OSError as error:
        raise _unread(file, error.strerror or type(error).__name__) from None
    except UnicodeDecodeError:
        raise _unread(file, "it is not UTF-8") from None


def _read(book: ScanBook, file: Path, text: str) -> Scan:
    try:
        return book.read(text)
    except Denied as denied:
        line, problem = denied.facts.get("line"), denied.facts.get("problem")
        raise _unread(file, f"line {line}: {problem}") from None


def _unread(file: Path, problem: str) -> Misconfigured:
    return Misconfigured(Reason.CONFIGURATION_UNREADABLE, setting=str(file), problem=problem)
