"""Balances and positions: what an account is worth, and what it holds."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from strikedesk.domain.accounts import Position
from strikedesk.domain.calendar import exchange_date
from strikedesk.domain.ledger import Json
from strikedesk.domain.quotes import Quote
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Symbol
from strikedesk.domain.untraded import Untraded
from strikedesk.exchange.accounts import NOTHING, multiplier_of
from strikedesk.exchange.ends import settles_at
from strikedesk.sandbox import query
from strikedesk.sandbox.door import version_of
from strikedesk.sandbox.refusal import NOT_FOUND, Refusal
from strikedesk.sandbox.spelling import instrument_type, streamer_symbol, wire_symbol
from strikedesk.sandbox.wire import (
    counted,
    decimal,
    instant,
    known,
    many,
    maybe,
    one,
    signed,
)
from strikedesk.sandbox.world import SandboxWorld
from strikedesk.sandbox.worth import USD, Worth, told_worth

_EVERY: Final = 1_000_000
_FINEST: Final = Decimal("0.000001")

# What this venue has none of, beside what snapshots have.
_ABSENT_NOW: Final = (
    "fixed-income-security-margin-requirement",
    "long-fixed-income-security-value",
    "futures-overnight-margin-requirement",
    "futures-intraday-margin-requirement",
    "pending-margin-interest",
    "effective-cryptocurrency-buying-power",
    "total-pending-liquidity-pool-rebate",
    "cash-settle-balance",
    "sma-equity-option-buying-power",
    "special-memorandum-account-value",
    "special-memorandum-account-apex-adjustment",
)


@dataclass(frozen=True, slots=True)
class MoneyRoutes:
    """What an account has."""

    world: SandboxWorld

    def routes(self) -> list[Route]:
        """Return them."""
        return [
            Route("/accounts/{number}/balances", self.balances),
            Route("/accounts/{number}/balances/{currency}", self.balance),
            Route("/accounts/{number}/positions", self.positions),
        ]

    async def balances(self, request: Request) -> Response:
        """Tell the balances: a list of currencies, or the bare one to who names no version."""
        told = await told_balances(self.world, request.path_params["number"])
        return one(request, told) if version_of(request) is None else many(request, [told])

    async def balance(self, request: Request) -> Response:
        """Tell the balance in one currency; there are dollars and nothing else."""
        if request.path_params["currency"] != USD:
            raise Refusal(NOT_FOUND, "record_not_found", "This account has dollars alone.")
        return one(request, await told_balances(self.world, request.path_params["number"]))

    async def positions(self, request: Request) -> Response:
        """Tell what is held, with marks where they are wanted."""
        number = request.path_params["number"]
        found = await told_positions(
            self.world,
            number,
            marked=query.flag(request, "include-marks"),
            closed=query.flag(request, "include-closed-positions"),
        )
        underlyings = query.listed(request, "underlying-symbol")
        symbol, kind = query.text(request, "symbol"), query.text(request, "instrument-type")
        return many(
            request,
            [
                told
                for told in found
                if (not underlyings or told["underlying-symbol"] in underlyings)
                and (symbol is None or told["symbol"] == symbol)
                and (kind is None or told["instrument-type"] == kind)
            ],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """What is held of a symbol, a part of a share with the whole ones. Units as of a position."""

    account_id: str
    symbol: Symbol
    quantity: int | Decimal
    multiplier: int
    average_price: Decimal
    opened_at: datetime | None = None
    mark: Decimal | None = None

    @property
    def value(self) -> Decimal | None:
        """USD that it is worth now, negative when short."""
        return None if self.mark is None else self.mark * self.quantity * self.multiplier

    def with_part(self, part: Untraded) -> "_Held":
        """Return it with a part of a share: the sum, at the average of both."""
        quantity, price = part.quantity or NOTHING, part.average_price or NOTHING
        total = self.quantity + quantity
        cost = self.average_price * self.quantity + price * quantity
        average = (cost / total).quantize(_FINEST)
        return replace(self, quantity=total, average_price=average, mark=part.mark)


async def _held(world: SandboxWorld, number: str) -> list[_Held]:
    """Return what an account holds, as this protocol counts it: shares as decimals where needed."""
    found = {each.symbol: _of_position(each) for each in await world.broker.positions(number)}
    for part in await world.broker.untraded(number):
        symbol = EquitySymbol(part.symbol)
        nothing = _nothing_of(number, symbol)
        found[symbol] = found.get(symbol, nothing).with_part(part)
    return sorted(found.values(), key=lambda held: held.symbol.compact)


def _of_position(position: Position) -> _Held:
    return _Held(
        account_id=position.account_id,
        symbol=position.symbol,
        quantity=position.quantity,
        multiplier=position.multiplier,
        average_price=position.average_price,
        opened_at=position.opened_at,
        mark=position.mark,
    )


def _nothing_of(number: str, symbol: Symbol) -> _Held:
    return _Held(
        account_id=number,
        symbol=symbol,
        quantity=0,
        multiplier=multiplier_of(symbol),
        average_price=NOTHING,
    )


async def told_balances(world: SandboxWorld, number: str) -> dict[str, Json]:
    """Return an account's balances, as REST and the account stream have them.

    Raises:
        Refusal: 403, where the account is nobody's.
    """
    _, _, at = await world.account(number)
    return _balances(number, await worth_now(world, number), at)


async def worth_now(world: SandboxWorld, number: str) -> Worth:
    """Return what an account comes to as it stands; an unknown figure is nothing here."""
    balances = await world.broker.balances(number)
    cash = balances.cash or NOTHING
    values: dict[Symbol, Decimal] = {}
    for held in await _held(world, number):
        values[held.symbol] = held.value or NOTHING
    return Worth(
        cash=cash,
        in_all=balances.net_liquidation if balances.net_liquidation is not None else cash,
        option_power=balances.option_buying_power or NOTHING,
        stock_power=balances.stock_buying_power or NOTHING,
        required=balances.maintenance_margin or NOTHING,
        excess=balances.maintenance_excess or NOTHING,
        accrued=balances.dividends_accrued or NOTHING,
        values=values,
    )


async def told_positions(
    world: SandboxWorld, number: str, *, marked: bool, closed: bool = False
) -> list[dict[str, Json]]:
    """Return what an account holds, as REST and the account stream have it.

    `closed` adds what was closed today and is not held any more.

    Raises:
        Refusal: 403, where the account is nobody's.
    """
    _, _, at = await world.account(number)
    positions = await _held(world, number)
    quotes = await world.broker.quotes({position.symbol for position in positions})
    realized = await _realized_today(world, number, at)
    told: list[dict[str, Json]] = []
    for position in positions:
        gain = realized.pop(position.symbol, NOTHING)
        ends = _ends(world, position.symbol)
        quote = quotes.get(position.symbol)
        told.append(_position(position, quote, ends, at, gain, marked=marked))
    if closed:
        told += [_closed(number, symbol, gain, at) for symbol, gain in realized.items()]
    return told


async def _realized_today(world: SandboxWorld, number: str, at: datetime) -> dict[Symbol, Decimal]:
    """Return what became final on this exchange date, by symbol, USD before fees."""
    today = exchange_date(at)
    page = await world.broker.transactions(number, start=today, end=None, limit=_EVERY, offset=0)
    sums: dict[Symbol, Decimal] = {}
    for line in page.rows:
        if line.symbol is not None and line.realized and exchange_date(line.at) == today:
            sums[line.symbol] = sums.get(line.symbol, NOTHING) + line.realized
    return sums


def _ends(world: SandboxWorld, symbol: Symbol) -> datetime | None:
    """Return when a contract is settled; None for shares."""
    if not isinstance(symbol, OptionSymbol):
        return None
    terms = world.office.market.terms(symbol)
    return None if terms is None else settles_at(symbol, terms)


def _balances(number: str, worth: Worth, at: datetime) -> dict[str, Json]:
    return {
        **told_worth(number, worth),
        **dict.fromkeys(_ABSENT_NOW, decimal(0)),
        "snapshot-date": exchange_date(at).isoformat(),
        "reg-t-margin-requirement": decimal(worth.required),
        "maintenance-excess": decimal(max(worth.excess, NOTHING)),
        **signed("buying-power-adjustment", NOTHING),
        "margin-settle-balance": decimal(worth.cash),
        "total-settle-balance": decimal(worth.cash),
        "updated-at": instant(at),
    }


def _position(
    position: _Held,
    quote: Quote | None,
    ends: datetime | None,
    at: datetime,
    gain: Decimal,
    *,
    marked: bool,
) -> dict[str, Json]:
    opened_at = position.opened_at or at
    closed_at = None if quote is None else quote.previous_close
    value = position.value
    return known(
        {
            "account-number": position.account_id,
            "instrument-type": instrument_type(position.symbol),
            "symbol": wire_symbol(position.symbol),
            "underlying-symbol": position.symbol.underlying.replace(".", "/"),
            "streamer-symbol": streamer_symbol(position.symbol),
            "quantity": counted(abs(position.quantity)),
            "quantity-direction": "Long" if position.quantity > 0 else "Short",
            "average-open-price": decimal(abs(position.average_price)),
            "average-daily-market-close-price": decimal(closed_at or NOTHING),
            "average-yearly-market-close-price": decimal(abs(position.average_price)),
            "close-price": decimal(closed_at or NOTHING),
            "cost-effect": "Credit" if position.quantity > 0 else "Debit",
            "multiplier": position.multiplier,
            "mark": maybe(abs(value)) if marked and value is not None else None,
            "mark-price": maybe(position.mark) if marked else None,
            "is-frozen": False,
            "is-suppressed": False,
            "restricted-quantity": 0,
            **_gained(gain, at),
            "expires-at": None if ends is None else instant(ends),
            "created-at": instant(opened_at),
            "updated-at": instant(at),
        }
    )


def _gained(gain: Decimal, at: datetime) -> dict[str, Json]:
    day = exchange_date(at).isoformat()
    return {
        **signed("realized-day-gain", gain),
        "realized-day-gain-date": day,
        **signed("realized-today", gain),
        "realized-today-date": day,
    }


def _closed(number: str, symbol: Symbol, gain: Decimal, at: datetime) -> dict[str, Json]:
    """Return a position of which nothing is left."""
    told = _position(_nothing_of(number, symbol), None, None, at, gain, marked=False)
    return {**told, "quantity-direction": "Zero", "cost-effect": "None"}
