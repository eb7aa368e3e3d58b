"""The commands about orders that were sent, and their words."""

import asyncio
from typing import Annotated

import typer

from strikedesk.cli.speech import MISUSED

orders = typer.Typer(help="What was sent, and what is in doubt.", no_args_is_help=True)


@orders.command(name="list")
def orders_list(
    *,
    unsettled: Annotated[
        bool, typer.Option("--unsettled", help="Only those of which nobody knows what came.")
    ] = False,
) -> None:
    """List what was sent, newest first, as the ledger has it."""
    from strikedesk.cli.settling import listed  # noqa: PLC0415 -- one command's
    from strikedesk.cli.showing import screen, table  # noqa: PLC0415 -- rich

    columns = ("order", "kind", "state", "account", "of", "filled", "updated")
    found, older = asyncio.run(listed(unsettled=unsettled))
    if not found:
        typer.echo("Nothing is in doubt." if unsettled else "Nothing was sent yet.")
        return
    rows = [
        (
            row.order_id,
            row.kind.value,
            row.state.value,
            row.account_handle,
            row.order.underlying,
            f"{row.filled_units}/{row.order.units}",
            f"{row.updated_at:%Y-%m-%d %H:%M}",
        )
        for row in found
    ]
    screen().print(table(columns, rows))
    if older:
        typer.echo(f"{older} older ones were not looked at.")


@orders.command(name="settle")
def orders_settle(
    order: Annotated[str, typer.Argument(metavar="ORDER", help="As `orders list` shows it.")],
    *,
    placed: Annotated[
        str | None,
        typer.Option(metavar="BROKER_ORDER_ID", help="It is there: the broker's number of it."),
    ] = None,
    not_placed: Annotated[
        bool, typer.Option("--not-placed", help="It is not there and never was.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
) -> None:
    """Say what became of an order in doubt, where its broker does not. Nothing is sent."""
    from strikedesk.cli.settling import settle  # noqa: PLC0415 -- one command's

    if (placed is None) is not not_placed:
        typer.echo("strikedesk: say either --placed BROKER_ORDER_ID or --not-placed", err=True)
        raise typer.Exit(MISUSED)

    def agree(question: str) -> bool:
        typer.echo(question)
        return yes or typer.confirm("Settle it so?")

    typer.echo(asyncio.run(settle(order, placed=placed, agree=agree)))
