"""Commands of the first level that only read: what there is, what it costs and is worth."""

import asyncio
from datetime import datetime
from typing import Annotated

import typer

reading = typer.Typer()


@reading.command(name="balances")
def balances_command(
    account: Annotated[
        str | None, typer.Argument(help="A handle, as paper-margin; every account without one.")
    ] = None,
    *,
    first: Annotated[
        str | None,
        typer.Option("--from", metavar="DAY", help="A date; thirty days before --to without."),
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="DAY", help="A date; today, and now too, without.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Tell what accounts are worth now, and were at the close of past days."""
    from strikedesk.cli import balances  # noqa: PLC0415 -- one command's
    from strikedesk.cli.showing import screen  # noqa: PLC0415 -- rich

    told = asyncio.run(balances.balances(account, balances.Days(first=first, last=last)))
    if as_json:
        typer.echo(balances.as_json(told))
    else:
        for part in balances.shown(told):
            screen().print(part)


@reading.command(name="margin")
def margin_command(
    account: Annotated[str, typer.Argument(help="A handle: paper-margin, for example.")],
    symbols: Annotated[
        list[str] | None, typer.Argument(metavar="[SYMBOL]...", help="Tell the rates of these too.")
    ] = None,
) -> None:
    """Tell what the broker asks for what an account holds, and at which rates it reckons."""
    from strikedesk.cli.margins import margin, shown  # noqa: PLC0415 -- one command's
    from strikedesk.cli.showing import screen  # noqa: PLC0415 -- rich

    screen().print(*shown(asyncio.run(margin(account, symbols or ()))))


@reading.command(name="instrument")
def instrument_command(
    symbols: Annotated[
        list[str], typer.Argument(metavar="SYMBOL...", help="AAPL, /ESZ6 or BTC/USD, for example.")
    ],
) -> None:
    """Tell what the broker has on record of shares, options, futures and coins."""
    from strikedesk.cli.instruments import instruments, shown  # noqa: PLC0415 -- one command's
    from strikedesk.cli.showing import screen  # noqa: PLC0415 -- rich

    screen().print(*shown(asyncio.run(instruments(symbols))))


@reading.command(name="quote")
def quote_command(
    symbols: Annotated[
        list[str], typer.Argument(metavar="SYMBOL...", help="AAPL, /ESZ6 or BTC/USD, for example.")
    ],
) -> None:
    """Tell what shares, options, futures and coins cost now; futures and coins cannot be traded."""
    from strikedesk.cli.quotes import quotes, shown  # noqa: PLC0415 -- one command's
    from strikedesk.cli.showing import screen  # noqa: PLC0415 -- rich

    screen().print(*shown(asyncio.run(quotes(symbols))))


@reading.command(name="future-options")
def future_options_command(
    product: Annotated[str, typer.Argument(help="The code of a product of futures: ES.")],
    day: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Tell the strikes of that day.")
    ] = None,
) -> None:
    """Tell what options on futures the broker lists; none of them can be traded here."""
    from strikedesk.cli.future_chains import future_chain, shown  # noqa: PLC0415 -- one command's
    from strikedesk.cli.showing import screen  # noqa: PLC0415 -- rich

    listed = asyncio.run(future_chain(product))
    screen().print(shown(listed, None if day is None else day.date()))
