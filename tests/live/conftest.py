"""The owner's own link, for who wants to know what the real broker says today.

Nothing here runs unless `STRIKEDESK_TEST_LIVE_HOME` names the folder of a desk that is linked. Then
it only reads: whatever is not a read, the token apart, is refused before the wire. With
`STRIKEDESK_TEST_LIVE_ORDERS=sandbox` it also rehearses, places and takes back an order, and at the
broker's sandbox, or one on this machine, alone.
"""

import os
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any, Final

import pytest
import pytest_asyncio

from strikedesk.brokers.tastytrade.broker import TastytradeBroker
from strikedesk.brokers.tastytrade.sites import SANDBOX, Site
from strikedesk.brokers.tastytrade.token_desk import TOKEN_PATH
from strikedesk.brokers.tastytrade.wire import Answer, Wire
from strikedesk.settings import load
from strikedesk.wiring import open_store
from strikedesk.wiring.tastytrade import open_tastytrade, site_of

HOME: Final = os.environ.get("STRIKEDESK_TEST_LIVE_HOME")  # noqa: TID251 -- tests have no settings
ORDERS: Final = os.environ.get("STRIKEDESK_TEST_LIVE_ORDERS")  # noqa: TID251 -- same

MANUAL: Final = "see docs/tastytrade.md, The real broker"


@dataclass(frozen=True, slots=True)
class Live:
    """A broker over the owner's link, and where it is."""

    broker: TastytradeBroker
    site: Site


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def live() -> AsyncGenerator[Live]:
    """Yield the broker; skip where nobody asked for it."""
    if HOME is None:
        pytest.skip(f"STRIKEDESK_TEST_LIVE_HOME is not set: {MANUAL}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STRIKEDESK_HOME", HOME)
        settings = load()
        site = site_of(settings)
        if ORDERS is None:
            patch.setattr(Wire, "exchange", reading_only(Wire.exchange))
        async with (
            open_store(settings) as database,
            open_tastytrade(settings, database) as broker,
        ):
            yield Live(broker, site)


@pytest.fixture
def trading(live: Live) -> Live:
    """Return the broker where orders may go: the variable and the link both say sandbox."""
    if ORDERS is None:
        pytest.skip(f"STRIKEDESK_TEST_LIVE_ORDERS is not set: {MANUAL}")
    assert ORDERS == "sandbox"
    assert live.site == SANDBOX or live.site.is_here
    return live


def reading_only(exchange: Any) -> Any:
    """Return an exchange that lets nothing through but reads and the request for a token."""

    async def guarded(wire: Wire, method: str, target: str, **asked: Any) -> Answer:
        if method != "GET" and target != TOKEN_PATH:
            raise AssertionError(method)
        return await exchange(wire, method, target, **asked)

    return guarded
