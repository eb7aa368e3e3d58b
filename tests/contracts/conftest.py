"""What more than one contract is held to on."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from strikedesk.domain.ports import Ledger
from strikedesk.store.ledger import SqlLedger
from tests.fakes.ledger import MemoryLedger
from tests.stores import STORES, a_database


@pytest.fixture(params=STORES)
async def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Ledger]:
    """Yield a new ledger, of each kind that there is."""
    if request.param == "memory":
        yield MemoryLedger()
        return
    async with a_database(request.param, tmp_path) as database:
        yield SqlLedger(database)
