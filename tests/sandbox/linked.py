"""tastytrade's adapter, linked to a sandbox of the tests."""

from strikedesk.brokers.tastytrade.broker import TastytradeBroker
from strikedesk.brokers.tastytrade.grants import Grant
from strikedesk.brokers.tastytrade.pace import Pace
from strikedesk.brokers.tastytrade.session import Session
from strikedesk.brokers.tastytrade.sites import on_this_machine
from strikedesk.brokers.tastytrade.token_desk import TokenDesk
from strikedesk.brokers.tastytrade.wire import Wire
from strikedesk.domain.secret import Secret
from strikedesk.sandbox.access import CLIENT_SECRET
from tests.sandbox.served import Served


def linked(here: Served) -> tuple[TastytradeBroker, Wire]:
    """Return a broker without streams, and its wire, which whoever asks closes."""
    site, grant = on_this_machine(here.address), here.world.access.full
    wire = Wire(site)
    session = Session(
        grant=Grant(client_secret=Secret(CLIENT_SECRET), refresh_token=Secret(grant.refresh_token)),
        desk=TokenDesk(site=site, wire=wire, clock=here.wall),
        clock=here.wall,
    )
    broker = TastytradeBroker(
        site=site,
        wire=wire,
        session=session,
        clock=here.wall,
        account_key=Secret("the key of the accounts' names"),
        pace=Pace(scale=1_000),
    )
    return broker, wire
