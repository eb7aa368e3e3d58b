"""Quotes to many readers through one hub, beside bare queues that do the same.

5,000 updates a second of 500 symbols, every one to each of 50 readers. The delay is from the
publishing of a quote to its arrival in a reader; on a busy machine floor and figure both grow.
Run: `python -m benchmarks.streams`.
"""

import asyncio
import gc
import time
import tracemalloc
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from benchmarks.report import Figure, report
from strikedesk.brokers.streams import Hub
from strikedesk.domain.quotes import Feed, Quote
from strikedesk.domain.symbols import EquitySymbol, Symbol

READERS: Final = 50
SYMBOLS: Final = tuple(EquitySymbol(f"S{n}") for n in range(500))
UPDATES_A_S: Final = 5_000
BATCH: Final = 50
SECONDS: Final = 3.0
TURNS: Final = 2
MICROSECONDS: Final = 1_000_000
AT: Final = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)

Publish = Callable[[Quote], None]


@dataclass(slots=True)
class Run:
    """What a run measured. Units: delays in seconds; memory in bytes, grown over its second half.

    A quote carries the microsecond at which it was published as its volume.
    """

    delays: list[float] = field(default_factory=list[float])
    updates: int = 0
    grown: int = 0
    busy_s: float = 0.0
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def arrived(self, quote: Quote) -> None:
        """Note the delay of a quote."""
        self.delays.append(time.perf_counter() - (quote.volume or 0) / MICROSECONDS)

    def delay_ms(self, share: float) -> float:
        """Return the delay that so large a share stays within."""
        ordered = sorted(self.delays)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000


def main() -> None:
    """Run both by turns, and keep the better run of each; then once more for the memory."""
    turns = [(asyncio.run(through_a_hub()), asyncio.run(through_queues())) for _ in range(TURNS)]
    ours = min((turn[0] for turn in turns), key=lambda run: run.delay_ms(0.99))
    floor = min((turn[1] for turn in turns), key=lambda run: run.delay_ms(0.99))
    # Where the machine is slow a box fills, with at most one value of each symbol.
    grown = asyncio.run(through_a_hub(trace=True)).grown / 1024
    each = READERS * UPDATES_A_S
    figures = [
        Figure(
            name="delay p99, 5,000 quotes/s to 50 readers",
            ours=ours.delay_ms(0.99),
            floor=floor.delay_ms(0.99),
            held_to="<= 50 ms",
        ),
        Figure(name="delay p50", ours=ours.delay_ms(0.5), floor=floor.delay_ms(0.5)),
        Figure(
            name=f"busy share of a core, {each:,} hand-overs/s",
            ours=ours.busy_s / SECONDS,
            floor=floor.busy_s / SECONDS,
            unit="",
        ),
        Figure(name="updates published a second", ours=ours.updates / SECONDS, unit=""),
        Figure(
            name="memory grown over the second half", ours=grown, unit="KiB", held_to="<= 2048 KiB"
        ),
    ]
    report("streams", figures, floor="an asyncio.Queue a reader, quotes put in with put_nowait")


async def through_a_hub(*, trace: bool = False) -> Run:
    """Publish through our hub."""
    run = Run()

    async def feed(hub: Hub[Symbol, Symbol, Quote]) -> None:
        await publishing(run, lambda quote: hub.publish(quote.symbol, quote.symbol, quote), trace)
        await asyncio.sleep(60)

    hub = Hub(feed)

    async def read() -> None:
        async with hub.reader(SYMBOLS) as quotes:
            await note(run, quotes)

    await until_over(run, [asyncio.create_task(read()) for _ in range(READERS)])
    return run


async def through_queues() -> Run:
    """Publish into bare queues."""
    run = Run()
    queues: Sequence[asyncio.Queue[Quote]] = [asyncio.Queue() for _ in range(READERS)]

    def publish(quote: Quote) -> None:
        for queue in queues:
            queue.put_nowait(quote)

    async def read(queue: asyncio.Queue[Quote]) -> None:
        while True:
            run.arrived(await queue.get())

    tasks = [asyncio.create_task(read(queue)) for queue in queues]
    tasks.append(asyncio.create_task(publishing(run, publish, trace=False)))
    await until_over(run, tasks)
    return run


async def note(run: Run, quotes: AsyncIterator[Quote]) -> None:
    """Read for ever."""
    async for quote in quotes:
        run.arrived(quote)


async def publishing(run: Run, publish: Publish, trace: bool) -> None:
    """Publish batches at a steady pace, without drifting where one is late."""
    begun, busy = time.perf_counter(), time.process_time()
    prices = [Decimal(n) / 100 for n in range(10_000, 10_500)]
    halfway = 0
    if trace:
        tracemalloc.start()
    while (passed := time.perf_counter() - begun) < SECONDS:
        while run.updates < passed * UPDATES_A_S:
            for _ in range(BATCH):
                symbol = SYMBOLS[run.updates % len(SYMBOLS)]
                price = prices[run.updates // len(SYMBOLS) % len(prices)]
                stamp = int(time.perf_counter() * MICROSECONDS)
                publish(Quote(symbol=symbol, at=AT, feed=Feed.SIMULATED, bid=price, volume=stamp))
                run.updates += 1
        await asyncio.sleep(BATCH / UPDATES_A_S / 2)
        if trace:
            run.delays.clear()
            halfway = halfway or (traced() if passed > SECONDS / 2 else 0)
    run.busy_s = time.process_time() - busy
    run.grown = traced() - halfway if trace else 0
    tracemalloc.stop()
    run.over.set()


def traced() -> int:
    """Return the bytes that Python holds."""
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


async def until_over(run: Run, tasks: Sequence[asyncio.Task[None]]) -> None:
    """Let tasks run until everything was published, then end them."""
    await run.over.wait()
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


if __name__ == "__main__":
    main()
