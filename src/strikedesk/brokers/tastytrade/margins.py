"""What the broker asks for what an account holds, and at which rates it reckons an underlying."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from pydantic import TypeAdapter

from strikedesk.brokers.tastytrade.amounts import cost
from strikedesk.brokers.tastytrade.calls import Call, path_of
from strikedesk.brokers.tastytrade.client import Client
from strikedesk.brokers.tastytrade.directory import Directory
from strikedesk.brokers.tastytrade.payloads.accounts import (
    MarginGroupTold,
    MarginRatesTold,
    MarginTold,
    RateTold,
)
from strikedesk.brokers.tastytrade.payloads.envelopes import Told
from strikedesk.brokers.tastytrade.spelling import spelled
from strikedesk.domain.errors import Denied
from strikedesk.domain.margin import MarginGroup, MarginHeld, MarginRates
from strikedesk.domain.ports import Clock
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol

_MARGIN: Final = TypeAdapter(Told[MarginTold])
_RATES: Final = TypeAdapter(Told[MarginRatesTold])
_RATE: Final = TypeAdapter(Told[RateTold])
_CONFIGURATION: Final = "margin-requirements-public-configuration"
_ODD: Final = re.compile(r"[^A-Z0-9./_-]+", re.ASCII)
_NAME_MAX: Final = 16
_NAMELESS: Final = "?"


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginDesk:
    """Reads the requirements of one account at a time."""

    client: Client
    directory: Directory
    clock: Clock

    async def held(self, account_id: str) -> MarginHeld:
        """See `Broker.margin_held`."""
        number = await self.directory.number(account_id)
        call = Call(path=path_of("margin", "accounts", number.reveal(), "requirements"))
        told = await self.client.one(call, _MARGIN)
        return MarginHeld(
            account_id=account_id,
            as_of=told.last_state_timestamp or self.clock.now(),
            initial=cost(told.margin_requirement, told.margin_requirement_effect),
            maintenance=cost(told.maintenance_requirement, told.maintenance_requirement_effect),
            groups=_groups(told.groups),
        )

    async def rates(self, account_id: str, underlying: EquitySymbol) -> MarginRates:
        """See `Broker.margin_rates`."""
        number = await self.directory.number(account_id)
        path = ("accounts", number.reveal(), "margin-requirements", spelled(underlying))
        call = Call(
            path=path_of(*path, "effective"),
            missing=Reason.SYMBOL_NOT_FOUND,
            facts={"symbol": underlying.compact},
        )
        told = await self.client.one(call, _RATES)
        return MarginRates(
            underlying=underlying.ticker,
            long_initial=told.long_equity_initial,
            long_maintenance=told.long_equity_maintenance,
            short_initial=told.short_equity_initial,
            short_maintenance=told.short_equity_maintenance,
            naked_standard=told.naked_option_standard,
            naked_minimum=told.naked_option_minimum,
            naked_floor=told.naked_option_floor,
        )

    async def risk_free_rate(self) -> Decimal | None:
        """See `Broker.risk_free_rate`. A figure that could be no fraction of a year is unknown."""
        try:
            told = await self.client.one(Call(path=path_of(_CONFIGURATION)), _RATE)
        except Denied:
            return None
        rate = told.risk_free_rate
        return rate if rate is not None and abs(rate) < 1 else None


def _groups(told: Iterable[MarginGroupTold]) -> tuple[MarginGroup, ...]:
    """Return the groups by name; an empty one, which the broker writes at times, is none."""
    groups = (
        MarginGroup(
            underlying=_name(each),
            initial=cost(each.margin_requirement, each.margin_requirement_effect),
            maintenance=cost(each.maintenance_requirement, each.maintenance_requirement_effect),
        )
        for each in told
        if each.model_fields_set
    )
    return tuple(sorted(groups, key=lambda group: group.underlying))


def _name(told: MarginGroupTold) -> str:
    """Return how the broker names the underlying, which may be no share."""
    return _ODD.sub("", told.underlying_symbol or told.code or "")[:_NAME_MAX] or _NAMELESS
