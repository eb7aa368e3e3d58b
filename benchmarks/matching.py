"""A thousand open orders against one tick of thirty underlyings, beside the least that it takes.

Run: `python -m benchmarks.matching`. Prints a table and writes it under `benchmarks/results`.
"""

import statistics
import time
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final

from benchmarks.report import Figure, report
from strikedesk.domain.accounts import AccountKind
from strikedesk.domain.orders import Action, Leg, OrderRequest, OrderType, TimeInForce
from strikedesk.domain.quotes import Feed, Quote
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Right, Symbol
from strikedesk.exchange.advance import advance
from strikedesk.exchange.orders import place
from strikedesk.exchange.simulated import SimulatedMarket
from strikedesk.exchange.simulated.moments import STEP
from strikedesk.exchange.world import AccountSpec, Frame, World, open_world

AT: Final = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
ORDERS: Final = 1_000
ROUNDS: Final = 41
ACCOUNT: Final = "PAPER0001"
TICKERS: Final = [f"{one}{other}" for one in "ABCDEF" for other in "VWXYZ"]
DAY: Final = date(2026, 12, 18)
STRIKES: Final = range(95, 105)
HELD_TO: Final = "<= 5 ms"


class Rolled(SimulatedMarket):
    """Thirty underlyings with ten contracts each, quoted anew at each step, all made beforehand.

    Matching is measured, and not the market. The bid goes up and down by `move` from step to step,
    sizes change, and something trades at the bid.
    """

    def __init__(self, *, move: Decimal) -> None:
        """Make the quotes of all steps."""
        super().__init__(seed=7)
        self._steps = [_quotes(step, move * (step % 2)) for step in range(ROUNDS + 2)]

    def quotes(self, symbols: Collection[Symbol], at: datetime) -> Mapping[Symbol, Quote]:
        """See `Market.quotes`."""
        known = self._steps[(at - AT) // STEP]
        return {symbol: known[symbol] for symbol in symbols}


def main() -> None:
    """Measure one tick over orders of each kind."""
    cent, none = Decimal("0.01"), Decimal(0)
    far, near = Decimal("1.00"), Decimal("5.00")
    figures = [
        figure("resting far from the market", Rolled(move=cent), far),
        figure("standing in line at the bid", Rolled(move=none), near),
        figure("in and out of the line, tick by tick", Rolled(move=cent), near),
        figure("of both kinds, one in five a spread", Rolled(move=cent), near, spreads=5),
        figure("spreads of two legs", Rolled(move=cent), far, spreads=1),
    ]
    floor = "as many look-ups of a quote and comparisons of two Decimals"
    report("matching", figures, floor=floor)


def figure(name: str, market: Rolled, limit: Decimal, *, spreads: int = 0) -> Figure:
    """Let a thousand orders meet a tick, again and again; none fills, one of `spreads` is one."""
    world = open_world(Frame(name="bench", tag="b", opened_at=AT), (SPEC,))
    for number in range(ORDERS):
        spread = spreads > 0 and number % spreads == 0
        place(world, market, AT, wanted(number, limit, spread=spread), client_order_id="c")
    ours = median_ms(world, market)
    if len(world.orders) != ORDERS:
        raise RuntimeError("An order ended: that is another benchmark.")
    return Figure(name=f"{ORDERS:,} {name}", ours=ours, floor=floor_ms(world), held_to=HELD_TO)


SPEC: Final = AccountSpec(
    account_id=ACCOUNT,
    handle="bench",
    nickname="bench",
    kind=AccountKind.MARGIN,
    deposit=Decimal(1_000_000_000),
)


def wanted(number: int, limit: Decimal, *, spread: bool) -> OrderRequest:
    """Return a bid for one of the contracts, or for a vertical of two."""
    ticker = TICKERS[number % len(TICKERS)]
    strikes = [STRIKES[number % 9], STRIKES[number % 9 + 1]]
    actions = [Action.BUY_TO_OPEN, Action.SELL_TO_OPEN]
    legs = tuple(
        Leg(symbol=OptionSymbol(ticker, DAY, Right.CALL, Decimal(strike)), action=act, quantity=500)
        for strike, act in zip(strikes, actions, strict=True)
    )
    return OrderRequest(
        account_id=ACCOUNT,
        legs=legs if spread else legs[:1],
        order_type=OrderType.LIMIT,
        limit_net=Decimal("0.01") if spread else limit,
        time_in_force=TimeInForce.GTC,
    )


def median_ms(world: World, market: Rolled) -> float:
    """Return the middle of many ticks, in milliseconds of this process."""
    times: list[float] = []
    for step in range(1, ROUNDS + 1):
        begun = time.process_time()
        advance(world, market, AT + STEP * step)
        times.append((time.process_time() - begun) * 1000)
    return statistics.median(times)


def floor_ms(world: World) -> float:
    """Return what bare look-ups and comparisons of the same orders take."""
    quotes = _quotes(0, Decimal(0))
    looked_up = [(order.parts[0].symbol, order.request.limit_net) for order in world.orders]
    times: list[float] = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        for symbol, limit in looked_up:
            ask = quotes[symbol].ask
            if limit is None or ask is None or limit >= ask:
                raise RuntimeError("Nothing is to fill.")
        times.append((time.process_time() - begun) * 1000)
    return statistics.median(times)


def _quotes(step: int, move: Decimal) -> dict[Symbol, Quote]:
    found: dict[Symbol, Quote] = {}
    for ticker in TICKERS:
        contracts = [OptionSymbol(ticker, DAY, Right.CALL, Decimal(strike)) for strike in STRIKES]
        found |= {symbol: _quote(symbol, step, Decimal("5.00") + move) for symbol in contracts}
        found[EquitySymbol(ticker)] = _quote(EquitySymbol(ticker), step, Decimal("100.00") + move)
    return found


def _quote(symbol: Symbol, step: int, bid: Decimal) -> Quote:
    return Quote(
        symbol=symbol,
        at=AT + timedelta(seconds=15) * step,
        feed=Feed.SIMULATED,
        bid=bid,
        ask=bid + Decimal("0.20"),
        bid_size=900 - 2 * step,
        ask_size=40 - step % 3,
        last=bid,
        volume=1_000 + step,
    )


if __name__ == "__main__":
    main()
