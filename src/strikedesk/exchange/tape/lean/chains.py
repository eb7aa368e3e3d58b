"""Daily chains: one price per contract and session, which is no quote.

The prices are written as `last`. Bid and ask stay empty: a `close` is one number, many lie between
ticks, contracts that nobody traded have one too, and some are far from what exercise would bring.
It is the last trade or the middle of a last quote, of that session or of an earlier one; the file
does not tell which.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from strikedesk.domain.errors import Denied
from strikedesk.domain.symbols import OptionSymbol, Right
from strikedesk.exchange.tape.layout import PRICE_UNIT, unreadable
from strikedesk.exchange.tape.lean.bars import DailyBars
from strikedesk.exchange.tape.lean.cells import Cells, price_text, scale
from strikedesk.exchange.tape.lean.checks import note_agreement, note_own_bar
from strikedesk.exchange.tape.lean.report import Odd, Tally
from strikedesk.exchange.tape.lean.sessions import closing_instant
from strikedesk.exchange.tape.lean.sources import SessionFile, read_compact_day, read_lines
from strikedesk.exchange.tape.writer import Row, TapeWriter

_HEADER: Final = (
    "#expiry,strike,right,open,high,low,close,volume,open_interest,"
    "implied_volatility,delta,gamma,vega,theta,rho"
)
_WIDTH: Final = _HEADER.count(",") + 1
_HIGH, _LOW, _CLOSE, _VOLUME, _INTEREST, _IMPLIED = 4, 5, 6, 7, 8, 9
_NICKEL: Final = PRICE_UNIT // 20
_SATURDAY: Final = 5
_SLACK: Final = 0.005  # Of the spot: the half spread of what is deep in the money.


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One contract of the file. Units: `close` ten-thousandths, None where there is no price."""

    contract: OptionSymbol
    close: int | None
    volume: int | None
    interest: int | None
    implied: float | None


def convert_chain(file: SessionFile, bars: DailyBars, writer: TapeWriter, tally: Tally) -> None:
    """Write one session's chain.

    Raises:
        Misconfigured: TAPE_UNREADABLE.
    """
    texts = read_lines(file.path)
    if not texts or texts[0] != _HEADER:
        raise unreadable(file.path.name, f"the header is not {_HEADER}", line=1)
    cells = [
        Cells(file.path.name, n, text, count=_WIDTH) for n, text in enumerate(texts[1:], start=2)
    ]
    lines = [_line(file, each) for each in cells if any(each.texts[:3])]
    for each in cells:
        if not any(each.texts[:3]):
            own = [_price(each, place) for place in (_HIGH, _LOW, _CLOSE)]
            note_own_bar(file, own, bars, tally)
    note_agreement(file, _pairs(lines), bars, tally)
    at, bar = closing_instant(file.day), bars.on(file.day)
    for line in lines:
        if line.close is None and line.interest is None:
            tally.note(Odd.NO_FIGURES)
            continue
        _note(line, tally)
        if bar is not None and line.close is not None:
            _note_worth(line.contract, line.close, bar.close, tally)
        writer.write(_row(line, at))


def _line(file: SessionFile, cells: Cells) -> Line:
    expiry, strike, right = cells.texts[:3]
    if cells.number(1) is None or right not in {"C", "P"}:
        raise cells.wrong(1, "a contract has a strike, and a right of C or P")
    try:
        day = read_compact_day(expiry)
        contract = OptionSymbol(file.underlying.ticker, day, Right(right), Decimal(strike))
    except (Denied, ValueError) as error:
        raise cells.wrong(0, "that is no contract") from error
    return Line(
        contract=contract,
        close=_price(cells, _CLOSE),
        volume=cells.scaled(_VOLUME),
        interest=cells.scaled(_INTEREST),
        implied=cells.number(_IMPLIED),
    )


def _price(cells: Cells, place: int) -> int | None:
    """Return a price in ten-thousandths; the layout writes 0 where there is none."""
    usd = cells.number(place)
    if usd is not None and usd < 0:
        raise cells.wrong(place, "a price is not negative")
    return scale(usd) if usd else None


def _pairs(lines: Sequence[Line]) -> list[tuple[float, float, float]]:
    """Return strike, call and put of the first expiration that has pairs at all."""
    priced = {line.contract: line.close / PRICE_UNIT for line in lines if line.close}
    pairs: dict[date, list[tuple[float, float, float]]] = {}
    for contract, price in priced.items():
        put = OptionSymbol(contract.root, contract.expiration, Right.PUT, contract.strike)
        if contract.right is Right.CALL and put in priced:
            found = pairs.setdefault(contract.expiration, [])
            found.append((float(contract.strike), price, priced[put]))
    return pairs[min(pairs)] if pairs else []


def _note(line: Line, tally: Tally) -> None:
    tally.contracts.add(line.contract.compact)
    tally.note(Odd.NOT_TRADED, when=line.close is not None and line.volume == 0)
    tally.note(Odd.OFF_TICK, when=line.close is not None and line.close % _NICKEL != 0)
    tally.note(Odd.NO_VOLATILITY, when=line.implied == 0)
    tally.note(Odd.SATURDAY, when=line.contract.expiration.weekday() == _SATURDAY)


def _note_worth(contract: OptionSymbol, close: int, spot: int, tally: Tally) -> None:
    """Hold a price against the close of the underlying; all in ten-thousandths."""
    strike = int(contract.strike * PRICE_UNIT)
    call = contract.right is Right.CALL
    exercise, most = (spot - strike, spot) if call else (strike - spot, strike)
    tally.note(Odd.BELOW_EXERCISE, when=close < exercise - _SLACK * spot)
    tally.note(Odd.ABOVE_ALL, when=close > most)


def _row(line: Line, at: datetime) -> Row:
    return Row(
        symbol=line.contract,
        at=at,
        last="" if line.close is None else price_text(line.close),
        volume=_count(line.volume),
        open_interest=_count(line.interest),
    )


def _count(number: int | None) -> str:
    return "" if number is None else str(number)
