"""stdout and stderr of a process that knows secrets: what is written there is searched first."""

import io
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import TextIO, cast

from strikedesk.logs.known import Known
from strikedesk.logs.scrubber import Scrubber


class ScrubbedText(io.TextIOBase):
    """A text stream over another; lines are searched whole, and the rest when it is flushed."""

    def __init__(self, under: TextIO, scrubber: Scrubber) -> None:
        """Write to `under` what `scrubber` leaves."""
        super().__init__()
        self._under = under
        self._scrubber = scrubber
        self._held = ""

    @property
    def encoding(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride] -- read-only there too
        """The encoding of the stream below."""
        return self._under.encoding

    @property
    def errors(self) -> str | None:  # pyright: ignore[reportIncompatibleVariableOverride] -- same
        """What the stream below does with what it cannot encode."""
        return self._under.errors

    def writable(self) -> bool:
        """Say yes."""
        return True

    def isatty(self) -> bool:
        """Tell whether a person looks at it."""
        return self._under.isatty()

    def fileno(self) -> int:
        """Return the descriptor below: what is written there goes round the search."""
        return self._under.fileno()

    def write(self, text: str, /) -> int:
        """Hold `text` until its line ends, then search it and let it go."""
        self._held += text
        if "\n" in text:
            self._let_go()
        return len(text)

    def flush(self) -> None:
        """Let go of what was held."""
        self._let_go()
        self._under.flush()

    def _let_go(self) -> None:
        held, self._held = self._held, ""
        if held:
            self._write_on(self._scrubber.line(held))

    def _write_on(self, text: str) -> None:
        """Write what was searched; a letter that this terminal does not have, by its number.

        At once: what a full disk does not take is to be heard of here, and not when Python leaves.
        """
        try:
            self._under.write(text)
        except UnicodeEncodeError:
            encoding = self._under.encoding
            self._under.write(text.encode(encoding, "backslashreplace").decode(encoding))
        self._under.flush()

    def leave(self) -> None:
        """Let go of the rest; what cannot be written is dropped, or Python would try again."""
        try:
            self.flush()
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._under.fileno())
            os.close(nowhere)


@contextmanager
def scrubbed(known: Known) -> Generator[None]:
    """Search everything that is printed meanwhile; a stream that was closed stays none."""
    before: tuple[TextIO | None, ...] = sys.stdout, sys.stderr
    scrubber = Scrubber(known)
    ours = [None if stream is None else ScrubbedText(stream, scrubber) for stream in before]
    sys.stdout, sys.stderr = (cast("TextIO", stream) for stream in ours)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = (cast("TextIO", stream) for stream in before)
        for stream in ours:
            if stream is not None:
                stream.leave()
