"""`strikedesk sandbox`: the tastytrade protocol on this machine, over a simulated market."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import typer

from strikedesk.cli.demo.replay import replayed
from strikedesk.cli.demo.stage import simulated
from strikedesk.sandbox.access import CLIENT_ID, CLIENT_SECRET, Access
from strikedesk.sandbox.app import build_app
from strikedesk.sandbox.control import Control
from strikedesk.sandbox.faults.panel import Panel
from strikedesk.sandbox.serving import (
    LOOPBACK,
    address_of,
    hosts_of,
    listen,
    serve_until_signal,
)
from strikedesk.sandbox.streams.faults import StreamFaults
from strikedesk.sandbox.streams.routes import STREAMER_PATH, StreamRoutes
from strikedesk.sandbox.world import SandboxWorld
from strikedesk.settings import PaperSettings, market_of_its_own
from strikedesk.wiring import SystemEntropy, UtcClock
from strikedesk.wiring.paper import paper_market
from strikedesk.wiring.sandbox import ACCOUNTS, open_venue


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where it listens, and on which market."""

    host: str
    port: int
    control_port: int
    seed: int | None
    clock: str | None
    tape: Path | None
    latency_ms: int


async def run_sandbox(place: Place) -> None:
    """Serve until a signal comes; the world is gone afterwards.

    Raises:
        Misconfigured: an option cannot be read, or the address cannot be had.
    """
    market = _market(place)
    with TemporaryDirectory(prefix="strikedesk-sandbox-") as folder:
        listener = listen(place.host, place.port)
        switches = listen(LOOPBACK[0], place.control_port)
        address = address_of(place.host, listener)
        access = Access(clock=UtcClock(), entropy=SystemEntropy(), issuer=address)
        prices, opening = await asyncio.to_thread(paper_market, market)
        async with open_venue(prices, opening, Path(folder)) as broker:
            world = SandboxWorld(broker=broker, access=access)
            panel, faults = Panel(), StreamFaults()
            control = Control(world=world, panel=panel, streams=faults)
            streams = StreamRoutes(world=world, faults=faults).routes()
            _tell(world, market, address_of(LOOPBACK[0], switches))
            if place.host not in LOOPBACK:
                typer.echo(
                    f"{place.host} is no loopback address: whoever reaches it may trade here."
                )
            await serve_until_signal(
                {
                    listener: build_app(world, hosts_of(place.host), streams, panel),
                    switches: control.app(LOOPBACK),
                }
            )


def _market(place: Place) -> PaperSettings:
    """Return the market asked for; without a word on its clock, it is open and runs."""
    clock = place.clock or f"offset:{_while_open(place.tape).isoformat()}"
    tape = None if place.tape is None else place.tape.absolute()
    return market_of_its_own(seed=place.seed, clock=clock, tape=tape, latency_ms=place.latency_ms)


def _while_open(tape: Path | None) -> datetime:
    """Return the busiest moment of a tape, else the middle of the last session before today."""
    stage = simulated(UtcClock().now()) if tape is None else replayed(tape)
    with stage as found:
        return found.opens_at


def _source(market: PaperSettings) -> str:
    return f"seed {market.seed}" if market.tape is None else f"the tape {market.tape.name}"


def _tell(world: SandboxWorld, market: PaperSettings, control: str) -> None:
    """Say how a client is pointed here."""
    access = world.access
    streamer = access.issuer.replace("http", "ws", 1) + STREAMER_PATH
    numbers = ", ".join(f"{account.account_id} ({account.nickname})" for account in ACCOUNTS)
    lines = (
        "The tastytrade protocol over a simulated market. Every price and every dollar is made up.",
        "",
        f"  REST and OAuth   {access.issuer}",
        f"  account streamer {streamer}",
        f"  accounts         {numbers}",
        f"  market           {_source(market)}, {world.now():%Y-%m-%d %H:%M} UTC",
        f"  client id        {CLIENT_ID}",
        f"  client secret    {CLIENT_SECRET}",
        f"  refresh token    {access.full.refresh_token}",
        f"  read-only one    {access.read_only.refresh_token}",
        f"  authorize page   {access.issuer}/auth.html",
        f"  fault panel      {control}/faults",
        "",
        "Any client that takes a base address takes this one. The SDK `tastytrade` from PyPI:",
        "",
        "  import tastytrade.session, tastytrade.streamer",
        f'  tastytrade.session.API_URL = "{access.issuer}"',
        f'  tastytrade.streamer.STREAMER_URL = "{streamer}"',
        f'  session = tastytrade.Session("{CLIENT_SECRET}", "<refresh token>")',
        "",
        "Ctrl-C ends it, and the world with it.",
    )
    typer.echo("\n".join(lines))
