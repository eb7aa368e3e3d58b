"""tastytrade's adapter, linked to a sandbox of the tests."""

from collections.abc import Callable
from functools import partial
from random import Random

from strikedesk.brokers.tastytrade.broker import TastytradeBroker
from strikedesk.brokers.tastytrade.client import Client, Patience
from strikedesk.brokers.tastytrade.grants import Grant
from strikedesk.brokers.tastytrade.pace import Pace
from strikedesk.brokers.tastytrade.patience import Waits
from strikedesk.brokers.tastytrade.session import Session
from strikedesk.brokers.tastytrade.sites import Site, on_this_machine
from strikedesk.brokers.tastytrade.streams import Streams
from strikedesk.brokers.tastytrade.token_desk import TokenDesk
from strikedesk.brokers.tastytrade.wire import Wire
from strikedesk.domain.ports import Clock
from strikedesk.domain.secret import Secret
from strikedesk.sandbox.access import CLIENT_SECRET
from tests.sandbox.served import Served

_QUICK = Patience(attempts=2, first_wait_s=0.001, in_all_s=10)


def linked(here: Served, *, streaming: bool = False) -> tuple[TastytradeBroker, Wire]:
    """Return a broker and its wire: whoever asks closes both."""
    site = on_this_machine(here.address)
    wire, token = Wire(site), here.world.access.full.refresh_token
    streams = partial(_streams, here, site) if streaming else None
    return broker_over(wire, site, token, here.wall, streams), wire


def broker_over(
    wire: Wire,
    site: Site,
    refresh_token: str,
    clock: Clock,
    streams: Callable[[Session], Callable[[Client, Clock], Streams]] | None = None,
) -> TastytradeBroker:
    """Return a broker that speaks over this wire, by the grant of this token."""
    session = Session(
        grant=Grant(client_secret=Secret(CLIENT_SECRET), refresh_token=Secret(refresh_token)),
        desk=TokenDesk(site=site, wire=wire, clock=clock),
        clock=clock,
    )
    return TastytradeBroker(
        site=site,
        wire=wire,
        session=session,
        clock=clock,
        account_key=Secret("the key of the accounts' names"),
        pace=Pace(scale=1_000),
        patience=_QUICK if streams else None,
        streams=streams(session) if streams else None,
    )


def _streams(here: Served, site: Site, session: Session) -> Callable[[Client, Clock], Streams]:
    chance = Random("a test")  # noqa: S311 -- how long to wait is no secret
    return partial(
        Streams.of,
        site=site,
        session=session,
        clock=here.wall,
        chance=chance,
        waits=Waits(pause_first_s=0.02, pause_most_s=0.05),
        told_after_s=2.0,
    )
