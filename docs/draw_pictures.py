"""Draw the README's pictures with the program itself; `make pictures` runs it.

A month at the paper desk, played through a real MCP client on a stepped world: a condor, a wheel, a
calendar, shares with a covered call, and whatever the market made of them.
"""

import asyncio
import os
import subprocess
import sys
from base64 import b64decode
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from mcp.types import ImageContent

from strikedesk.cli.demo.answer import Answer
from strikedesk.cli.demo.caller import Caller, connected

PICTURES: Final = Path(__file__).with_name("pictures")
ACCOUNT: Final = "paper-margin"
TOUR: Final = "frozen:2026-11-20T16:00:00+00:00"
BEGINS: Final = "2026-07-20T14:30:00+00:00"
HALF_TIME: Final = "2026-08-03T14:30:00+00:00"
ENDS: Final = "2026-08-24T14:30:00+00:00"


async def main() -> None:
    """Draw the tour's condor; play the month in a home of its own, then draw it."""
    with TemporaryDirectory() as home, (Path(home) / "server.log").open("w") as log:
        async with connected(settings(Path(home), TOUR), log) as desk:
            await draw_condor(desk)
    with TemporaryDirectory() as home, (Path(home) / "server.log").open("w") as log:
        env = settings(Path(home))
        strikedesk(env, "market", "smile", "SPY", "--out", str(PICTURES / "smile.png"))
        async with connected(env, log) as desk:
            await open_positions(desk)
            await asyncio.to_thread(strikedesk, env, "market", "step", HALF_TIME)
            await wheel_on(desk)
            await asyncio.to_thread(strikedesk, env, "market", "step", ENDS)
        strikedesk(env, "paper", "chart", ACCOUNT, "--out", str(PICTURES / "month.png"))


def settings(home: Path, clock: str = f"stepped:{BEGINS}") -> dict[str, str]:
    """Return the environment of a world with seed 1."""
    return {
        "PATH": os.defpath,
        "STRIKEDESK_HOME": str(home),
        "STRIKEDESK_PAPER__CLOCK": clock,
    }


def strikedesk(env: Mapping[str, str], *words: str) -> None:
    """Run one of the program's commands, and show what it says."""
    subprocess.run([sys.executable, "-m", "strikedesk", *words], env=env, check=True, timeout=600)  # noqa: S603 -- our own


async def draw_condor(desk: Caller) -> None:
    """Draw what the README's tour analyses."""
    asked = {"underlying": "SPY", "strategy": "iron condor, 30 DTE, 16 delta, 5 wide"}
    drawn = await desk.client.call_tool("analyze_strategy", {**asked, "picture": True})
    (picture,) = (each for each in drawn.content if isinstance(each, ImageContent))
    (PICTURES / "payoff.png").write_bytes(b64decode(picture.data))


async def open_positions(desk: Caller) -> None:
    """Open everything that the month begins with, each at what the market gives at once."""
    puts = await chain(desk, "SPY", "2026-08-21", "put")
    calls = await chain(desk, "SPY", "2026-08-21", "call")
    await trade(
        desk,
        {"symbol": near(puts, "0.20"), "action": "sell_to_open", "quantity": 3},
        {"symbol": near(puts, "0.12"), "action": "buy_to_open", "quantity": 3},
        {"symbol": near(calls, "0.20"), "action": "sell_to_open", "quantity": 3},
        {"symbol": near(calls, "0.10"), "action": "buy_to_open", "quantity": 3},
    )
    wheel = near(await chain(desk, "AAPL", "2026-07-31", "put"), "0.60")
    await trade(desk, {"symbol": wheel, "action": "sell_to_open", "quantity": 1})
    early = near(await chain(desk, "QQQ", "2026-08-07", "call"), "0.5")
    await trade(
        desk,
        {"symbol": early, "action": "sell_to_open", "quantity": 2},
        {"symbol": early.replace("260807", "260918"), "action": "buy_to_open", "quantity": 2},
    )
    await trade(desk, {"symbol": "JNJ", "action": "buy", "quantity": 100})


async def wheel_on(desk: Caller) -> None:
    """Sell calls over the shares: those that were bought, and those that a put brought."""
    held = await desk.call("list_positions", account=ACCOUNT)
    for row in held.rows():
        if row.text("symbol") in {"AAPL", "JNJ"}:
            calls = await chain(desk, row.text("symbol"), "2026-08-21", "call")
            await trade(
                desk, {"symbol": near(calls, "0.30"), "action": "sell_to_open", "quantity": 1}
            )


async def chain(desk: Caller, underlying: str, day: str, right: str) -> Answer:
    """Return the page of a chain between 5 and 65 delta."""
    return await desk.call(
        "get_option_chain",
        underlying=underlying,
        expirations=[day],
        right=right,
        delta_min=0.08,
        delta_max=0.65,
        columns=["symbol", "delta"],
    )


def near(page: Answer, delta: str) -> str:
    """Return the contract whose delta is nearest, whatever its sign."""
    wanted = Decimal(delta)
    found = min(page.rows(), key=lambda row: abs(abs(row.number("delta")) - wanted))
    return found.text("symbol")


async def trade(desk: Caller, *legs: dict[str, str | int]) -> None:
    """Preview an order of equal legs at what the market gives at once, and confirm it."""
    quoted = await desk.call("get_quotes", symbols=[leg["symbol"] for leg in legs])
    net = Decimal(0)
    for leg, row in zip(legs, quoted.rows(), strict=True):
        buys = str(leg["action"]).startswith("buy")
        net += row.number("ask") if buys else -row.number("bid")
    preview = await desk.call(
        "preview_order",
        account=ACCOUNT,
        legs=[*legs],
        price=str(abs(net)),
        price_effect="debit" if net > 0 else "credit",
    )
    await desk.call(
        "confirm_order", preview_id=preview.text("preview_id"), nonce=preview.text("nonce")
    )


if __name__ == "__main__":
    asyncio.run(main())
