"""Another process on the same database, for tests: `python -m tests.store_child VERB URL …`.

It says `ready` when its database is open and waits for a line before it begins, so that several
can begin at once. What it then prints is what the test reads.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable

from strikedesk.domain.errors import Unavailable
from strikedesk.domain.ledger import Progress
from strikedesk.domain.states import OrderState
from strikedesk.store.database import Database
from strikedesk.store.ledger import SqlLedger
from tests.builders import a_note

WRITERS = 8
RACERS = 64
SENDING = Progress(state=OrderState.SUBMITTING)


async def claim(ledger: SqlLedger, *preview_ids: str) -> None:
    """Claim each preview from many tasks at once; print each one that was won."""

    async def once(preview_id: str) -> None:
        number = preview_id.removeprefix("preview-")
        note = a_note("claimed", seconds=1)
        won = await ledger.claim(
            preview_id,
            nonce_hash=f"hash-{number}",
            binding=f"binding-{number}",
            progress=SENDING,
            now=note.at,
            note=note,
        )
        if won:
            say(preview_id)

    await asyncio.gather(*(once(preview_id) for preview_id in preview_ids * WRITERS))


async def race(ledger: SqlLedger, first: str, last: str) -> None:
    """Claim each preview of a range from many tasks at once; print which ones were won."""
    for number in range(int(first), int(last) + 1):
        claims = (claimed(ledger, number) for _ in range(RACERS))
        for won in await asyncio.gather(*claims):
            if won:
                say(str(number))


async def claimed(ledger: SqlLedger, number: int) -> bool:
    """Claim a preview; who hears that the database could not be asked asks again, as callers do."""
    while True:
        note = a_note("claimed", seconds=1)
        try:
            won = await ledger.claim(
                f"preview-{number}",
                nonce_hash=f"hash-{number}",
                binding=f"binding-{number}",
                progress=SENDING,
                now=note.at,
                note=note,
            )
        except Unavailable:
            continue
        return won is not None


async def append(ledger: SqlLedger, name: str) -> None:
    """Write lines until killed; print each when it is said to be durable."""

    async def writer(lane: int) -> None:
        number = 0
        while True:
            number += 1
            kind = f"{name}-{lane}-{number}"
            await ledger.append(None, a_note(kind))
            say(kind)

    await asyncio.gather(*(writer(lane) for lane in range(WRITERS)))


VERBS: dict[str, Callable[..., Awaitable[None]]] = {"claim": claim, "race": race, "append": append}


async def main(verb: str, url: str, *words: str) -> None:
    """Open, wait for the word, act."""
    if verb == "open":
        wait_for_the_word()
    database = await Database.open(url)
    try:
        if verb in VERBS:
            wait_for_the_word()
            await VERBS[verb](SqlLedger(database), *words)
    finally:
        await database.close()
    say("done")


def wait_for_the_word() -> None:
    """Say that we are ready and block until the test says go."""
    say("ready")
    sys.stdin.readline()


def say(word: str) -> None:
    """Print at once: a test may kill us after it."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
