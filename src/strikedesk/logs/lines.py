"""Logs: one JSON object a line on stderr, never on stdout, with secrets taken out on the way.

Rooms log through the standard library. structlog renders, and is imported with the first line that
is written: a client waits for `initialize`, not for a logger.
"""

import logging
import sys
from typing import TYPE_CHECKING, Final, TextIO

from strikedesk.logs.places import told
from strikedesk.logs.redaction import Redactor

if TYPE_CHECKING:
    from structlog.typing import ExcInfo

QUIET: Final = logging.WARNING
OWN: Final = logging.INFO


class JsonLines(logging.Formatter):
    """Renders a record as a line of JSON without secrets."""

    def __init__(self, redactor: Redactor) -> None:
        """Take out what `redactor` knows and recognises."""
        super().__init__()
        self._redactor = redactor
        self._renderer: logging.Formatter | None = None

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; what cannot be rendered is said to be so, and nothing is raised."""
        if self._renderer is None:
            self._renderer = _renderer(self._redactor)
        return self._redactor.line(self._renderer.format(record))


def configure(redactor: Redactor, stream: TextIO | None = None) -> None:
    """Send every log line to `stream`, else stderr, whatever was set up before.

    Libraries speak from WARNING on, the desk from INFO on.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines(redactor))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(QUIET)
    logging.getLogger("strikedesk").setLevel(OWN)


def _renderer(redactor: Redactor) -> logging.Formatter:
    import structlog  # noqa: PLC0415 -- 60 ms, kept off `initialize`

    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_logger_name,
            structlog.stdlib.add_log_level,
            structlog.stdlib.ExtraAdder(),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.ExceptionRenderer(_exception),
            redactor.fields,
            structlog.processors.JSONRenderer(default=_shown),
        ],
    )


def _exception(exc_info: "ExcInfo") -> str:
    return told(exc_info[1])


def _shown(value: object) -> str:
    """A value that JSON does not know says what it is; `repr` of a Secret is `***`."""
    return repr(value)
