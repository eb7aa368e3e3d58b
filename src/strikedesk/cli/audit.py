"""The commands about the audit trail, and their words."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from strikedesk.cli.speech import FAILED
from strikedesk.cli.trail_forms import Format

audit = typer.Typer(help="The trail of who did what, by which path.", no_args_is_help=True)
_INSTANT: Final = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]


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


@audit.command(name="export")
def audit_export(
    *,
    out: Annotated[Path, typer.Option(metavar="FILE", help="A file that does not exist yet.")],
    form: Annotated[
        Format, typer.Option("--format", help="jsonl proves itself; csv is for a spreadsheet.")
    ] = Format.JSONL,
    since: Annotated[
        datetime | None, typer.Option(formats=_INSTANT, help="From here on, in UTC.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=_INSTANT, help="Before this, in UTC.")
    ] = None,
) -> None:
    """Write the trail to a file, once all of it is found whole. Secrets never leave with it."""
    from strikedesk.cli.exporting import Stretch, export  # noqa: PLC0415 -- one command's
    from strikedesk.cli.showing import advancing  # noqa: PLC0415 -- rich

    stretch = Stretch(since=_utc(since), until=_utc(until))
    with advancing("exporting") as progress:
        told = export(out, form, stretch, progress)
    typer.echo("\n".join(told))


def _utc(instant: datetime | None) -> datetime | None:
    return instant and instant.replace(tzinfo=UTC)


@audit.command(name="replay")
def audit_replay(
    *,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also write the rows that the trail tells, as JSONL."),
    ] = None,
) -> None:
    """Rebuild the orders from the trail and compare; leaves with 1 and names what differs."""
    from strikedesk.cli.replaying import replay  # noqa: PLC0415 -- one command's
    from strikedesk.cli.showing import advancing  # noqa: PLC0415 -- rich

    with advancing("verifying") as progress:
        compared, told = replay(out, progress)
    typer.echo("\n".join(told))
    if compared.differences:
        raise typer.Exit(FAILED)


@audit.command(name="prune")
def audit_prune(
    *,
    out: Annotated[
        Path, typer.Option(metavar="FILE", help="A new file, for the lines before they go.")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Export what is older than `[audit] keep_years` (7), then delete it, orders included.

    Only what is at the beginning of the trail goes, and of an order all lines or none.
    """
    from strikedesk.cli.agreeing import ask  # noqa: PLC0415 -- one command's
    from strikedesk.cli.pruning import plan, prune  # noqa: PLC0415 -- same
    from strikedesk.cli.showing import advancing  # noqa: PLC0415 -- rich

    pruning = plan(out)
    if pruning.old is None:
        typer.echo(pruning.words)
        return
    ask(pruning.words, yes=yes)
    with advancing("exporting") as progress:
        told = prune(pruning, pruning.old, progress)
    typer.echo("\n".join(told))
