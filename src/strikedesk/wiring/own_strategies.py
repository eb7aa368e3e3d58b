"""The owner's own strategies: TOML files in the folder `strategies` beside `config.toml`.

They are looked for whenever they are used, so that a file counts from when it is saved. A file that
cannot be read stops nothing: its strategies are not known, and whoever asks hears why and where.
"""

import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.reasons import Reason
from strikedesk.quant.strategies.custom import BadFile, patterns_of
from strikedesk.quant.strategies.patterns import PATTERNS, Pattern
from strikedesk.quant.strategies.request import pattern_named

FILES_MAX: Final = 50
BYTES_MAX: Final = 65_536

# Name, time of the last change in nanoseconds, and size; -1 of what is no file to be read.
_Seen: TypeAlias = tuple[str, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A file that was left out, and why: in our words, with the line where there is one."""

    file: str
    problem: str

    def refusal(self) -> Misconfigured:
        """Return it as the error of whoever needed the file."""
        return Misconfigured(
            Reason.CONFIGURATION_UNREADABLE, setting=self.file, problem=self.problem
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Every strategy that has a name, the usual ones first; and the files that were left out."""

    patterns: tuple[Pattern, ...] = PATTERNS
    unread: tuple[Unread, ...] = ()

    @property
    def own(self) -> int:
        """How many are the owner's."""
        return len(self.patterns) - len(PATTERNS)

    @property
    def told(self) -> list[str]:
        """The files that were left out, a line each."""
        return [f"{each.file}: {each.problem}" for each in self.unread]

    def check_named(self, words: str) -> None:
        """Say what keeps a file from being read, if words may name a strategy of it.

        Raises:
            Misconfigured: CONFIGURATION_UNREADABLE, of the first file.
        """
        if self.unread and pattern_named(words, self.patterns) is None:
            raise self.unread[0].refusal()


@dataclass(slots=True)
class OwnStrategies:
    """Reads a folder of files anew when one of them has changed. Law: never raises."""

    folder: Path
    _seen: tuple[_Seen, ...] = ()
    _known: Known = field(default_factory=Known)

    def known(self) -> Known:
        """Return the strategies as the files have them now."""
        try:
            seen = tuple(sorted(_seen(path) for path in self.folder.iterdir() if _is_ours(path)))
        except FileNotFoundError:  # The usual case.
            seen = ()
        except OSError as error:
            problem = f"it cannot be looked into ({type(error).__name__})"
            return Known(unread=(Unread(file=self.folder.name, problem=problem),))
        if seen != self._seen:
            self._known, self._seen = self._read(seen), seen
        return self._known

    def _read(self, seen: Sequence[_Seen]) -> Known:
        """Read the files by their names; a name that an earlier one has is taken."""
        patterns, unread = PATTERNS, list[Unread]()
        for place, (name, _, size) in enumerate(seen):
            try:
                patterns += self._patterns(name, size, patterns, place)
            except BadFile as bad:
                unread.append(Unread(file=f"{self.folder.name}/{name}", problem=str(bad)))
        return Known(patterns=patterns, unread=tuple(unread))

    def _patterns(
        self, name: str, size: int, known: tuple[Pattern, ...], place: int
    ) -> tuple[Pattern, ...]:
        if place >= FILES_MAX:
            raise BadFile(f"only the first {FILES_MAX} files are read")
        if size < 0:
            raise BadFile("it is no plain file")
        if size > BYTES_MAX:
            raise BadFile(f"it is longer than {BYTES_MAX} bytes")
        try:
            text = (self.folder / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise BadFile("it is not UTF-8") from None
        except OSError as error:
            raise BadFile(f"it cannot be read ({type(error).__name__})") from None
        return patterns_of(text, known)


def _is_ours(path: Path) -> bool:
    return path.suffix == ".toml"


def _seen(path: Path) -> _Seen:
    try:
        stands = path.stat()
    except OSError:
        return path.name, -1, -1
    # A pipe would be waited for.
    size = stands.st_size if stat.S_ISREG(stands.st_mode) else -1
    return path.name, stands.st_mtime_ns, size
