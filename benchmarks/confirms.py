"""Durable confirms a second, from 32 callers in one process, on the paper broker and SQLite."""

import asyncio
import os
import time
from decimal import Decimal

import uvloop

from benchmarks.pipe_client import a_home, own_home
from benchmarks.report import Figure, report
from strikedesk.domain.money import PriceEffect
from strikedesk.domain.orders import Action, Leg, OrderType
from strikedesk.domain.symbols import EquitySymbol
from strikedesk.orders.draft import Draft
from strikedesk.orders.preview import Preview
from strikedesk.server.collector import spare_the_collector
from strikedesk.settings import load
from strikedesk.wiring import Desk, open_desk

CALLERS, ROUNDS = 32, 10
ACCOUNT, CALLER = "paper-margin", "bench"


async def measured() -> list[Figure]:
    """Make every preview first, then confirm them from all callers at once."""
    async with open_desk(load()) as desk:
        spare_the_collector()  # As a server does once its desk is open.
        draft = await a_draft(desk)
        previews = [await preview(desk, draft) for _ in range(CALLERS * ROUNDS)]
        began, worked = time.perf_counter(), time.process_time()
        shares = [previews[caller::CALLERS] for caller in range(CALLERS)]
        await asyncio.gather(*(confirm_all(desk, share) for share in shares))
        rate = len(previews) / (time.perf_counter() - began)
        each_ms = (time.process_time() - worked) * 1000 / len(previews)
    return [
        Figure(
            name=f"durable confirms, {CALLERS} callers",
            ours=rate,
            floor=500,
            unit="/s",
            held_to=">= 1.0 of 500/s",
        ),
        Figure(name="processor time of one of them", ours=each_ms),
    ]


async def a_draft(desk: Desk) -> Draft:
    """Return one share of SPY bought at its offer."""
    spy = EquitySymbol("SPY")
    quote = (await desk.market.fresh({spy}))[spy]
    return Draft(
        account=ACCOUNT,
        legs=(Leg(symbol=spy, action=Action.BUY, quantity=1),),
        order_type=OrderType.LIMIT,
        price=quote.ask or Decimal(0),
        price_effect=PriceEffect.DEBIT,
    )


async def preview(desk: Desk, draft: Draft) -> Preview:
    """Preview it."""
    return await desk.previewer.place(draft, caller=CALLER)


async def confirm_all(desk: Desk, previews: list[Preview]) -> None:
    """Confirm one caller's share, one after the other."""
    for one in previews:
        await desk.confirm(one.record.preview_id, one.nonce or "", caller=CALLER)


def main() -> None:
    """Measure on a desk of its own."""
    with a_home() as home:
        os.environ.update(own_home(home, STRIKEDESK_ORDER__PREVIEW_TTL_S="600"))  # noqa: TID251 -- a bench sets its own
        figures = uvloop.run(measured())  # So many callers come over HTTP, which is served on it.
    report("confirms", figures, floor="500 confirms a second")


if __name__ == "__main__":
    main()
