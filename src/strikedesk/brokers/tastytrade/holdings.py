"""What an account is worth, holds and did, in the desk's words."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Final

from pydantic import TypeAdapter

from strikedesk.brokers.tastytrade.amounts import cash, cost, total
from strikedesk.brokers.tastytrade.beside import SIDES, untraded
from strikedesk.brokers.tastytrade.calls import Call, path_of, plain
from strikedesk.brokers.tastytrade.client import Client
from strikedesk.brokers.tastytrade.directory import Directory
from strikedesk.brokers.tastytrade.faults import away
from strikedesk.brokers.tastytrade.payloads.accounts import (
    BalanceTold,
    PositionTold,
    TransactionTold,
)
from strikedesk.brokers.tastytrade.payloads.envelopes import Listed, Told
from strikedesk.brokers.tastytrade.spelling import read_symbol
from strikedesk.domain.accounts import Balances, Position, Transaction, TransactionKind
from strikedesk.domain.money import SHARES_PER_CONTRACT
from strikedesk.domain.ports import Clock, TransactionPage
from strikedesk.domain.symbols import OptionSymbol, Symbol
from strikedesk.domain.untraded import Untraded

_BALANCE: Final = TypeAdapter(Told[BalanceTold])
_POSITIONS: Final = TypeAdapter(Listed[PositionTold])
_TRANSACTIONS: Final = TypeAdapter(Listed[TransactionTold])
KEPT_FOR: Final = timedelta(seconds=15)

_BY_SUB_TYPE: Final = {
    "Deposit": TransactionKind.DEPOSIT,
    "Fee": TransactionKind.FEE,
    "Expiration": TransactionKind.EXPIRATION,
    "Assignment": TransactionKind.ASSIGNMENT,
    "Cash Settled Assignment": TransactionKind.ASSIGNMENT,
    "Exercise": TransactionKind.EXERCISE,
    "Cash Settled Exercise": TransactionKind.EXERCISE,
    "Dividend": TransactionKind.DIVIDEND,
    "Special Dividend": TransactionKind.DIVIDEND,
    "Forward Split": TransactionKind.SPLIT,
    "Reverse Split": TransactionKind.SPLIT,
    "Reverse Split Removal": TransactionKind.SPLIT,
    "Credit Interest": TransactionKind.INTEREST,
    "Debit Interest": TransactionKind.INTEREST,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """Reads balances, positions and the book of one account at a time."""

    client: Client
    directory: Directory
    clock: Clock
    _last: dict[str, tuple[datetime, tuple[PositionTold, ...]]] = field(
        default_factory=dict[str, tuple[datetime, tuple[PositionTold, ...]]]
    )

    async def balances(self, account_id: str) -> Balances:
        """See `Broker.balances`."""
        number = await self.directory.number(account_id)
        call = Call(path=path_of("accounts", number.reveal(), "balances", "USD"))
        told = await self.client.one(call, _BALANCE)
        return Balances(
            account_id=account_id,
            as_of=told.updated_at or self.clock.now(),
            net_liquidation=told.net_liquidating_value,
            cash=told.cash_balance,
            option_buying_power=told.derivative_buying_power,
            stock_buying_power=told.equity_buying_power,
            maintenance_margin=told.maintenance_requirement,
            maintenance_excess=told.maintenance_excess,
            in_margin_call=_called(told),
            long_value=long_value(told),
            short_value=short_value(told),
        )

    async def positions(self, account_id: str) -> tuple[Position, ...]:
        """See `Broker.positions`. What the desk does not trade is told by `untraded`.

        So is a fraction of a share: what is told here is held at the least.
        """
        listed = await self._listed(account_id)
        held = [_position(account_id, told) for told in listed]
        return tuple(
            sorted((each for each in held if each is not None), key=lambda x: x.symbol.compact)
        )

    async def untraded(self, account_id: str) -> tuple[Untraded, ...]:
        """See `Broker.untraded`. Told by the answer that positions came of, if that is fresh."""
        began, listed = self._last.get(account_id, (None, ()))
        if began is None or not timedelta(0) <= self.clock.now() - began < KEPT_FOR:
            listed = await self._listed(account_id)
        return tuple(sorted(untraded(account_id, listed), key=lambda each: each.symbol))

    async def _listed(self, account_id: str) -> tuple[PositionTold, ...]:
        number, began = await self.directory.number(account_id), self.clock.now()
        path = path_of("accounts", number.reveal(), "positions")
        call = Call(path=path, query=plain(include_marks="true"))
        listed = await self.client.every(call, _POSITIONS)
        self._last[account_id] = began, listed
        return listed

    async def transactions(
        self, account_id: str, *, start: date | None, end: date | None, limit: int, offset: int
    ) -> TransactionPage:
        """See `Broker.transactions`."""
        number = await self.directory.number(account_id)
        query = plain(
            start_date=start.isoformat() if start else None,
            end_date=end.isoformat() if end else None,
            sort="Desc",
            per_page=limit,
        )
        path = path_of("accounts", number.reveal(), "transactions")
        call = Call(path=path, query=query)
        return await self._window(account_id, call, limit=limit, offset=offset)

    async def _window(
        self, account_id: str, call: Call, *, limit: int, offset: int
    ) -> TransactionPage:
        """Return `limit` lines from `offset` on: of one page of the broker's, or of two."""
        first, into = divmod(offset, limit)
        rows, count = list[TransactionTold](), 0
        for page in (first, first + 1)[: 2 if into else 1]:
            listed = await self.client.page(call.on_page(page), _TRANSACTIONS)
            rows += listed.data.items
            count = max(count, listed.total_items)
        told = rows[into : into + limit]
        return TransactionPage(
            rows=tuple(_transaction(account_id, line) for line in told), total=count
        )


