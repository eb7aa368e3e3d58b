"""Running the demo: the steps, one after the other, and the exit code that says how it went."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Final

from mcp import MCPError
from rich.console import Console
from rich.text import Text

from strikedesk.cli.demo.answer import Astray
from strikedesk.cli.demo.caller import connected
from strikedesk.cli.demo.play import Play, Step
from strikedesk.cli.demo.replay import replayed
from strikedesk.cli.demo.show import show
from strikedesk.cli.demo.stage import Stage, simulated
from strikedesk.cli.showing import screen
from strikedesk.cli.speech import FAILED, FINE
from strikedesk.wiring import UtcClock

LOG_TAIL: Final = 20


@dataclass(slots=True, kw_only=True)
class Run:
    """One showing of the demo."""

    stage: Stage
    console: Console
    count: int = 0
    failure: str | None = field(default=None, init=False)

    async def perform(self) -> int:
        """Play every step up to the first that goes wrong; return the exit code."""
        self.console.print(Text(_opening(self.stage)))
        with self.stage.log.open("w", encoding="utf-8") as log:
            async with connected(self.stage.env, log) as caller:
                underlying, feed = self.stage.underlying, self.stage.feed
                play = Play(caller=caller, underlying=underlying, feed=feed)
                await self._play(play.first_steps())
            if self.failure is None:
                async with connected(self.stage.env, log) as caller:
                    await self._play(play.second_steps(caller))
        return self._ending()

    async def _play(self, steps: Sequence[Step]) -> None:
        for title, step in steps:
            self.count += 1
            began = perf_counter()
            # Told inside: what leaves the client's context comes out wrapped.
            try:
                shown = await step()
            except (Astray, MCPError) as error:
                self.failure = f"step {self.count} ({title}): {error}"
                return
            took = (perf_counter() - began) * 1000
            self.console.print(
                Text(f"{self.count}. {title}", "bold"), Text(f"{took:.0f} ms", "dim")
            )
            show(self.console, shown)

    def _ending(self) -> int:
        if self.failure is None:
            self.console.print(Text("Every step was what it must be.", "bold green"))
            return FINE
        self.console.print(Text(f"The demo went astray at {self.failure}", "bold red"))
        for line in self.stage.log.read_text(encoding="utf-8").splitlines()[-LOG_TAIL:]:
            self.console.print(Text(f"  server: {line}", "dim"))
        return FAILED


async def run_demo(tape: Path | None) -> int:
    """Play the demo on a simulated market, or on the real chains of a tape."""
    with simulated(UtcClock().now()) if tape is None else replayed(tape) as stage:
        return await Run(stage=stage, console=screen()).perform()


def _opening(stage: Stage) -> str:
    made_up = "simulated, every price is made up"
    market = f"real chains, replayed from {stage.tape.name}" if stage.tape else made_up
    return (
        f"A server of this program, started over stdio and driven by the official MCP client.\n"
        f"Market: {market}; its clock starts at {stage.opens_at:%Y-%m-%d %H:%M} UTC. "
        f"Money: none.\n"
    )
