"""Backups and what becomes of them."""

import asyncio
import os
import stat
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from sqlite3 import connect

import pytest

from strikedesk.domain.errors import Denied, Misconfigured, Unavailable
from strikedesk.domain.ledger import NonceState, Progress
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.store.backup import Copy, back_up, examine
from strikedesk.store.database import Database
from strikedesk.store.halts import SqlHaltSwitch
from strikedesk.store.ledger import SqlLedger
from strikedesk.store.migrate import HEAD
from strikedesk.store.restore import WHY, restore
from tests.builders import NOON, a_group_preview, a_note, a_preview
from tests.contracts.test_approvals import agree, ask
from tests.fakes.clock import StoppedClock
from tests.stores import a_database, opened

LATER = NOON + timedelta(days=1)


@dataclass(slots=True)
class Told:
    """Remembers how far a copy said it was."""

    steps: list[tuple[int, int]]

    def __call__(self, done: int, total: int) -> None:
        self.steps.append((done, total))


def ignored(_done: int, _total: int) -> None:
    """For whoever does not watch."""


async def fill(database: Database, lines: int = 3) -> SqlLedger:
    ledger = SqlLedger(database)
    await ledger.open_preview(a_preview(), a_note("previewed"))
    for number in range(1, lines):
        await ledger.append(None, a_note(f"line-{number}"))
    return ledger


async def a_backup(folder: Path) -> Path:
    """Make a desk with one live preview, back it up, and close it."""
    target = folder / "backup.db"
    async with a_database("sqlite", folder) as database:
        await fill(database)
        await asyncio.to_thread(back_up, folder / "desk.db", target, progress=ignored)
    return target


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_a_backup_holds_all_there_was_while_others_write(tmp_path: Path) -> None:
    told = Told([])
    target = tmp_path / "backup.db"
    async with a_database("sqlite", tmp_path) as database:
        ledger = await fill(database)
        writing = [
            asyncio.ensure_future(ledger.append(None, a_note(f"more-{n}"))) for n in range(200)
        ]
        copy = await asyncio.to_thread(back_up, tmp_path / "desk.db", target, progress=told)
        await asyncio.gather(*writing)

    assert copy == examine(target) == Copy(path=target, revision=HEAD, lines=copy.lines)
    assert 3 <= copy.lines <= 203
    assert told.steps[-1][0] == told.steps[-1][1] > 0


async def test_a_backup_is_one_private_file(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        target = await a_backup(tmp_path)
    finally:
        os.umask(before)

    assert mode_of(target) == 0o600
    assert files(tmp_path) == {"desk.db", "backup.db"}


async def test_a_backup_does_not_replace_another(tmp_path: Path) -> None:
    """The older one may be the good one."""
    target = tmp_path / "backup.db"
    target.write_text("precious")
    async with a_database("sqlite", tmp_path):
        with pytest.raises(Denied) as denied:
            back_up(tmp_path / "desk.db", target, progress=ignored)

    assert denied.value.reason is Reason.INVALID_ARGUMENT
    assert target.read_text() == "precious"


async def test_what_is_broken_is_not_called_a_backup(tmp_path: Path) -> None:
    async with a_database("sqlite", tmp_path) as database:
        await fill(database)
        await tamper(database)

        with pytest.raises(Misconfigured) as broken:
            back_up(tmp_path / "desk.db", tmp_path / "backup.db", progress=ignored)

    assert broken.value.facts == {"cause": "audit line 2"}
    assert files(tmp_path) == {"desk.db"}


async def tamper(database: Database) -> None:
    for statement in (
        "DROP TRIGGER order_events_no_update",
        "UPDATE order_events SET actor = 'nobody' WHERE sequence = 2",
    ):
        await database.write(lambda c, s=statement: c.exec_driver_sql(s))


def test_there_is_nothing_to_back_up_where_there_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured):
        back_up(tmp_path / "desk.db", tmp_path / "backup.db", progress=ignored)

    assert files(tmp_path) == set()


