"""The commands about scans, and their words."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from strikedesk.cli.speech import FAILED, FINE

scan = typer.Typer(
    help="Rules that find trades: run, kept, and run by themselves.", no_args_is_help=True
)

_NAME = typer.Argument(metavar="NAME", help="As `scan list` shows it.")


@scan.command(name="list")
def scan_list() -> None:
    """List the saved scans, then those that come with the desk, and how each stands."""
    from strikedesk.cli.scan_tables import SHELF_COLUMNS, shelf_rows  # noqa: PLC0415 -- its own
    from strikedesk.cli.scanning import shelf  # noqa: PLC0415 -- its own
    from strikedesk.cli.showing import screen, table  # noqa: PLC0415 -- rich

    scans, runs = asyncio.run(shelf())
    screen().print(table(SHELF_COLUMNS, shelf_rows(scans, runs)))


@scan.command(name="run")
def scan_run(
    what: Annotated[str, typer.Argument(metavar="NAME|FILE.toml", help="Which scan.")],
    *,
    symbols: Annotated[
        str | None, typer.Option(help="Look at these instead of its own: SPY,AAPL")
    ] = None,
    account: Annotated[
        str | None, typer.Option(help="The account that its portfolio rules are about.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Look for trades now. Leaves with 1 when not one symbol could be seen."""
    from strikedesk.cli import scan_tables, scanning  # noqa: PLC0415 -- one command's
    from strikedesk.cli.showing import advancing, screen  # noqa: PLC0415 -- rich

    asked = scanning.Asked(what=what, symbols=scanning.symbols_of(symbols), account=account)
    with advancing("scanning") as progress:
        report = asyncio.run(scanning.run(asked, progress))
    if as_json:
        typer.echo(scan_tables.as_json(report))
    else:
        screen().print(*scan_tables.shown(report), sep="\n")
    blind = len(report.unseen) == len(report.verdicts)
    raise typer.Exit(FAILED if blind else FINE)


@scan.command(name="results")
def scan_results(name: Annotated[str, _NAME]) -> None:
    """Tell what a scan with `every` has found, newest first, whenever that was something else."""
    from strikedesk.cli.scan_tables import RESULT_COLUMNS, result_rows  # noqa: PLC0415 -- its own
    from strikedesk.cli.scanning import results  # noqa: PLC0415 -- one command's
    from strikedesk.cli.showing import screen, table  # noqa: PLC0415 -- rich

    found = asyncio.run(results(name))
    if found:
        screen().print(table(RESULT_COLUMNS, result_rows(found)))
    else:
        typer.echo('Nothing is kept of it. Scans with every = "15m" run while a server does.')


@scan.command(name="save")
def scan_save(
    file: Annotated[Path, typer.Argument(metavar="FILE.toml", help="See docs/scans.md.")],
) -> None:
    """Keep the scan of a file under the name in it, in the place of one of that name."""
    from strikedesk.cli.scanning import save  # noqa: PLC0415 -- one command's

    typer.echo(f"Saved {asyncio.run(save(file)).name}.")


@scan.command(name="remove")
def scan_remove(name: Annotated[str, _NAME]) -> None:
    """Drop a saved scan."""
    from strikedesk.cli.scanning import remove  # noqa: PLC0415 -- one command's

    asyncio.run(remove(name))
    typer.echo(f"Removed {name.casefold()}.")
