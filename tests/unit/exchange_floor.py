"""A trading floor for tests: a world, a market set by hand, and short words for orders."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from strikedesk.domain.accounts import AccountKind, Transaction
from strikedesk.domain.broking import BrokerOrder
from strikedesk.domain.groups import GroupKind, OrderGroup
from strikedesk.domain.ledger import Json
from strikedesk.domain.orders import Action, Leg, OrderRequest, OrderType, TimeInForce
from strikedesk.domain.states import OrderState
from strikedesk.domain.symbols import parse_symbol
from strikedesk.exchange import orders
from strikedesk.exchange.accounts import PaperAccount
from strikedesk.exchange.advance import advance, is_due, next_end
from strikedesk.exchange.documents import write_account, write_ended, write_line, write_order
from strikedesk.exchange.rows import write_header
from strikedesk.exchange.world import AccountSpec, Frame, World, open_world
from tests.builders import NOON, an_order_by_value
from tests.fakes.market import ScriptedMarket

MARGIN, CASH, IRA = "PAPER0001", "PAPER0002", "PAPER0003"
CALL, FAR_CALL = "AAPL261218C00200000", "AAPL261218C00210000"
PUT, FAR_PUT = "AAPL261218P00200000", "AAPL261218P00190000"
SPECS = (
    AccountSpec(
        account_id=MARGIN,
        handle="m",
        nickname="m",
        kind=AccountKind.MARGIN,
        deposit=Decimal("100000.00"),
    ),
    AccountSpec(
        account_id=CASH,
        handle="c",
        nickname="c",
        kind=AccountKind.CASH,
        deposit=Decimal("100000.00"),
    ),
    AccountSpec(
        account_id=IRA,
        handle="i",
        nickname="i",
        kind=AccountKind.IRA,
        deposit=Decimal("100000.00"),
    ),
)


def a_world(at: datetime = NOON, *, latency_ms: int = 0) -> World:
    """Return a world of a margin, a cash and a retirement account with 100,000 USD each."""
    frame = Frame(name="floor", tag="w", opened_at=at, latency_ms=latency_ms)
    return open_world(frame, SPECS)


def legs(*words: str) -> tuple[Leg, ...]:
    """Read legs like `buy_to_open 2 AAPL261218C00200000`."""
    split = [word.split() for word in words]
    return tuple(
        Leg(symbol=parse_symbol(symbol), action=Action(action), quantity=int(quantity))
        for action, quantity, symbol in split
    )


def an_order(
    *words: str,
    net: str | None = None,
    stop: str | None = None,
    account: str = MARGIN,
    tif: TimeInForce = TimeInForce.DAY,
    gtd: date | None = None,
) -> OrderRequest:
    """Return an order whose type follows from its prices."""
    kinds = {
        (False, False): OrderType.MARKET,
        (True, False): OrderType.LIMIT,
        (False, True): OrderType.STOP,
        (True, True): OrderType.STOP_LIMIT,
    }
    return OrderRequest(
        account_id=account,
        legs=legs(*words),
        order_type=kinds[net is not None, stop is not None],
        limit_net=None if net is None else Decimal(net),
        stop_trigger=None if stop is None else Decimal(stop),
        time_in_force=tif,
        gtd_date=gtd,
    )


def a_value(
    value: str, action: Action = Action.BUY, *, symbol: str = "AAPL", account: str = MARGIN
) -> OrderRequest:
    """Return an order for so many USD of shares."""
    return an_order_by_value(value, symbol, action, account)


@dataclass
class Floor:
    """A world at an instant, and what happened in it since the floor opened."""

    market: ScriptedMarket = field(default_factory=ScriptedMarket)
    world: World = field(default_factory=a_world)

    def quote(
        self, symbol: str, bid: str | None, ask: str | None, *, size: int | None = 100
    ) -> None:
        """Quote a symbol from the world's time on."""
        self.market.tell(symbol, bid, ask, at=self.world.advanced_to, size=size)

    def later(
        self, symbol: str, bid: str | None, ask: str | None, *, size: int | None = 100
    ) -> None:
        """Quote a symbol a minute later, and let the minute pass."""
        at = self.world.advanced_to + timedelta(minutes=1)
        self.market.tell(symbol, bid, ask, at=at, size=size)
        self.to(at)

    def trade(
        self, symbol: str, bid: str, ask: str, *, last: str, volume: int, size: int = 100
    ) -> None:
        """Quote a symbol a minute later with what has traded by then, and let the minute pass."""
        at = self.world.advanced_to + timedelta(minutes=1)
        self.market.tell(symbol, bid, ask, at=at, size=size, last=last, volume=volume)
        self.to(at)

    def group(self, kind: GroupKind, *orders_of: OrderRequest) -> list[str]:
        """Place a group at the world's time; return the ids of its orders."""
        placed = orders.place_group(
            self.world,
            self.market,
            self.world.advanced_to,
            OrderGroup(kind=kind, orders=orders_of),
            client_order_id="g",
        )
        return [order.broker_order_id for order in placed]

    def cancel(self, order_id: str, account_id: str = MARGIN) -> BrokerOrder:
        """Cancel an order, or a group by its id."""
        return orders.cancel(self.world, self.world.advanced_to, account_id, order_id)

    def place(self, order: OrderRequest, client_order_id: str = "c") -> BrokerOrder:
        """Place an order at the world's time."""
        return orders.place(
            self.world, self.market, self.world.advanced_to, order, client_order_id=client_order_id
        )

    def replace(self, order_id: str, order: OrderRequest) -> BrokerOrder:
        """Replace a working order."""
        at = self.world.advanced_to
        return orders.replace(self.world, self.market, at, order_id, order, client_order_id="r")

    def to(self, at: datetime) -> None:
        """Let time pass, in as many calls as it takes."""
        while not advance(self.world, self.market, at):
            pass

    def is_due(self, at: datetime) -> bool:
        """Whether anything could happen by `at`."""
        return is_due(self.world, self.market, at, next_end(self.world, self.market))

    def order(self, order_id: str) -> BrokerOrder:
        """Return an order as it stands, or as it ended."""
        return orders.shown(self.world, order_id)

    def state(self, order_id: str) -> OrderState:
        """Return the state of an order."""
        return self.order(order_id).state

    def account(self, account_id: str = MARGIN) -> PaperAccount:
        """Return an account as it stands."""
        return self.world.account(account_id)

    def held(self, account_id: str = MARGIN) -> dict[str, int]:
        """Return what is held by symbol."""
        stakes = self.account(account_id).stakes
        return {symbol.compact: stake.quantity for symbol, stake in stakes.items()}

    def lines(self, account_id: str = MARGIN) -> list[Transaction]:
        """Return the book of an account, oldest first."""
        return [line for line in self.world.changes.lines if line.account_id == account_id]


def everything(world: World) -> dict[str, Json]:
    """Return all that a world is and all that happened to it, to compare with another."""
    return {
        "header": write_header(world),
        "accounts": {key: write_account(account) for key, account in world.accounts.items()},
        "orders": {order.order_id: write_order(order) for order in world.orders},
        "line": dict(world.line),
        "ended": [write_ended(order) for order in world.changes.ended],
        "lines": [write_line(line) for line in world.changes.lines],
    }
