"""The lists that a client keeps at the sandbox, as the desk's adapter reads them over the wire."""

import httpx2
import pytest

from strikedesk.domain.symbols import EquitySymbol, parse_symbol
from tests.sandbox.linked import linked
from tests.sandbox.served import Served

pytestmark = pytest.mark.asyncio(loop_scope="module")

CALL = "AAPL  261218C00200000"


async def test_a_list_of_the_user_and_the_public_one_reach_the_desk(
    sandbox: Served, http: httpx2.AsyncClient
) -> None:
    entries = [
        {"symbol": "SPY", "instrument-type": "Equity"},
        {"symbol": CALL, "instrument-type": "Equity Option"},
        {"symbol": "/ESZ6", "instrument-type": "Future"},
    ]
    made = await http.post("/watchlists", json={"name": "Mine", "watchlist-entries": entries})
    assert made.status_code == 201
    broker, wire = linked(sandbox)

    mine, public = await broker.watchlists()
    await wire.close()

    assert (mine.name, mine.public, mine.entries) == ("Mine", False, 3)
    assert mine.symbols == (EquitySymbol("SPY"), parse_symbol(CALL))
    assert (public.name, public.public) == ("Simulated Market", True)
    assert len(public.symbols) == public.entries == 31