def long_value(told: BalanceTold) -> Decimal | None:
    """Return what is held long, USD."""
    return total(told.long_equity_value, told.long_derivative_value)


def short_value(told: BalanceTold) -> Decimal | None:
    """Return what is held short, USD, as the debt that it is."""
    shorts = total(told.short_equity_value, told.short_derivative_value)
    return None if shorts is None else -abs(shorts)


def _called(told: BalanceTold) -> bool | None:
    asked = [told.maintenance_call_value, told.reg_t_call_value]
    if all(amount is None for amount in asked):
        return None
    return any(amount is not None and amount != 0 for amount in asked)


def _position(account_id: str, told: PositionTold) -> Position | None:
    symbol = read_symbol(told.instrument_type, told.symbol)
    if symbol is None:
        return None
    quantity = _signed(told)
    if told.average_open_price is None:
        raise away()
    if quantity == 0:
        return None
    return Position(
        account_id=account_id,
        symbol=symbol,
        quantity=quantity,
        multiplier=_multiplier(symbol, told.multiplier),
        average_price=told.average_open_price,
        opened_at=told.created_at,
        mark=told.mark_price,
    )


def _signed(told: PositionTold) -> int:
    """Return the quantity with its sign; one that cannot be read is no position of nothing."""
    side = SIDES.get(told.quantity_direction or "")
    if side is None or told.quantity is None:
        raise away()
    return int(abs(told.quantity).to_integral_value(rounding=ROUND_DOWN)) * side


def _multiplier(symbol: Symbol, told: Decimal | None) -> int:
    if told and told == told.to_integral_value():
        return int(told)
    return SHARES_PER_CONTRACT if isinstance(symbol, OptionSymbol) else 1


def _transaction(account_id: str, told: TransactionTold) -> Transaction:
    at = told.executed_at or told.created_at
    effect = cash(told.net_value, told.net_value_effect)
    if effect is None:
        effect = cash(told.value, told.value_effect)
    if told.id is None or at is None or effect is None:
        raise away()
    return Transaction(
        transaction_id=told.id,
        account_id=account_id,
        at=at,
        kind=_kind(told),
        description=told.description or "",
        cash_effect=effect,
        symbol=read_symbol(told.instrument_type, told.symbol),
        quantity=_moved(told),
        fraction=_fraction(told),
        price=told.price,
        fees=_fees(told),
        order_id=told.order_id,
    )


def _kind(told: TransactionTold) -> TransactionKind:
    if told.transaction_type == "Trade":
        return TransactionKind.TRADE
    return _BY_SUB_TYPE.get(told.transaction_sub_type or "", TransactionKind.OTHER)


def _moved(told: TransactionTold) -> int | None:
    """Return the signed quantity of a trade; of anything else the broker does not say the way."""
    if told.quantity is None or told.action is None:
        return None
    whole = int(told.quantity.to_integral_value(rounding=ROUND_DOWN))
    return -whole if told.action.startswith("Sell") else whole


def _fraction(told: TransactionTold) -> Decimal | None:
    """Return what moved beside whole ones, with its sign; None where that is nothing."""
    whole = _moved(told)
    if told.quantity is None or whole is None or abs(whole) == told.quantity:
        return None
    rest = told.quantity - abs(whole)
    return -rest if (told.action or "").startswith("Sell") else rest


def _fees(told: TransactionTold) -> Decimal | None:
    """Return what it cost beside its value, USD, positive; None where nothing is told.

    A line names the fees that it has: one that is named and cannot be read is not taken for none.
    """
    fees = (
        (told.regulatory_fees, told.regulatory_fees_effect),
        (told.clearing_fees, told.clearing_fees_effect),
        (told.commission, told.commission_effect),
        (told.proprietary_index_option_fees, told.proprietary_index_option_fees_effect),
        (told.other_charge, told.other_charge_effect),
    )
    return total(*(cost(amount, effect) for amount, effect in fees if amount is not None))
