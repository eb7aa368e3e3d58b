"""`strikedesk paper exercise`: the owner's right, told before it is used."""

import asyncio
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from strikedesk.domain.broking import PlaceTicket
from strikedesk.domain.ports import MarketData
from strikedesk.domain.quotes import ChainRow
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Right
from strikedesk.settings import load
from strikedesk.wiring import open_practice
from tests.unit.cli_door import Ended, call
from tests.unit.exchange_floor import MARGIN, an_order

FRIDAY = "2026-11-20T15:00:00+00:00"
HERE = ("--account", "paper-margin", "--yes")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STRIKEDESK_HOME", str(tmp_path / "desk"))
    monkeypatch.setenv("STRIKEDESK_PAPER__WORLD", "practice")
    monkeypatch.setenv("STRIKEDESK_PAPER__CLOCK", f"stepped:{FRIDAY}")
    return tmp_path


def said(done: Ended) -> str:
    """Return what was printed, in one line."""
    return re.sub(r"\s+", " ", done.out)


def bought(ticker: str, *, count: int = 2) -> OptionSymbol:
    """Let a call well in the money be bought in the world, past the ledger; return it."""

    async def buy() -> OptionSymbol:
        async with open_practice(load()) as practice:
            await practice.broker.advance()
            row = await _in_the_money(practice.broker, ticker)
            order = an_order(f"buy_to_open {count} {row.contract.compact}", net=str(row.quote.ask))
            await practice.broker.submit(PlaceTicket(client_order_id="c", order=order))
            return row.contract

    return asyncio.run(buy())


async def _in_the_money(data: MarketData, ticker: str) -> ChainRow:
    listed = await data.expirations(EquitySymbol(ticker))
    chain = await data.chain(EquitySymbol(ticker), [next(e.day for e in listed if e.days > 20)])
    calls = [row for row in chain.rows if row.contract.right is Right.CALL and row.quote.bid]
    assert chain.spot.mark is not None
    return next(row for row in calls if row.contract.strike > float(chain.spot.mark) * 0.95)


def held() -> dict[str, int]:
    async def look() -> dict[str, int]:
        async with open_practice(load()) as practice:
            found = await practice.broker.positions(MARGIN)
            return {position.symbol.compact: position.quantity for position in found}

    return asyncio.run(look())


def test_a_held_call_becomes_shares(capsys: pytest.CaptureFixture[str]) -> None:
    contract = bought("SPY")

    done = call(capsys, "paper", "exercise", contract.compact, "1", *HERE)

    assert done.code == 0, done.err
    assert f"Exercised 1 {contract.words}, before it expires" in said(done)
    assert f"-{contract.strike * 100 + 5:,.2f} 5.00" in said(done)
    assert held() == {contract.compact: 1, "SPY": 100}


def test_the_audit_trail_tells_who_exercised_what(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    contract = bought("SPY")
    call(capsys, "paper", "exercise", contract.compact, "1", *HERE)

    (database,) = (home / "desk").rglob("*.db")
    with closing(sqlite3.connect(database)) as read:
        lines = read.execute("select actor, kind, body from order_events").fetchall()

    assert [(actor, kind) for actor, kind, _ in lines] == [("owner", "exercised")]
    assert contract.compact in str(lines[0][2])


def test_it_shows_what_it_does_and_asks_first(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who says no has lost nothing; who says yes gets what was shown."""
    contract, questions = bought("SPY"), list[str]()
    answers = iter([False, True])

    def answer(question: str) -> bool:
        questions.append(question)
        return next(answers)

    monkeypatch.setattr("typer.confirm", answer)
    command = ("paper", "exercise", contract.compact, "2", "--account", "paper-margin")

    declined = call(capsys, *command)
    assert (declined.code, held()) == (1, {contract.compact: 2})
    assert "Exercised 2" in said(declined)
    assert "Nothing was changed" in declined.err

    assert call(capsys, *command).code == 0
    assert held() == {"SPY": 200}
    assert questions == [f"Exercise 2 {contract.words}?"] * 2


def test_what_is_refused_says_why_and_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    contract, european = bought("SPY"), bought("SPX", count=1)
    before = held()

    def refusal(symbol: str, quantity: str = "1") -> str:
        done = call(capsys, "paper", "exercise", symbol, quantity, *HERE)
        assert (done.code, done.out, done.err.count("\n")) == (1, "", 1)
        return done.err

    assert "2113 CLOSE_EXCEEDS_POSITION" in refusal(contract.compact, "3")
    assert "a_european_contract_waits_for_its_end" in refusal(european.compact)
    assert "3004 CONTRACT_NOT_FOUND" in refusal("ZZZZ261219C00500000")
    assert "2004 INVALID_SYMBOL" in refusal("SPY")
    assert held() == before
    assert call(capsys, "market", "step", "next-close").code == 0
    assert "3001 MARKET_CLOSED" in refusal(contract.compact)


def test_an_account_is_named_and_known(capsys: pytest.CaptureFixture[str]) -> None:
    contract = bought("SPY")
    words = ("paper", "exercise", contract.compact, "1")

    nobody = call(capsys, *words, "--account", "nobody", "--yes")

    assert call(capsys, *words, "--yes").code == 2
    assert (nobody.code, "1003 ACCOUNT_UNKNOWN" in nobody.err) == (1, True)


@pytest.mark.parametrize("quantity", ["0", "-1", "1.5", "all"])
def test_a_quantity_is_a_count(quantity: str, capsys: pytest.CaptureFixture[str]) -> None:
    done = call(capsys, "paper", "exercise", *HERE, "--", "SPY261218C00500000", quantity)

    assert done.code == 2


def test_a_world_that_was_never_opened_is_not_opened_by_a_question(
    capsys: pytest.CaptureFixture[str],
) -> None:
    done = call(capsys, "paper", "exercise", "SPY261218C00500000", "1", "--account", "paper-margin")

    assert (done.code, "not opened yet" in done.err) == (1, True)
    assert "practice" not in call(capsys, "paper", "worlds").out
