"""A sandbox on a real socket, and the independent SDK pointed at it."""

from collections.abc import AsyncGenerator

import httpx2
import pytest
import pytest_asyncio
import tastytrade.session
from tastytrade import Account, Session

from strikedesk.brokers.tastytrade.broker import TastytradeBroker
from strikedesk.sandbox.access import CLIENT_SECRET
from tests.sandbox.linked import linked
from tests.sandbox.served import Served, served


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Served]:
    """One for a module whose tests do not mind each other."""
    async with served(tmp_path_factory.mktemp("sandbox")) as here:
        yield here


@pytest_asyncio.fixture(loop_scope="module")
async def session(sandbox: Served, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Session]:
    """The SDK as it is, its one constant apart."""
    monkeypatch.setattr(tastytrade.session, "API_URL", sandbox.address)
    grant = sandbox.world.access.full
    async with Session(CLIENT_SECRET, grant.refresh_token, trust_env=False) as session:
        yield session


@pytest_asyncio.fixture(loop_scope="module")
async def broker(sandbox: Served) -> AsyncGenerator[TastytradeBroker]:
    """Our adapter, linked to it."""
    broker, wire = linked(sandbox)
    yield broker
    await wire.close()


@pytest_asyncio.fixture(loop_scope="module")
async def account(session: Session) -> Account:
    """The margin account."""
    return (await Account.get(session))[0]


@pytest_asyncio.fixture(loop_scope="module")
async def http(sandbox: Served) -> AsyncGenerator[httpx2.AsyncClient]:
    """A client that holds a token and nothing else."""
    token = sandbox.world.access.issue(sandbox.world.access.full).token
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(
        base_url=sandbox.address, headers=headers, trust_env=False
    ) as client:
        yield client
