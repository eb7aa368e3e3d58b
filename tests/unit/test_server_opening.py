"""The desk as the server holds it: opened for whoever needs it first, once, and let go of."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from strikedesk.domain.breaker import FailuresInRow
from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.secret import Secret
from strikedesk.server.instructions import instructions
from strikedesk.server.opening import Opening
from strikedesk.settings import Folders, Settings
from strikedesk.settings.sections import PaperSettings
from strikedesk.wiring import Desk
from tests.tools.core_door import settings


def at(home: Path, **said: object) -> Settings:
    folders = Folders(config=home, data=home / "data", logs=home / "logs")
    return Settings.model_validate({"folders": folders, **said})


async def test_the_desk_is_opened_once_and_closed(tmp_path: Path) -> None:
    """The real one: its database in a home of its own."""
    opening = Opening(at(tmp_path))
    try:
        first, second = await opening.desk(), await opening.desk()
        state = await first.safety.state()
    finally:
        await opening.close()

    assert first is second
    assert (state.halt, list(state.unsettled)) == (None, [])
    assert (tmp_path / "data" / "strikedesk.db").exists()


async def test_what_runs_beside_a_desk_runs_as_long_as_it_is_open(tmp_path: Path) -> None:
    """A server does what is due while it serves, and stops with the desk."""
    seen: list[object] = []

    @asynccontextmanager
    async def beside(desk: Desk) -> AsyncGenerator[None]:
        seen.append(desk)
        yield
        seen.append("over")

    opening = Opening(at(tmp_path), beside)
    try:
        desk = await opening.desk()
        assert seen == [desk]
    finally:
        await opening.close()

    assert seen == [desk, "over"]


@pytest.mark.promise("breaker")
async def test_the_owner_says_how_many_failures_halt(tmp_path: Path) -> None:
    opening = Opening(at(tmp_path, safety={"failures_in_row_max": 2}))
    try:
        state = await (await opening.desk()).safety.state()
    finally:
        await opening.close()

    assert state.row == FailuresInRow(failures=0, halts_at=2)


async def test_a_desk_that_nobody_needed_leaves_no_trace(tmp_path: Path) -> None:
    opening = Opening(at(tmp_path))

    await opening.close()

    assert not at(tmp_path).folders.data.exists()


async def test_a_desk_that_cannot_be_opened_says_so_to_each_who_asks(tmp_path: Path) -> None:
    """The server stays up; the owner may mend it meanwhile."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "strikedesk.db").write_bytes(b"this is no database, and long enough" * 99)
    opening = Opening(at(tmp_path))
    try:
        for _ in range(2):
            with pytest.raises(Misconfigured):
                await opening.desk()
    finally:
        await opening.close()


def test_a_model_is_told_where_it_is_and_what_holds() -> None:
    """From the settings alone: the desk is not open yet."""
    told = instructions(settings())

    assert told.startswith("Strikedesk, an options trading desk. PAPER: the exchange is simulated")
    assert "confirm_order" in told
    assert len(told) < 1_600


def test_a_replayed_market_is_not_told_as_made_up() -> None:
    """On a tape the prices are real, of a day gone by; what happens to an order is not."""
    told = instructions(settings(paper=PaperSettings(tape=Path("/tapes/goog.csv.gz"))))

    assert "PAPER: recorded quotes of a past session are replayed" in told
    assert "every price and fill is made up" not in told
    assert "/tapes" not in told


def test_a_read_only_server_says_so() -> None:
    told = instructions(settings(read_only=True))

    assert "This server is read-only: nothing can be previewed or sent." in told


def test_the_instructions_hold_no_setting_that_is_a_secret() -> None:
    url = Secret("postgresql://desk:hunter2@db/desk")

    assert "hunter2" not in instructions(settings(database_url=url))
