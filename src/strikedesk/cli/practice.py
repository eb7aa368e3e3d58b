"""The commands of practice: `market` tells and moves a world's time, `paper` its worlds."""

import asyncio
from pathlib import Path
from typing import Annotated, Final

import typer

from strikedesk.cli.agreeing import ask

market = typer.Typer(help="The paper market's time.", no_args_is_help=True)
paper = typer.Typer(help="Paper worlds: accounts to practise with.", no_args_is_help=True)

_HOW_FAR: Final = "15m, 2h, 1d, 1w, next-open, next-close, or an instant with its zone."
_YES: Final = typer.Option("--yes", help="Do not ask.")


@market.command(name="status")
def market_status() -> None:
    """Tell the world's time, how its clock goes, the session, and when the market opens next."""
    from strikedesk.cli.market import status  # noqa: PLC0415 -- one command's
    from strikedesk.cli.showing import figures, screen  # noqa: PLC0415 -- rich

    screen().print(figures(asyncio.run(status())))


@market.command(name="step")
def market_step(
    step: Annotated[str, typer.Argument(metavar="STEP", help=_HOW_FAR)],
) -> None:
    """Move a stepped world; orders meet every tick on the way. Interrupted, run it again.

    A day is 24 hours. A frozen world stands for good, and the other clocks go by themselves. For a
    world to step: STRIKEDESK_PAPER__WORLD=practice STRIKEDESK_PAPER__CLOCK=stepped
    """
    from strikedesk.cli.market import happened, move  # noqa: PLC0415 -- one command's
    from strikedesk.cli.showing import advancing, screen  # noqa: PLC0415 -- rich

    with advancing("stepping") as progress:
        moved = asyncio.run(move(step, progress))
    screen().print(*happened(moved))


@market.command(name="smile")
def market_smile(
    underlying: Annotated[str, typer.Argument(metavar="SYMBOL", help="SPY, for example.")],
    *,
    out: Annotated[Path, typer.Option(help="The PNG to write.", dir_okay=False)],
) -> None:
    """Draw implied volatility by strike, a curve for each of a few expirations."""
    from strikedesk.cli.charts import draw_smile  # noqa: PLC0415 -- one command's, matplotlib
    from strikedesk.cli.showing import busy  # noqa: PLC0415 -- rich

    with busy("drawing"):
        told = asyncio.run(draw_smile(underlying, out))
    typer.echo(told)


@paper.command(name="chart")
def paper_chart(
    account: Annotated[str, typer.Argument(help="A handle: paper-margin, for example.")],
    *,
    out: Annotated[Path, typer.Option(help="The PNG to write.", dir_okay=False)],
) -> None:
    """Draw what an account was worth at each close, and what befell it."""
    from strikedesk.cli.charts import draw_account  # noqa: PLC0415 -- one command's, matplotlib
    from strikedesk.cli.showing import busy  # noqa: PLC0415 -- rich

    with busy("drawing"):
        told = asyncio.run(draw_account(account, out))
    typer.echo(told)


@paper.command(name="exercise")
def paper_exercise(
    symbol: Annotated[str, typer.Argument(help="A held option: AAPL261218C00200000.")],
    quantity: Annotated[int, typer.Argument(min=1, help="How many contracts.")],
    *,
    account: Annotated[str, typer.Option(help="A handle: paper-margin, for example.")],
    yes: Annotated[bool, _YES] = False,
) -> None:
    """Exercise a long American option before it expires, while the market is open.

    It shows what that does and asks first. What an order promises is not free to be exercised:
    cancel the order. What is in the money at its end is exercised by itself.
    """
    from strikedesk.cli.exercise import carried_out, foreseen, wanted  # noqa: PLC0415 -- same
    from strikedesk.cli.showing import screen  # noqa: PLC0415 -- rich

    wish = wanted(symbol, quantity, account)
    if not yes:
        screen().print("This would be written:", asyncio.run(foreseen(wish)), sep="\n")
        ask(f"Exercise {quantity} {wish.contract.words}?", yes=yes)
    screen().print(asyncio.run(carried_out(wish)))


@paper.command(name="worlds")
def paper_worlds() -> None:
    """List the worlds: their time, their clock, their market, what the accounts are worth."""
    from strikedesk.cli.paper import listed  # noqa: PLC0415 -- one command's
    from strikedesk.cli.showing import busy, screen  # noqa: PLC0415 -- rich

    with busy("looking at the worlds"):
        found = asyncio.run(listed())
    screen().print(found)


@paper.command(name="reset")
def paper_reset(
    name: Annotated[str, typer.Argument(help="As `paper worlds` shows it.")],
    *,
    yes: Annotated[bool, _YES] = False,
) -> None:
    """Empty a world for good. Whoever opens it next begins with the settings of then.

    Orders at work in it are cancelled in the ledger too; refused while the outcome of one is
    unknown.
    """
    from strikedesk.cli.paper import loss_of, reset  # noqa: PLC0415 -- one command's

    typer.echo(asyncio.run(loss_of(name)))
    ask(f"Empty the world {name}?", yes=yes)
    typer.echo(asyncio.run(reset(name)))


@paper.command(name="snapshot")
def paper_snapshot(
    name: Annotated[str, typer.Argument(help="As `paper worlds` shows it.")],
    file: Annotated[Path, typer.Argument(help="Where to; see `paper restore`.", dir_okay=False)],
    *,
    yes: Annotated[bool, _YES] = False,
) -> None:
    """Copy a world to a file, while servers go on."""
    from strikedesk.cli.paper import snapshot  # noqa: PLC0415 -- one command's

    if file.exists():
        ask(f"Replace the file {file}?", yes=yes)
    typer.echo(asyncio.run(snapshot(name, file)))


@paper.command(name="restore")
def paper_restore(
    file: Annotated[
        Path, typer.Argument(help="What `paper snapshot` wrote.", exists=True, dir_okay=False)
    ],
    name: Annotated[
        str | None, typer.Argument(help="The world to put it into; its own without.")
    ] = None,
    *,
    yes: Annotated[bool, _YES] = False,
) -> None:
    """Put a world back as it was, or another one beside it. The ledger never goes back.

    Orders that the ledger has as ended, or does not have at all, do not work again; those that it
    has at work and that the copy does not know are cancelled in it.
    """
    from strikedesk.cli.paper import opened_file, replaced_by, restore  # noqa: PLC0415 -- same

    copy = opened_file(file, name)
    lost = asyncio.run(replaced_by(copy))
    if lost is not None:
        typer.echo(lost)
        ask(f"Replace the world {copy.name}?", yes=yes)
    typer.echo(asyncio.run(restore(copy)))