async def test_a_restored_desk_has_what_the_backup_had(tmp_path: Path) -> None:
    target = await a_backup(tmp_path)
    desk = tmp_path / "desk.db"
    async with opened(f"sqlite:///{desk}") as database:
        await SqlLedger(database).append(None, a_note("after the backup"))

    restored = restore(target, desk, at=LATER, actor="owner", progress=ignored)

    assert restored.copy.lines == 3
    async with opened(f"sqlite:///{desk}") as database:
        ledger = SqlLedger(database)
        assert await ledger.order("order-1") == a_preview().record
        assert await ledger.verify() is None
        rows = await database.read(
            lambda c: c.exec_driver_sql("SELECT kind FROM order_events ORDER BY sequence").all()
        )
        assert [row.kind for row in rows] == ["previewed", "line-1", "line-2", "restored"]


@pytest.mark.promise("once")
async def test_a_nonce_does_not_come_back_to_life(tmp_path: Path) -> None:
    """It may have been spent after the backup was made."""
    target = await a_backup(tmp_path)
    desk = tmp_path / "desk.db"

    restore(target, desk, at=LATER, actor="owner", progress=ignored)

    async with opened(f"sqlite:///{desk}") as database:
        preview = await SqlLedger(database).preview("preview-1")
        assert preview is not None
        assert preview.nonce_state is NonceState.VOID


@pytest.mark.promise("once")
async def test_an_approval_does_not_come_back_to_life(tmp_path: Path) -> None:
    """It may have been given, and its order sent, after the backup was made."""
    target, desk = tmp_path / "backup.db", tmp_path / "desk.db"
    async with a_database("sqlite", tmp_path) as database:
        asked = await ask(SqlLedger(database))
        await asyncio.to_thread(back_up, desk, target, progress=ignored)

    restore(target, desk, at=LATER, actor="owner", progress=ignored)

    async with opened(f"sqlite:///{desk}") as database:
        assert asked is not None
        assert asked.state is OrderState.AWAITING_CONSENT
        assert await agree(SqlLedger(database)) is None


async def test_a_restored_group_is_ended_whole(tmp_path: Path) -> None:
    """Its one nonce is void; every order of it lapses with the first."""
    target, desk = tmp_path / "backup.db", tmp_path / "desk.db"
    async with a_database("sqlite", tmp_path) as database:
        await SqlLedger(database).open_preview(a_group_preview(), a_note("previewed"))
        await asyncio.to_thread(back_up, desk, target, progress=ignored)

    restore(target, desk, at=LATER, actor="owner", progress=ignored)

    async with opened(f"sqlite:///{desk}") as database:
        ledger = SqlLedger(database)
        kept = await ledger.preview("preview-1")
        assert kept is not None
        assert (kept.nonce_state, kept.others) == (NonceState.VOID, a_group_preview().others)
        lapsed = Progress(state=OrderState.LAPSED)
        await ledger.advance("order-1", lapsed, only_from=set(OrderState), note=a_note("lapsed"))
        assert [row.state for row in await ledger.others("order-1")] == [OrderState.LAPSED]


@pytest.mark.promise("halt")
async def test_a_restored_desk_is_halted(tmp_path: Path) -> None:
    """A halt, or an order, may have come after the backup: the owner looks first."""
    target = await a_backup(tmp_path)
    desk = tmp_path / "desk.db"

    restore(target, desk, at=LATER, actor="owner", progress=ignored)

    async with opened(f"sqlite:///{desk}") as database:
        halt = await SqlHaltSwitch(database, clock=StoppedClock()).engaged()
        assert halt is not None
        assert (halt.since, halt.actor, halt.why) == (LATER, "owner", WHY)


async def test_the_old_file_is_kept_whole(tmp_path: Path) -> None:
    target = await a_backup(tmp_path)
    desk = tmp_path / "desk.db"
    async with opened(f"sqlite:///{desk}") as database:
        await SqlLedger(database).append(None, a_note("after the backup"))

    kept = restore(target, desk, at=LATER, actor="owner", progress=ignored).kept

    assert kept is not None
    assert kept.name == "desk.db.before-20261121T160000000000"
    assert files(tmp_path) == {"desk.db", "backup.db", kept.name}
    assert examine(kept).lines == 4
    assert mode_of(desk) == 0o600


