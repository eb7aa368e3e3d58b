"""A client made of a pipe: writes a line, reads a line, and costs next to nothing itself."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Final, Self

BARE = [sys.executable, "-m", "benchmarks.bare_server"]
OURS = [sys.executable, "-m", "strikedesk", "serve"]
PROTOCOL = "2025-11-25"
OPEN_MARKET = "frozen:2026-11-20T16:00:00+00:00"


class Pipe(AbstractContextManager["Pipe"]):
    """One server process, spoken to over its standard streams."""

    def __init__(self, command: list[str], environment: Mapping[str, str] | None = None) -> None:
        """Start the server; the clock of `initialize_ms` starts here."""
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | dict(environment or {}),  # noqa: TID251 -- a bench hands its own on
            cwd=Path(__file__).parents[1],
        )
        self.count = 0

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close standard input, which ends a server."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=20)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def initialize(self) -> float:
        """Shake hands; return the milliseconds since the process was started."""
        params = {
            "protocolVersion": PROTOCOL,
            "capabilities": {},
            "clientInfo": {"name": "pipe", "version": "1"},
        }
        self.ask("initialize", params)
        answered = (time.perf_counter() - self.began) * 1000
        self._write({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return answered

    def ask(self, method: str, params: Mapping[str, object]) -> dict[str, object]:
        """Send a request and return its result."""
        self.count += 1
        self._write({"jsonrpc": "2.0", "id": self.count, "method": method, "params": params})
        assert self.process.stdout is not None
        while True:
            answer = json.loads(self.process.stdout.readline())
            if answer.get("id") == self.count:
                return answer["result"]

    def call(self, tool: str, **arguments: object) -> dict[str, object]:
        """Call a tool and return its structured content; a refusal stops the bench."""
        result = self.ask("tools/call", {"name": tool, "arguments": arguments})
        if result.get("isError"):
            raise RuntimeError(f"{tool}: {result['content']}")
        return result.get("structuredContent") or {}

    def peak_mb(self) -> float:
        """Return the most memory that the process has held, MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        (line,) = [text for text in status.splitlines() if text.startswith("VmHWM")]
        return int(line.split()[1]) / 1024

    def processor_ms(self) -> float:
        """Return the processor time that the process has taken so far, ms."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8")
        fields = stat.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")

    def _write(self, message: Mapping[str, object]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()


# A bench sends the same order faster and more often than an owner lets anybody.
UNHURRIED: Final = {
    "STRIKEDESK_LIMITS__DUPLICATE_WINDOW_S": "0",
    "STRIKEDESK_LIMITS__ORDERS_MINUTE_MAX": "1000000",
    "STRIKEDESK_LIMITS__ORDERS_DAY_MAX": "1000000",
    "STRIKEDESK_LIMITS__LOSS_USD_DAY_MAX": "1000000000",
    "STRIKEDESK_LIMITS__NOTIONAL_USD_DAY_MAX": "1000000000",
}


def own_home(folder: str, **more: str) -> dict[str, str]:
    """Return the environment of a server of ours with a home of its own and an open market."""
    own = {"STRIKEDESK_HOME": folder, "STRIKEDESK_PAPER__CLOCK": OPEN_MARKET}
    return own | UNHURRIED | more


def a_home() -> "tempfile.TemporaryDirectory[str]":
    """Return a folder that goes when the bench does."""
    return tempfile.TemporaryDirectory(prefix="strikedesk-bench-", ignore_cleanup_errors=True)


def interleaved(rounds: int, *works: Callable[[], object]) -> list[float]:
    """Return each work's median milliseconds, all taken turn by turn in one loop."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for kept, work in zip(times, works, strict=True):
            began = time.perf_counter()
            work()
            kept.append((time.perf_counter() - began) * 1000)
    return [statistics.median(kept) for kept in times]
