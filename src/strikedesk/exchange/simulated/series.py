"""One symbol through one session, step by step: what bars are made of."""

import numpy as np

from strikedesk.domain.calendar import Session
from strikedesk.domain.symbols import OptionSymbol, Symbol
from strikedesk.exchange.simulated.activity import traded
from strikedesk.exchange.simulated.bars import Series, SeriesOf
from strikedesk.exchange.simulated.catalogue import Underlying
from strikedesk.exchange.simulated.moments import steps_in
from strikedesk.exchange.simulated.noise import Floats
from strikedesk.exchange.simulated.pit import Pits
from strikedesk.exchange.simulated.pricing import values
from strikedesk.exchange.simulated.quoting import sides


class SeriesRoom:
    """Makes series of shares and of contracts."""

    def __init__(self, *, pits: Pits) -> None:
        """Read from these pits."""
        self._pits = pits

    def of(self, underlying: Underlying, symbol: Symbol) -> SeriesOf:
        """Return the maker of one symbol's series."""
        if isinstance(symbol, OptionSymbol):
            return lambda session: self._contract(underlying, symbol, session)
        return lambda session: self._shares(underlying, session)

    def _shares(self, underlying: Underlying, session: Session) -> Series:
        pit = self._pits.pit(underlying, session)
        volume = None if underlying.is_index else traded(np.array(pit.volume), _passed(session))
        return Series(session=session, twice=2 * pit.path, volume=volume)

    def _contract(
        self, underlying: Underlying, symbol: OptionSymbol, session: Session
    ) -> Series | None:
        pit = self._pits.pit(underlying, session)
        ladder = self._pits.ladders(underlying, pit.opening).get(symbol.expiration)
        place = None if ladder is None else ladder.place(symbol)
        if ladder is None or place is None:
            return None
        contract = self._pits.contract(pit, ladder, place)
        book = pit.book_through(contract)
        quoted = sides(book, values(book))
        return Series(
            session=session,
            twice=quoted.bid + quoted.ask,
            volume=traded(contract.volume, _passed(session)),
        )


def _passed(session: Session) -> Floats:
    steps = steps_in(session)
    return np.arange(1, steps + 1) / steps
