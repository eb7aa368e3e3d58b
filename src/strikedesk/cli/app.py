"""The commands of the first level and their words; each does its work in a module of its own."""

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from strikedesk.cli import audit, groups, orders, practice, reading, scans
from strikedesk.cli.clients import Client
from strikedesk.cli.serving import Transport, Wanted, serve
from strikedesk.cli.speech import FAILED, FINE
from strikedesk.logs.known import Known


class LinkedBroker(StrEnum):
    """A broker that wants a login."""

    TASTYTRADE = "tastytrade"


app = typer.Typer(
    help="An options trading desk for AI assistants over MCP, controlled by its owner.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(groups.token, name="token")
app.add_typer(orders.orders, name="orders")
app.add_typer(scans.scan, name="scan")
app.add_typer(groups.limits, name="limits")
app.add_typer(groups.db, name="db")
app.add_typer(audit.audit, name="audit")
app.add_typer(groups.vault, name="vault")
app.add_typer(groups.tape, name="tape")
app.add_typer(practice.market, name="market")
app.add_typer(practice.paper, name="paper")
app.add_typer(reading.reading)


def _known(context: typer.Context) -> Known:
    """Return the secrets that `main` has heard of, which it hands to every command."""
    return context.ensure_object(Known)


def _tell_version(*, wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 -- rarely asked for

        typer.echo(f"strikedesk {version('strikedesk')}")
        raise typer.Exit


@app.callback()
def desk(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version and leave.", callback=_tell_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Answer --version before any command."""


@app.command(name="serve")
def serve_command(
    context: typer.Context,
    *,
    transport: Annotated[
        Transport, typer.Option(help="stdio for one client; sse and http for many.")
    ] = Transport.STDIO,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[str | None, typer.Option(help="Port to listen on.")] = None,
    broker: Annotated[
        str | None, typer.Option(help="The broker to trade at: paper, tastytrade.")
    ] = None,
    toolsets: Annotated[
        str | None, typer.Option(help="Serve these only, by comma; `lite` is the eight most used.")
    ] = None,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Serve no tool that changes anything.")
    ] = False,
    world: Annotated[
        str | None, typer.Option(help="The paper world to trade in; a new name opens a new one.")
    ] = None,
    speed: Annotated[
        str | None, typer.Option(help="How fast a new paper world's clock runs: 60, up to 3600.")
    ] = None,
    tape: Annotated[
        str | None, typer.Option(help="The tape that a new paper world replays, by absolute path.")
    ] = None,
) -> None:
    """Serve MCP clients; over stdio unless told otherwise.

    Replay a tape from its first session, a minute in each second:
    `strikedesk serve --tape /tapes/goog.csv.gz --world goog --speed 60`
    """
    said = {
        "host": host,
        "port": port,
        "broker": broker,
        "toolsets": toolsets,
        "world": world,
        "speed": speed,
        "tape": tape,
        "read_only": "true" if read_only else None,
    }
    overrides = {name: value for name, value in said.items() if value is not None}
    serve(Wanted(transport=transport, overrides=overrides), _known(context))


@app.command(name="worker")
def worker_command(context: typer.Context) -> None:
    """Do what is due, and serve nobody: scheduled scans, alerts, orders under way. Until Ctrl-C.

    Any running server does the same; of several processes one acts at a time.
    """
    from strikedesk.settings import load  # noqa: PLC0415 -- one command's
    from strikedesk.worker.alone import run_worker  # noqa: PLC0415 -- same

    run_worker(load(), _known(context))


@app.command(name="doctor")
def doctor_command(
    *, as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False
) -> None:
    """Check everything the desk needs, one line each. Leaves with 1 when a check fails."""
    from strikedesk.cli.doctor.visit import visit  # noqa: PLC0415 -- one command's

    raise typer.Exit(asyncio.run(visit(as_json=as_json)))


@app.command(name="install")
def install_command(
    client: Annotated[Client, typer.Argument(help="Whose list of servers to add this one to.")],
    *,
    print_only: Annotated[
        bool, typer.Option("--print", help="Print the entry; change nothing.")
    ] = False,
) -> None:
    """Add this server to an MCP client's configuration, keeping a backup."""
    from strikedesk.cli.installing import describe, install, printed  # noqa: PLC0415 -- one command's

    typer.echo(printed(client) if print_only else describe(client, install(client)))


@app.command(name="halt")
def halt_command(
    why: Annotated[str, typer.Option(help="What the audit trail should say.")] = "by the owner",
    *,
    cancel_opening: Annotated[
        bool,
        typer.Option(
            "--cancel-opening", help="Take back orders at work all of whose legs open something."
        ),
    ] = False,
) -> None:
    """Stop all trading, in every process of this desk, until `resume`."""
    from strikedesk.cli import stopping  # noqa: PLC0415 -- one command's

    typer.echo(asyncio.run(stopping.halt(why)))
    told, done = asyncio.run(stopping.take_back(insisted=cancel_opening))
    for line in told:
        typer.echo(line)
    raise typer.Exit(FINE if done else FAILED)


@app.command(name="resume")
def resume_command() -> None:
    """Allow trading again. Only this command and your page can; no tool of the server does."""
    from strikedesk.cli.stopping import resume  # noqa: PLC0415 -- one command's

    typer.echo(asyncio.run(resume()))


@app.command(name="approvals")
def approvals_command(
    context: typer.Context,
    *,
    serve_it: Annotated[
        bool, typer.Option("--serve", help="Serve them as a page for your browser, until Ctrl-C.")
    ] = False,
    open_it: Annotated[
        bool, typer.Option("--open", help="Serve that page, and open it in your browser.")
    ] = False,
    port: Annotated[int, typer.Option(help="Its port; 0 takes a free one.", min=0, max=65_535)] = 0,
) -> None:
    """List the orders that wait for your word, as you are asked about them everywhere."""
    if serve_it or open_it:
        from strikedesk.cli.web_door import serve_page  # noqa: PLC0415 -- the web's parts

        serve_page(port, _known(context), open_browser=open_it)
        return
    from strikedesk.cli.consenting import listed  # noqa: PLC0415 -- one command's

    typer.echo(asyncio.run(listed()))


_ORDER_NAME = typer.Argument(metavar="ID", help="The name in its text, or the order's id.")


@app.command(name="approve")
def approve_command(order: Annotated[str, _ORDER_NAME]) -> None:
    """Agree to an order that waits. This sends it, at once, and tells what came of it."""
    from strikedesk.cli.consenting import approve  # noqa: PLC0415 -- one command's

    for told in asyncio.run(approve(order)):
        typer.echo(told)


@app.command(name="decline")
def decline_command(order: Annotated[str, _ORDER_NAME]) -> None:
    """Refuse an order that waits. It is never sent."""
    from strikedesk.cli.consenting import decline  # noqa: PLC0415 -- one command's

    typer.echo(asyncio.run(decline(order)))


_BROKER = typer.Argument(help="Which broker.")
_LIVE = typer.Option("--live", help="Production, where money moves; without it, the settings' own.")
_HERE = typer.Option(help="A sandbox on this machine, by its address.")


@app.command(name="login")
def login_command(
    broker: Annotated[LinkedBroker, _BROKER],
    *,
    live: Annotated[bool, _LIVE] = False,
    here: Annotated[str | None, _HERE] = None,
    browser: Annotated[
        bool, typer.Option("--browser", help="Agree on the broker's page instead of pasting.")
    ] = False,
    port: Annotated[
        int, typer.Option(help="Where the browser comes back to: 127.0.0.1.", min=0, max=65_535)
    ] = 8798,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="With --browser: ask for no more than to look.")
    ] = False,
) -> None:
    """Link a broker: asks for a grant, hidden, tries it, and seals it in the vault."""
    from strikedesk.cli import linking  # noqa: PLC0415 -- one command's

    site = linking.site_of(live=live, here=here)
    asyncio.run(linking.ready())
    typer.echo(linking.guide(site, port=port if browser else None))
    if browser:
        own, secret = linking.asked("Client id"), linking.hidden("Client secret")
        consent = linking.consented(site, own, secret, port=port, read_only=read_only)
        grant = asyncio.run(consent)
    else:
        grant = linking.grant_of(linking.hidden("Client secret"), linking.hidden("Refresh token"))
    for told in asyncio.run(linking.link(broker, site, grant)):
        typer.echo(told)


