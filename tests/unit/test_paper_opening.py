"""Opening a paper world: the accounts that the owner named, and a stored world's own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from strikedesk.domain.accounts import Account, AccountKind, OptionLevel
from strikedesk.settings import load
from strikedesk.wiring import open_desk

OWN = """
[paper]
clock = "frozen:2026-11-20T16:00:00Z"
intraday_margin = true

[[paper.accounts]]
handle = "wheel"
kind = "margin"
deposit = 25000.50
level = "covered"

[[paper.accounts]]
handle = "ira"
kind = "ira"
deposit = 7000
"""


PLAIN = '[paper]\nclock = "frozen:2026-11-20T16:00:00Z"\n'


@pytest.fixture
def configure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], object]:
    monkeypatch.setenv("STRIKEDESK_HOME", str(tmp_path))
    return (tmp_path / "config.toml").write_text


async def opened() -> list[tuple[Account, float]]:
    """Return the accounts of the desk that the settings describe, with their cash."""
    async with open_desk(load()) as desk:
        accounts = await desk.books.all()
        balances = [await desk.books.balances(account.handle) for account in accounts]
    return [(a, float(b.cash or 0)) for a, b in zip(accounts, balances, strict=True)]


async def test_a_new_world_has_the_accounts_that_the_owner_named(
    configure: Callable[[str], object],
) -> None:
    configure(OWN)

    found = await opened()

    assert [(a.handle, a.kind, a.option_level, cash) for a, cash in found] == [
        ("wheel", AccountKind.MARGIN, OptionLevel.COVERED, 25_000.5),
        ("ira", AccountKind.IRA, OptionLevel.SPREADS, 7_000),
    ]


async def test_a_stored_world_keeps_the_accounts_that_it_has(
    configure: Callable[[str], object],
) -> None:
    """Whoever names accounts later does not lose what is in the earlier ones."""
    configure(PLAIN)
    before = await opened()
    configure(OWN)

    assert await opened() == before
    assert [a.handle for a, _ in before] == ["paper-margin", "paper-cash", "paper-ira"]
