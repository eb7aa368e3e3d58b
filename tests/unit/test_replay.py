"""Replay: the lines of an order come to its row, whatever happened to it."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from strikedesk.domain.ledger import OrderEvent, OrderRecord, Progress
from strikedesk.domain.replay import COLUMNS, ROW, differing, rebuilt, row_of, with_row
from strikedesk.domain.states import OrderState
from strikedesk.store.chain import GENESIS, seal
from strikedesk.store.schema import orders as table
from tests.builders import NOON, a_note, a_preview, an_order_record
from tests.fakes.ledger import MemoryLedger
from tests.proof import examples, report

HISTORIES = examples(400, 10_000)
STEPS = 12


def test_a_row_tells_every_column_of_the_table() -> None:
    """A column that is added later must be told as well, or be said to be no part of the row."""
    assert set(COLUMNS) == {column.name for column in table.columns}
    assert set(row_of(an_order_record())) == set(COLUMNS)


def test_a_first_line_tells_all_and_a_later_one_what_changed() -> None:
    before = an_order_record()
    after = an_order_record(state=OrderState.LAPSED, reason="X", updated_at=NOON.replace(hour=17))

    first = with_row(a_note("previewed", more=1), before, before=None)
    later = with_row(a_note("lapsed"), after, before=before)

    assert first.body == {"more": 1, ROW: row_of(before)}
    assert later.body == {
        ROW: {"state": "lapsed", "reason": "X", "updated_at": "2026-11-20T17:00:00.000000+00:00"}
    }


def sealed(*bodies: dict[str, Any]) -> list[OrderEvent]:
    return [seal(a_note(**body), order_id="order-1", behind=GENESIS) for body in bodies]


def test_lines_that_tell_nothing_of_the_row_leave_it() -> None:
    row = dict(row_of(an_order_record()))

    told = rebuilt(sealed({ROW: row}, {"code": 1}, {ROW: {"fees": "1.20"}}, {}))

    assert told == {**row, "fees": "1.20"}


def test_a_line_from_before_there_were_groups_tells_a_whole_row() -> None:
    """Its order is in none; what was sealed then cannot say so."""
    row = row_of(an_order_record())
    old = {name: value for name, value in row.items() if not name.startswith("group_")}

    assert len(old) == len(row) - 3
    assert rebuilt(sealed({ROW: old})) == row


@pytest.mark.parametrize("first", [{}, {ROW: None}, {ROW: {"state": "previewed"}}])
def test_an_order_whose_first_line_tells_no_whole_row_cannot_be_rebuilt(
    first: dict[str, Any],
) -> None:
    """It was written by a version before; half a row would be a false alarm."""
    assert rebuilt(sealed(first, {ROW: {"state": "lapsed"}})) is None
    assert rebuilt([]) is None


@pytest.mark.parametrize("column", COLUMNS)
def test_a_column_that_differs_is_named(column: str) -> None:
    row = row_of(an_order_record())

    assert differing(row, {**row, column: "other"}) == (column,)
    assert differing(row, row) == ()


async def a_history(random: Random) -> MemoryLedger:
    """Move a few orders at random, as far as the table of states lets them."""
    ledger = MemoryLedger()
    numbers = range(1, random.randint(1, 4) + 1)
    for number in numbers:
        await ledger.open_preview(a_preview(number), a_note("previewed"))
    for second in range(random.randint(0, STEPS)):
        number = random.choice(numbers)
        note = a_note("step", seconds=second / 7)
        if random.random() < 0.2:
            await ledger.append(random.choice([f"order-{number}", None]), note)
            continue
        row = ledger.records[f"order-{number}"]
        progress = a_progress(random, row)
        if row.state is OrderState.PREVIEWED and progress.state is OrderState.LAPSED:
            await ledger.void(f"preview-{number}", progress, note)
        elif row.state is OrderState.PREVIEWED:
            await ledger.claim(
                f"preview-{number}",
                nonce_hash=f"hash-{number}",
                binding=f"binding-{number}",
                progress=progress,
                now=NOON + timedelta(seconds=second),
                note=note,
            )
        else:
            await ledger.advance(row.order_id, progress, only_from={row.state}, note=note)
    return ledger


def a_progress(random: Random, row: OrderRecord) -> Progress:
    def maybe(value: Any) -> Any:
        return value if random.random() < 0.4 else None

    states = [state for state in OrderState if row.state.may_become(state)]
    amount = Decimal(random.randint(-999, 999)).scaleb(-random.randint(0, 4))
    return Progress(
        state=random.choice(states),
        broker_order_id=maybe(f"b-{random.randint(1, 9)}"),
        filled_units=maybe(random.randint(0, 5)),
        average_net=maybe(amount),
        fees=maybe(abs(amount)),
        reason=maybe("some_code"),
        replaced_by=maybe("b-10"),
    )


@pytest.mark.promise("audit")
def test_the_lines_of_any_history_come_to_its_rows() -> None:
    """The law of the trail: nothing happens to a row beside it."""

    async def wrong(seed: int) -> list[str]:
        ledger = await a_history(Random(seed))  # noqa: S311 -- histories, no secrets
        return [
            f"seed {seed}: {order_id}"
            for order_id, row in ledger.records.items()
            if rebuilt(await ledger.events(order_id)) != row_of(row)
        ]

    async def all_wrong() -> list[str]:
        return [found for seed in range(HISTORIES) for found in await wrong(seed)]

    failures = asyncio.run(all_wrong())

    report("audit", HISTORIES, len(failures), "orders rebuilt from the trail, not as they are")
    assert failures == []
