"""The commands about the audit trail, and their words."""

import asyncio
from typing import Annotated

import typer

from strikedesk.cli.speech import FAILED

audit = typer.Typer(help="The trail of who did what, by which path.", no_args_is_help=True)


@audit.command(name="verify")
def audit_verify(
    *,
    noted: Annotated[
        str | None,
        typer.Option(
            metavar="HEAD", help="A head that you kept: the trail must still pass through it."
        ),
    ] = None,
) -> None:
    """Walk the whole trail; leaves with 1 and names the first line that is not as it was sealed."""
    from strikedesk.cli.auditing import told, verify  # noqa: PLC0415 -- one command's
    from strikedesk.cli.showing import advancing  # noqa: PLC0415 -- rich

    with advancing("verifying") as progress:
        report = asyncio.run(verify(noted, progress))
    for line in told(report):
        typer.echo(line, err=report.bad is not None)
    if report.bad is not None:
        raise typer.Exit(FAILED)
