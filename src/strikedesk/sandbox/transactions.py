"""Transactions: the lines of an account's book, each with its fees by bucket."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from strikedesk.domain.accounts import Transaction, TransactionKind
from strikedesk.domain.broking import BrokerOrder
from strikedesk.domain.calendar import exchange_date
from strikedesk.domain.errors import Denied
from strikedesk.domain.ledger import Json
from strikedesk.domain.orders import Action
from strikedesk.domain.symbols import OptionSymbol
from strikedesk.exchange.accounts import NOTHING, multiplier_of
from strikedesk.exchange.fees import FeeSchedule, Product, Trade, load_schedule
from strikedesk.sandbox import query
from strikedesk.sandbox.notes import number_of
from strikedesk.sandbox.orders.figures import BUCKETS
from strikedesk.sandbox.orders.routes import read_number
from strikedesk.sandbox.orders.telling import ACTION_NAMES, VENUE
from strikedesk.sandbox.refusal import Refusal
from strikedesk.sandbox.spelling import instrument_type, wire_symbol
from strikedesk.sandbox.wire import decimal, known, maybe, one, page_of, paged, signed, zulu
from strikedesk.sandbox.world import SandboxWorld

_PAGE: Final = 250
_PAGE_MAX: Final = 2000
_EVERY: Final = 1_000_000
_RECEIVE_DELIVER: Final = "Receive Deliver"
_MONEY: Final = "Money Movement"
_TYPES: Final = {
    TransactionKind.DEPOSIT: (_MONEY, "Deposit"),
    TransactionKind.FEE: (_MONEY, "Fee"),
    TransactionKind.EXPIRATION: (_RECEIVE_DELIVER, "Expiration"),
    TransactionKind.ASSIGNMENT: (_RECEIVE_DELIVER, "Assignment"),
    TransactionKind.EXERCISE: (_RECEIVE_DELIVER, "Exercise"),
    TransactionKind.DIVIDEND: (_MONEY, "Dividend"),
    TransactionKind.SPLIT: (_RECEIVE_DELIVER, "Forward Split"),
    TransactionKind.INTEREST: (_MONEY, "Credit Interest"),
    TransactionKind.OTHER: (_MONEY, "Balance Adjustment"),
}


@dataclass(frozen=True, slots=True)
class TransactionRoutes:
    """The book of an account."""

    world: SandboxWorld

    def routes(self) -> list[Route]:
        """Return them."""
        lines = "/accounts/{number}/transactions"
        return [
            Route(lines, self.search),
            Route(f"{lines}/total-fees", self.total_fees),
            Route(f"{lines}/{{line}}", self.one),
        ]

    async def search(self, request: Request) -> Response:
        """Tell the lines that fit, by page, newest first unless asked otherwise."""
        page = page_of(request, size=_PAGE, most=_PAGE_MAX)
        wanted = _Wanted.of(request)
        found = [line for line in await self._told(request) if wanted.fits(line)]
        if query.text(request, "sort") == "Asc":
            found.reverse()
        return paged(request, page.cut(found), page, len(found))

    async def one(self, request: Request) -> Response:
        """Tell one line."""
        number = read_number(request.path_params["line"])
        for line in await self._told(request):
            if line["id"] == number:
                return one(request, line)
        raise Refusal.not_found("that transaction")

    async def total_fees(self, request: Request) -> Response:
        """Tell what a day cost."""
        day = query.day(request, "date") or self.world.today()
        lines = await self._lines(request)
        paid = sum(
            (line.fees or NOTHING for line in lines if exchange_date(line.at) == day), NOTHING
        )
        return one(request, signed("total-fees", -paid))

    async def _told(self, request: Request) -> list[dict[str, Json]]:
        world, account, _ = await self.world.account(request.path_params["number"])
        schedule = load_schedule(world.frame.schedule)
        actions: dict[str, BrokerOrder | None] = {}
        told: list[dict[str, Json]] = []
        for line in await self._lines(request):
            if line.order_id is not None and line.order_id not in actions:
                actions[line.order_id] = await self._order(account.account_id, line.order_id)
            order = None if line.order_id is None else actions[line.order_id]
            told.append(self._line(line, _action(line, order), schedule))
        return told

    async def _lines(self, request: Request) -> Iterable[Transaction]:
        number = request.path_params["number"]
        await self.world.account(number)
        page = await self.world.broker.transactions(
            number, start=None, end=None, limit=_EVERY, offset=0
        )
        return page.rows

    async def _order(self, account_id: str, order_id: str) -> BrokerOrder | None:
        try:
            return await self.world.broker.order(account_id, order_id)
        except Denied:
            return None

    def _line(
        self, line: Transaction, action: Action | None, schedule: FeeSchedule
    ) -> dict[str, Json]:
        done = "" if action is None else ACTION_NAMES[action]
        kind, sub_kind = _TYPES.get(line.kind, ("Trade", done))
        fees = line.fees or NOTHING
        symbol = line.symbol
        return known(
            {
                "id": number_of(line.transaction_id),
                "account-number": line.account_id,
                "transaction-type": kind,
                "transaction-sub-type": sub_kind,
                "action": done or None,
                "description": line.description,
                "instrument-type": None if symbol is None else instrument_type(symbol),
                "symbol": None if symbol is None else wire_symbol(symbol),
                "underlying-symbol": (
                    None if symbol is None else symbol.underlying.replace(".", "/")
                ),
                "quantity": None if line.moved is None else decimal(abs(line.moved)),
                "price": maybe(line.price),
                **signed("value", line.cash_effect + fees),
                **(self._fees(line, action, schedule) if action is not None else {}),
                **signed("net-value", line.cash_effect),
                "is-estimated-fee": True,
                "order-id": None if line.order_id is None else number_of(line.order_id),
                "exec-id": str(number_of(line.transaction_id)) if action is not None else None,
                "destination-venue": VENUE if action is not None else None,
                "currency": "USD",
                "transaction-date": exchange_date(line.at).isoformat(),
                "executed-at": zulu(line.at),
                "created-at": zulu(line.at),
            }
        )

    def _fees(self, line: Transaction, action: Action, schedule: FeeSchedule) -> dict[str, Json]:
        """Split what was paid by the schedule's lines; what rounding leaves is regulatory."""
        items = schedule.items(self._trade(line, action))
        sums = {
            bucket: sum((items.get(name, NOTHING) for _, name in lines), NOTHING)
            for bucket, lines in BUCKETS.items()
        }
        sums["regulatory-fees"] += (line.fees or NOTHING) - sum(sums.values(), NOTHING)
        told: dict[str, Json] = {}
        for bucket, amount in sums.items():
            told |= signed(bucket, -amount)
        return told

    def _trade(self, line: Transaction, action: Action) -> Trade:
        symbol, quantity = line.symbol, ceil(abs(line.moved or 0))
        assert symbol is not None  # noqa: S101 -- a trade is one of something
        product = Product.EQUITY
        if isinstance(symbol, OptionSymbol):
            indices = self.world.indices()
            product = (
                Product.INDEX_OPTION if symbol.underlying in indices else Product.EQUITY_OPTION
            )
        return Trade(
            product=product,
            underlying=symbol.underlying,
            day=exchange_date(line.at),
            opens=action.opens is not False,
            sells=action.sign < 0,
            quantity=quantity,
            notional=(line.price or NOTHING) * abs(line.moved or 0) * multiplier_of(symbol),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """Which lines are asked for: by field, by day, by instant."""

    fields: Mapping[str, tuple[str, ...]]
    first: str
    last: str
    start: str
    end: str

    @classmethod
    def of(cls, request: Request) -> "_Wanted":
        first, last = query.day(request, "start-date"), query.day(request, "end-date")
        start, end = query.instant(request, "start-at"), query.instant(request, "end-at")
        asked = {
            "transaction-type": query.listed(request, "type") or query.listed(request, "types"),
            "transaction-sub-type": query.listed(request, "sub-type"),
            "action": query.listed(request, "action"),
            "instrument-type": query.listed(request, "instrument-type"),
            "symbol": query.listed(request, "symbol"),
            "underlying-symbol": query.listed(request, "underlying-symbol"),
            "currency": query.listed(request, "currency"),
        }
        return cls(
            fields={name: values for name, values in asked.items() if values},
            first="" if first is None else first.isoformat(),
            last="9" if last is None else last.isoformat(),
            start="" if start is None else zulu(start),
            end="9" if end is None else zulu(end),
        )

    def fits(self, line: Mapping[str, Json]) -> bool:
        """Texts of one form: they sort as what they stand for."""
        return (
            all(line.get(name) in values for name, values in self.fields.items())
            and self.first <= str(line["transaction-date"]) <= self.last
            and self.start <= str(line["executed-at"]) <= self.end
        )


def _action(line: Transaction, order: BrokerOrder | None) -> Action | None:
    """Return what a trade did, as its order said; without it, by the direction alone."""
    if line.kind is not TransactionKind.TRADE:
        return None
    legs = () if order is None else order.order.legs
    bought = (line.moved or 0) > 0
    told = (leg.action for leg in legs if leg.symbol == line.symbol)
    return next(told, Action.BUY_TO_OPEN if bought else Action.SELL_TO_CLOSE)
