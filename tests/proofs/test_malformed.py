"""S7: whatever is said to a server instead of a message, it serves on, and grows no fatter."""

import math
import time
from decimal import Decimal
from itertools import cycle
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest

from tests.proof import examples, report, seconds
from tests.proofs.malformed import MARK, messages
from tests.proofs.wires import WIRES, Wire

TICKERS: Final = ("SPY", "QQQ", "IWM", "AAPL", "MSFT", "NVDA")
ACCOUNT: Final = "paper-margin"
CALL_EVERY: Final = 100
WARM_UP: Final = 500
GROWTH_MAX_KB: Final = 20 * 1024


class Siege:
    """One server, what was thrown at it, and everything that went wrong with it."""

    def __init__(self, wire: Wire) -> None:
        self.wire, self.tickers = wire, cycle(TICKERS)
        self.wrong: list[str] = []
        self.took_s: list[float] = []
        self.before_kb: int | None = None
        self.growth_kb = 0

    async def lay(self, count: int) -> None:
        """Throw so many messages, and call properly after every hundred."""
        for number, message in enumerate(messages(count), 1):
            try:
                await self.wire.throw(message)
                if number % CALL_EVERY == 0:
                    await self._call(number)
            except httpx2.HTTPStatusError as broken:
                self.wrong.append(f"{number}: {broken.response.status_code} for {message[:200]!r}")
            except (OSError, TimeoutError, KeyError, httpx2.HTTPError) as error:
                self.wrong.append(f"{number}: {error!r} after {message[:200]!r}")
                return
            if number == WARM_UP:
                self.before_kb = resident_kb(self.wire.pid)
        self._weigh()

    async def _call(self, number: int) -> None:
        """Ask for a quote and time the answer."""
        ticker, began = next(self.tickers), time.perf_counter()
        answer = await self.wire.call("get_quotes", {"symbols": [ticker]})
        self.took_s.append(time.perf_counter() - began)
        if answer["is_error"] or row_of(answer)["symbol"] != ticker:
            self.wrong.append(f"{number}: {answer['text'][:200]}")

    def _weigh(self) -> None:
        after = resident_kb(self.wire.pid)
        if after is None or self.before_kb is None:
            return
        self.growth_kb = after - self.before_kb
        if self.growth_kb > GROWTH_MAX_KB:
            self.wrong.append(f"grew by {self.growth_kb:,} kB")

    @property
    def what(self) -> str:
        """What was tried, in the words of the table."""
        return (
            f"malformed messages to a real server, which grew by {self.growth_kb / 1024:.1f} MB "
            f"and answered calls behind them in {self.p99_ms:.0f} ms (p99); "
            "ended, broke, grew by 20 MB, answered wrongly or quoted in its log"
        )

    @property
    def p99_ms(self) -> float:
        """How long all but one call in a hundred took at most."""
        took = sorted(self.took_s) or [math.nan]
        return 1_000 * took[math.ceil(0.99 * len(took)) - 1]


def row_of(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the one row of a table by its columns."""
    told = answer["told"]
    (row,) = told["rows"]
    return dict(zip(told["columns"], row, strict=True))


def resident_kb(pid: int) -> int | None:
    """Return how much memory a process holds; None where nobody tells."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return None
    (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1])


async def buy(wire: Wire) -> str:
    """Preview a share, confirm it, and return the id of the order, which is filled."""
    ask = Decimal(str(row_of(await wire.call("get_quotes", {"symbols": ["SPY"]}))["ask"]))
    leg = {"symbol": "SPY", "action": "buy", "quantity": 1}
    price = {"price": str(ask + Decimal("0.50")), "price_effect": "debit"}
    shown = await wire.call("preview_order", {"account": ACCOUNT, "legs": [leg], **price})
    assert not shown["is_error"], shown["text"]
    word = {name: shown["told"][name] for name in ("preview_id", "nonce")}
    confirmed = await wire.call("confirm_order", word)
    assert not confirmed["is_error"], confirmed["text"]
    assert confirmed["told"]["state"] == "filled"
    return confirmed["told"]["order_id"]


@pytest.mark.timeout(seconds(600, 7_200))
@pytest.mark.promise("one-door")
@pytest.mark.promise("quiet")
@pytest.mark.parametrize("transport", WIRES)
async def test_no_malformed_message_stops_a_server_or_makes_an_order(
    transport: str, tmp_path: Path
) -> None:
    """It answers in between, quotes nothing in its log, and the first order is the one we make."""
    count = examples(2_000, 100_000)
    async with WIRES[transport](tmp_path) as wire:
        siege = Siege(wire)
        await siege.lay(count)
        if MARK in (tmp_path / "server.log").read_text():
            siege.wrong.append("what was sent stands in the log")
        report(f"S7 {transport}", count, len(siege.wrong), siege.what)
        assert siege.wrong == []
        bought = await buy(wire)
        orders = await wire.call("list_orders", {"account": ACCOUNT})

    assert row_of(orders)["order_id"] == bought
