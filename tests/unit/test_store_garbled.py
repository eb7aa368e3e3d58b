"""A row that no writer of ours wrote is a damaged file, told as one, and never half an order."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.reasons import Reason
from strikedesk.store.database import Database
from strikedesk.store.ledger import SqlLedger
from tests.builders import a_note, a_preview
from tests.stores import a_database

GARBLED = {
    "no JSON": "canonical = 'half a line'",
    "JSON, and no order": "canonical = '[1]'",
    "an order of no symbol": "canonical = replace(canonical, 'AAPL261218C00200000', '!!')",
    "an order of nothing": """canonical = replace(canonical, '"units":1', '"units":0')""",
    "no such state": "state = 'sent'",
    "no amount": "fees = 'dear'",
}
READS: dict[str, Callable[[SqlLedger], Awaitable[Any]]] = {
    "order": lambda ledger: ledger.order("order-1"),
    "preview": lambda ledger: ledger.preview("preview-1"),
    "page": lambda ledger: ledger.orders(account_id=None, states=None, limit=9, offset=0),
}


async def garble(database: Database, how: str) -> SqlLedger:
    ledger = SqlLedger(database)
    await ledger.open_preview(a_preview(1), a_note("previewed"))
    await database.write(lambda c: c.exec_driver_sql(f"UPDATE orders SET {GARBLED[how]}"))  # noqa: S608 -- our own words
    return ledger


@pytest.mark.promise("quiet")
@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("how", GARBLED)
async def test_a_garbled_row_is_told_as_a_damaged_database(
    how: str, read: str, tmp_path: Path
) -> None:
    async with a_database("sqlite", tmp_path) as database:
        ledger = await garble(database, how)

        with pytest.raises(Misconfigured) as caught:
            await READS[read](ledger)

    assert caught.value.reason is Reason.DATABASE_UNREADABLE
    assert "half a line" not in str(caught.value)