async def test_a_desk_that_was_lost_comes_back(tmp_path: Path) -> None:
    target = await a_backup(tmp_path)
    desk = tmp_path / "desk.db"
    desk.unlink()

    restored = restore(target, desk, at=LATER, actor="owner", progress=ignored)

    assert restored.kept is None
    async with opened(f"sqlite:///{desk}") as database:
        assert await SqlLedger(database).order("order-1") == a_preview().record


async def test_a_desk_that_is_broken_is_replaced_and_kept(tmp_path: Path) -> None:
    """This is what backups are for."""
    target = await a_backup(tmp_path)
    desk = tmp_path / "desk.db"
    desk.write_bytes(b"not a database")
    (tmp_path / "desk.db-wal").write_bytes(b"its log")

    kept = restore(target, desk, at=LATER, actor="owner", progress=ignored).kept

    assert kept is not None
    assert kept.read_bytes() == b"not a database"
    assert kept.with_name(f"{kept.name}-wal").read_bytes() == b"its log"
    async with opened(f"sqlite:///{desk}") as database:
        assert await SqlLedger(database).verify() is None


async def test_a_desk_in_use_is_not_replaced(tmp_path: Path) -> None:
    """Who has it open would go on writing into a file that nobody reads."""
    target = await a_backup(tmp_path)
    desk = tmp_path / "desk.db"
    async with opened(f"sqlite:///{desk}") as database:
        with pytest.raises(Unavailable):
            await asyncio.to_thread(
                restore, target, desk, at=LATER, actor="owner", progress=ignored
            )

        assert {name for name in files(tmp_path) if "restor" in name or "before" in name} == set()
        preview = await SqlLedger(database).preview("preview-1")
        assert preview is not None
        assert preview.nonce_state is NonceState.LIVE
        await SqlLedger(database).void(
            "preview-1", Progress(state=OrderState.LAPSED), a_note("void")
        )


async def test_a_backup_that_was_altered_is_not_restored(tmp_path: Path) -> None:
    target = await a_backup(tmp_path)
    desk = tmp_path / "desk.db"
    before = desk.read_bytes()
    async with opened(f"sqlite:///{target}") as database:
        await tamper(database)

    with pytest.raises(Misconfigured) as broken:
        restore(target, desk, at=LATER, actor="owner", progress=ignored)

    assert broken.value.facts == {"cause": "audit line 2"}
    assert desk.read_bytes() == before


@pytest.mark.parametrize(
    ("statement", "cause"),
    [
        ("DROP TABLE alembic_version", "tables of another program"),
        ("UPDATE alembic_version SET version_num = '9999'", None),
        (
            "PRAGMA foreign_keys = OFF; INSERT INTO order_previews VALUES ('p', '{}')",
            "foreign_key_check",
        ),
    ],
)
async def test_what_does_not_fit_is_not_restored(
    tmp_path: Path, statement: str, cause: str | None
) -> None:
    target = await a_backup(tmp_path)
    with closing(connect(target)) as backup:
        backup.executescript(statement)

    with pytest.raises(Misconfigured) as unfit:
        restore(target, tmp_path / "desk.db", at=LATER, actor="owner", progress=ignored)

    assert unfit.value.facts.get("cause") == cause
    assert (unfit.value.reason is Reason.DATABASE_NEWER) == (cause is None)


@pytest.mark.parametrize("content", [b"", b"not a database"])
def test_what_is_no_database_is_not_restored(tmp_path: Path, content: bytes) -> None:
    target = tmp_path / "backup.db"
    target.write_bytes(content)

    with pytest.raises(Misconfigured):
        restore(target, tmp_path / "desk.db", at=LATER, actor="owner", progress=ignored)

    assert files(tmp_path) == {"backup.db"}
