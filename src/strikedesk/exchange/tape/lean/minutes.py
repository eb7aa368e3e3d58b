"""Quotes by the minute. A minute's quote is known when the minute is over, and is dated so.

The underlying's price is in no file. It is derived: put-call parity of the first expiration after
the session, at each minute; such rows say `parity` in their last column.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Final

from strikedesk.domain.calendar import EXCHANGE_ZONE
from strikedesk.domain.errors import Denied
from strikedesk.domain.symbols import OptionSymbol, Right
from strikedesk.exchange.tape.layout import PRICE_UNIT, unreadable
from strikedesk.exchange.tape.lean.cells import Cells, price_text, scale
from strikedesk.exchange.tape.lean.report import Odd, Tally
from strikedesk.exchange.tape.lean.sessions import closing_instant
from strikedesk.exchange.tape.lean.sources import (
    SessionFile,
    members_of,
    read_compact_day,
    read_members,
)
from strikedesk.exchange.tape.parity import parity_price
from strikedesk.exchange.tape.writer import Row, TapeWriter

_MEMBER: Final = re.compile(
    r"\d{8}_[a-z.]{1,8}_minute_quote_(?:american|european)_(call|put)_(\d{1,10})_(\d{8})\.csv",
    re.ASCII,
)
_WIDTH: Final = 11
_BID_CLOSE, _ASK_CLOSE = 4, 9
_MINUTE: Final = timedelta(minutes=1)
_DAY_MS: Final = 86_400_000

# Strike and price of what is quoted on both sides at an instant, by right.
_Mids = dict[Right, dict[float, float]]


def convert_minutes(
    file: SessionFile,
    writer: TapeWriter,
    tally: Tally,
    *,
    every: timedelta | None,
    done: Callable[[], None],
) -> None:
    """Write one session's quotes; `done` is called after each contract.

    Raises:
        Misconfigured: TAPE_UNREADABLE.
    """
    contracts = _contracts(file)
    closes_at = closing_instant(file.day)
    for member, lines in read_members(file.path, contracts):
        contract = contracts[member]
        tally.contracts.add(contract.compact)
        rows = _rows(f"{file.path.name}/{member}", lines, contract, file.day)
        for row in thinned(rows, every):
            _note(row, closes_at, tally)
            writer.write(row)
        done()


def derived_prices(file: SessionFile) -> Iterator[tuple[datetime, int]]:
    """Yield the underlying's price as calls and puts agree on it, in ten-thousandths.

    Raises:
        Misconfigured: TAPE_UNREADABLE.
    """
    contracts = _contracts(file)
    days = {contract.expiration for contract in contracts.values()}
    near = min((day for day in days if day > file.day), default=None)
    chosen = {name: each for name, each in contracts.items() if each.expiration == near}
    mids: defaultdict[datetime, _Mids] = defaultdict(lambda: {right: {} for right in Right})
    for member, lines in read_members(file.path, chosen):
        contract = chosen[member]
        for row in _rows(f"{file.path.name}/{member}", lines, contract, file.day):
            if row.bid and row.ask:
                mid = (float(row.bid) + float(row.ask)) / 2
                mids[row.at][contract.right][float(contract.strike)] = mid
    for at in sorted(mids):
        price = parity_price(_pairs(mids[at]))
        if price is not None:
            yield at, scale(round(price, 2))


def thinned(rows: Iterable[Row], every: timedelta | None) -> Iterator[Row]:
    """Yield the last row of each stretch of `every`; all rows where that is None."""
    if every is None:
        yield from rows
        return
    kept: Row | None = None
    for row in rows:
        if kept is not None and _stretch(kept, every) != _stretch(row, every):
            yield kept
        kept = row
    if kept is not None:
        yield kept


def _stretch(row: Row, every: timedelta) -> int:
    """Return the number of the stretch; a row at its very end belongs to it."""
    return -(-int(row.at.timestamp()) // int(every.total_seconds()))


def _contracts(file: SessionFile) -> Mapping[str, OptionSymbol]:
    return {name: _contract(file, name) for name in members_of(file.path)}


def _contract(file: SessionFile, member: str) -> OptionSymbol:
    found = _MEMBER.fullmatch(member)
    try:
        if found is not None:
            word, strike, expiry = found.groups()
            right = Right.CALL if word == "call" else Right.PUT
            usd = Decimal(strike) / PRICE_UNIT
            return OptionSymbol(file.underlying.ticker, read_compact_day(expiry), right, usd)
    except (Denied, ValueError) as error:
        raise unreadable(f"{file.path.name}/{member}", "its name is no contract") from error
    raise unreadable(f"{file.path.name}/{member}", "not named as the layout names its members")


def _rows(where: str, lines: list[str], contract: OptionSymbol, day: date) -> Iterator[Row]:
    before = -1
    for number, line in enumerate(lines, start=1):
        cells = Cells(where, number, line, count=_WIDTH)
        millis = cells.scaled(0)
        if millis is None or not before < millis < _DAY_MS:
            raise cells.wrong(0, "milliseconds since midnight must ascend")
        before = millis
        bid, ask = cells.scaled(_BID_CLOSE), cells.scaled(_ASK_CLOSE)
        yield Row(
            symbol=contract,
            at=_end_of_minute(day, millis),
            bid="" if bid is None else price_text(bid),
            ask="" if not ask else price_text(ask),
        )


@lru_cache(maxsize=4096)
def _end_of_minute(day: date, millis: int) -> datetime:
    midnight = datetime.combine(day, time(), tzinfo=EXCHANGE_ZONE)
    return midnight + timedelta(milliseconds=millis) + _MINUTE


def _pairs(mids: _Mids) -> Iterator[tuple[float, float, float]]:
    puts = mids[Right.PUT]
    return ((k, call, puts[k]) for k, call in mids[Right.CALL].items() if k in puts)


def _note(row: Row, closes_at: datetime, tally: Tally) -> None:
    tally.note(Odd.AFTER_CLOSE, when=row.at > closes_at)
    if row.bid and row.ask:
        tally.note(Odd.LOCKED, when=row.bid == row.ask)
        tally.note(Odd.CROSSED, when=float(row.bid) > float(row.ask))
    elif row.ask:
        tally.note(Odd.NO_BID)
    else:
        tally.note(Odd.NO_ASK if row.bid else Odd.NO_SIDE)
