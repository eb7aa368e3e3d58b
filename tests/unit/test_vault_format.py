"""What is at rest: sealed today, it must open in every later version."""

import hashlib

from strikedesk.domain.secret import RowIdentity, Secret
from strikedesk.vault import open_vault
from tests.fakes.keys import MemoryKeyStore
from tests.fakes.vault import Seeded, TickingClock, a_home, a_key

PLACE = RowIdentity(table="broker_links", row_id="1", account_id="5WT00001", environment="live")


async def test_the_bytes_at_rest_are_what_they_always_were() -> None:
    """A change here is a new version of the format, which has to read this one too."""
    store = MemoryKeyStore()
    vault = await open_vault(
        home=a_home(a_key("one")),
        wrapped_keys=store,
        clock=TickingClock(),
        random=Seeded("format"),
    )

    blob = await vault.seal(Secret("refresh-token-a81f"), where=PLACE)
    (key,) = await store.load()

    assert (
        hashlib.sha256(blob).hexdigest()
        == "8ec0505a059d58128a8d4c79e90f630aed96fca7fce5e950c9bb39a57d357148"
    )
    assert key.wrapped is not None
    assert (
        hashlib.sha256(key.wrapped).hexdigest()
        == "ec63a4325f5e3e576ed8016472dcb889c9262ef81a096dcd0fedd61876276223"
    )
