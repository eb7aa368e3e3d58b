"""Which broker answers: the one that the settings name, and paper where they name none."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from strikedesk.domain.ports import Broker
from strikedesk.settings import Settings
from strikedesk.wiring.paper import paper_broker

if TYPE_CHECKING:
    from strikedesk.store.database import Database


@asynccontextmanager
async def open_broker(settings: Settings, database: "Database") -> AsyncGenerator[Broker]:
    """Open the broker of the settings for as long as the block runs.

    A broker that is not linked, or whose grant has ended, opens too: each question is answered with
    what its owner has to do.

    Raises:
        Misconfigured: see `LazyDesk.desk`.
    """
    if settings.broker == "paper":
        yield await asyncio.to_thread(paper_broker, settings, database)
        return
    from strikedesk.wiring.tastytrade import open_tastytrade  # noqa: PLC0415 -- off `initialize`

    async with open_tastytrade(settings, database) as broker:
        yield broker
