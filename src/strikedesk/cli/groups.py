"""The commands of the second level: token, limits, db, vault, tape."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from strikedesk.cli.speech import FAILED
from strikedesk.cli.tokens import DAYS_MAX, Scope

token = typer.Typer(help="Who may call over the network.", no_args_is_help=True)
limits = typer.Typer(help="What the owner allows orders to do.", no_args_is_help=True)
db = typer.Typer(help="The desk's database.", no_args_is_help=True)
vault = typer.Typer(help="The keys over sealed secrets.", no_args_is_help=True)
tape = typer.Typer(help="Real option chains for the paper market to replay.", no_args_is_help=True)


@token.command(name="create")
def token_create(
    name: Annotated[str, typer.Argument(help="What the audit trail calls the caller.")],
    *,
    scope: Annotated[Scope, typer.Option(help="read looks; trade also previews and confirms.")],
    days: Annotated[
        int | None, typer.Option(min=1, max=DAYS_MAX, help="How long it is good for.")
    ] = None,
) -> None:
    """Make a bearer token and print it, this once: only its hash is kept."""
    from strikedesk.cli.tokens import create  # noqa: PLC0415 -- one command's

    made, text = asyncio.run(create(name, scope, days))
    typer.echo(text)
    typer.echo(
        f"Token {made.token_id} for {name}, scope {made.scope}. It is not shown again.", err=True
    )


@token.command(name="list")
def token_list() -> None:
    """List the tokens; what they open is not stored."""
    from strikedesk.cli.showing import day, screen, table  # noqa: PLC0415 -- rich
    from strikedesk.cli.tokens import listed, state_of  # noqa: PLC0415 -- one command's

    now, tokens = asyncio.run(listed())
    columns = ("id", "name", "scope", "state", "created", "expires", "last used")
    rows = [
        (
            t.token_id,
            t.name,
            t.scope,
            state_of(t, now),
            day(t.created_at),
            day(t.expires_at),
            day(t.used_at),
        )
        for t in tokens
    ]
    screen().print(table(columns, rows))


@token.command(name="revoke")
def token_revoke(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="As `token list` shows it.")],
) -> None:
    """End a token, at once and for good."""
    from strikedesk.cli.tokens import revoke  # noqa: PLC0415 -- one command's

    asyncio.run(revoke(token_id))
    typer.echo(f"Token {token_id} is revoked.")


@limits.command(name="show")
def limits_show() -> None:
    """List every limit with its default, and what today's orders have used."""
    from strikedesk.cli.limits import show  # noqa: PLC0415 -- one command's
    from strikedesk.cli.showing import figures, screen, table  # noqa: PLC0415 -- rich

    shown = asyncio.run(show())
    screen().print(table(("limit", "value", "default"), shown.rows), figures(shown.used))


@limits.command(name="set")
def limits_set(
    name: Annotated[str, typer.Argument(help="As `limits show` lists it.")],
    value: Annotated[str, typer.Argument(help="A figure, true or false, AAPL,SPY, or default.")],
) -> None:
    """Set one limit in config.toml, keeping a backup; the audit trail gets a line."""
    from strikedesk.cli.limits import set_limit  # noqa: PLC0415 -- one command's

    typer.echo(asyncio.run(set_limit(name, value)))


@vault.command(name="rotate")
def vault_rotate() -> None:
    """Put every sealed secret under a new key. Interrupted, it can be run again."""
    from strikedesk.cli.showing import busy  # noqa: PLC0415 -- rich
    from strikedesk.cli.vaulting import describe, rotate  # noqa: PLC0415 -- one command's

    with busy("putting the sealed secrets under a new key"):
        rotation = asyncio.run(rotate())
    typer.echo(describe(rotation))
    if rotation.unreadable:
        raise typer.Exit(FAILED)


@db.command(name="upgrade")
def db_upgrade() -> None:
    """Bring the tables up to date. A SQLite desk does so by itself; PostgreSQL waits for this."""
    from strikedesk.cli.database import upgrade  # noqa: PLC0415 -- one command's
    from strikedesk.cli.showing import busy  # noqa: PLC0415 -- rich

    with busy("bringing the tables up to date"):
        told = asyncio.run(upgrade())
    typer.echo(told)


@db.command(name="backup")
def db_backup(
    file: Annotated[Path, typer.Argument(help="A file that does not exist yet.")],
) -> None:
    """Copy the database to a file, while servers go on, and prove the copy whole."""
    from strikedesk.cli.database import back_up  # noqa: PLC0415 -- one command's
    from strikedesk.cli.showing import advancing  # noqa: PLC0415 -- rich

    with advancing("copying") as progress:
        told = back_up(file, progress)
    typer.echo(told)


@db.command(name="restore")
def db_restore(
    file: Annotated[
        Path, typer.Argument(help="What `db backup` wrote.", exists=True, dir_okay=False)
    ],
) -> None:
    """Put a backup back. Stop every server first; trading is halted until `resume`."""
    from strikedesk.cli.database import restore  # noqa: PLC0415 -- one command's
    from strikedesk.cli.showing import advancing  # noqa: PLC0415 -- rich

    with advancing("putting back") as progress:
        told = restore(file, progress)
    typer.echo(told)


@tape.command(name="import")
def tape_import(
    sources: Annotated[
        list[Path],
        typer.Argument(metavar="SRC...", help="Files in the layout of LEAN.", exists=True),
    ],
    *,
    out: Annotated[Path, typer.Option(help="The tape to write; gzipped if named .gz.")],
    every: Annotated[
        str | None, typer.Option(help="Keep the last quote of each such stretch: 15m, 1h.")
    ] = None,
) -> None:
    """Make one tape of recorded chains, quotes and bars, and tell what is odd about them."""
    from strikedesk.cli.showing import advancing  # noqa: PLC0415 -- rich
    from strikedesk.cli.tapes import make_tape, told  # noqa: PLC0415 -- one command's

    with advancing("converting") as progress:
        report = make_tape(sources, out, every, lambda done, of, _file: progress(done, of))
    typer.echo("\n".join(told(report, out)))


@tape.command(name="info")
def tape_info(
    file: Annotated[Path, typer.Argument(help="A tape.", exists=True, dir_okay=False)],
) -> None:
    """Tell what is on a tape: sessions, underlyings, rows, gaps, times.

    To replay one from its first session, a minute in each second:
    `strikedesk serve --tape /tapes/goog.csv.gz --world goog --speed 60`
    """
    from strikedesk.cli.showing import advancing, figures, screen, table  # noqa: PLC0415 -- rich
    from strikedesk.cli.tapes import SESSION_COLUMNS, contents  # noqa: PLC0415 -- one command's

    with advancing("reading") as progress:
        found = contents(file, progress)
    screen().print(figures(found.figures), table(SESSION_COLUMNS, found.sessions))


@tape.command(name="check")
def tape_check(
    file: Annotated[Path, typer.Argument(help="A tape.", exists=True, dir_okay=False)],
) -> None:
    """Read a tape whole, and tell what is odd about it; a bad file leaves with 2 and its line."""
    from strikedesk.cli.showing import advancing  # noqa: PLC0415 -- rich
    from strikedesk.cli.tapes import check  # noqa: PLC0415 -- one command's

    with advancing("reading") as progress:
        told = check(file, progress)
    typer.echo("\n".join(told))
