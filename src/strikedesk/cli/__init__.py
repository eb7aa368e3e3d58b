"""The owner's door: `strikedesk serve | demo | doctor | install | token | db | vault | …`."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from strikedesk.logs.known import Known


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command and leave with its exit code: 0 fine, 1 failed, 2 misused."""
    from strikedesk.cli.serving import quick, serve  # noqa: PLC0415 -- `import strikedesk.cli` stays free
    from strikedesk.cli.speech import complain  # noqa: PLC0415 -- same
    from strikedesk.logs.crashes import keep_no_core, quiet_crashes  # noqa: PLC0415 -- same
    from strikedesk.logs.known import Known  # noqa: PLC0415 -- same
    from strikedesk.logs.streams import scrubbed  # noqa: PLC0415 -- same

    given = sys.argv[1:] if argv is None else argv
    if argv is None:  # The process is ours.
        keep_no_core()
    with Known().listening() as known, scrubbed(known), quiet_crashes():
        try:
            # A client waits for `serve` to answer: its usual spelling does not pay for a parser.
            if (wanted := quick(given)) is not None:
                serve(wanted, known)
            else:
                _parse_and_run(given, known)
        except Exception as error:  # noqa: BLE001 -- the process's outermost loop
            sys.exit(complain(error))


def _parse_and_run(argv: Sequence[str], known: "Known") -> None:
    from strikedesk.cli.app import app  # noqa: PLC0415 -- typer is kept off the path of `serve`

    app(argv, prog_name="strikedesk", obj=known)
