"""The owner's door: `strikedesk serve | demo | doctor | install | token | db | vault | …`."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from strikedesk.logs.known import Known

_DROPS_DOCSTRINGS: Final = 2  # Of the levels at which Python leaves things out.


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command and leave with its exit code: 0 fine, 1 failed, 2 misused."""
    from strikedesk.cli.speech import complain  # noqa: PLC0415 -- `import strikedesk.cli` stays free
    from strikedesk.logs.crashes import keep_no_core, quiet_crashes  # noqa: PLC0415 -- same
    from strikedesk.logs.known import Known  # noqa: PLC0415 -- same
    from strikedesk.logs.streams import scrubbed  # noqa: PLC0415 -- same

    given = sys.argv[1:] if argv is None else argv
    if argv is None:  # The process is ours.
        keep_no_core()
    with Known().listening() as known, scrubbed(known), quiet_crashes():
        try:
            _check_docstrings()
            _run(given, known)
        except Exception as error:  # noqa: BLE001 -- the process's outermost loop
            sys.exit(complain(error))


def _check_docstrings() -> None:
    """Refuse a Python that drops them: by them tools and commands say what they are for.

    Raises:
        Misconfigured: CONFIGURATION_UNREADABLE.
    """
    if sys.flags.optimize < _DROPS_DOCSTRINGS:
        return
    from strikedesk.domain.errors import Misconfigured  # noqa: PLC0415 -- same
    from strikedesk.domain.reasons import Reason  # noqa: PLC0415 -- same

    raise Misconfigured(
        Reason.CONFIGURATION_UNREADABLE,
        setting="PYTHONOPTIMIZE",
        problem="-OO drops the docstrings that tools and commands are described by; unset it",
    )


def _run(given: Sequence[str], known: "Known") -> None:
    """Serve, or run another command; what it printed is written, or that is its failure."""
    from strikedesk.cli.serving import quick, serve  # noqa: PLC0415 -- same

    try:
        # A client waits for `serve` to answer: its usual spelling does not pay for a parser.
        if (wanted := quick(given)) is not None:
            serve(wanted, known)
        else:
            _parse_and_run(given, known)
    finally:
        if sys.stdout is not None:  # None where it was closed.
            sys.stdout.flush()


def _parse_and_run(argv: Sequence[str], known: "Known") -> None:
    from strikedesk.cli.app import app  # noqa: PLC0415 -- typer is kept off the path of `serve`

    app(argv, prog_name="strikedesk", obj=known)