@app.command(name="logout")
def logout_command(
    broker: Annotated[LinkedBroker, _BROKER],
    *,
    live: Annotated[bool, _LIVE] = False,
    here: Annotated[str | None, _HERE] = None,
) -> None:
    """Destroy the link to a broker. The grant itself is deleted on the broker's own site."""
    from strikedesk.cli import linking  # noqa: PLC0415 -- one command's

    typer.echo(asyncio.run(linking.unlink(broker, linking.site_of(live=live, here=here))))


@app.command(name="demo")
def demo_command(
    *,
    tape: Annotated[
        Path | None,
        typer.Option(help="Replay this tape's real chains.", exists=True, dir_okay=False),
    ] = None,
) -> None:
    """Show the whole way of an order on a paper market; leaves with 1 if a step goes astray."""
    from strikedesk.cli.demo.run import run_demo  # noqa: PLC0415 -- one command's

    raise typer.Exit(asyncio.run(run_demo(tape)))


@app.command(name="sandbox")
def sandbox_command(
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(help="Its port; 0 takes a free one.", min=0, max=65_535)
    ] = 8770,
    control_port: Annotated[
        int, typer.Option(help="The port of its fault panel, on 127.0.0.1.", min=0, max=65_535)
    ] = 8771,
    seed: Annotated[
        int | None, typer.Option(help="Which simulated market: the same seed, the same prices.")
    ] = None,
    clock: Annotated[
        str | None,
        typer.Option(
            help="real, offset:INSTANT, frozen:INSTANT, stepped:INSTANT or speed:60; without it, "
            "the middle of the last session, running."
        ),
    ] = None,
    tape: Annotated[
        Path | None,
        typer.Option(help="Replay this tape's real chains.", exists=True, dir_okay=False),
    ] = None,
    latency_ms: Annotated[
        int,
        typer.Option(
            help="How long a cancel or a replacement is on its way, in the market's time.",
            min=0,
            max=60_000,
        ),
    ] = 0,
) -> None:
    """Serve tastytrade's protocol over a simulated market, for any client of that broker."""
    from strikedesk.cli.sandbox import Place, run_sandbox  # noqa: PLC0415 -- one command's

    place = Place(
        host=host,
        port=port,
        control_port=control_port,
        seed=seed,
        clock=clock,
        tape=tape,
        latency_ms=latency_ms,
    )
    asyncio.run(run_sandbox(place))
