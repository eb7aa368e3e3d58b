"""Which accounts the linked user has, under ids of the desk's own.

The broker's number of an account is a secret of its owner, and the desk's ledger keeps account ids
in clear: so the desk knows an account by a name that is made from the number with a key, and ends
with the four characters that are shown anyway.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from pydantic import TypeAdapter

from strikedesk.brokers.tastytrade.calls import Call, path_of
from strikedesk.brokers.tastytrade.client import Client
from strikedesk.brokers.tastytrade.faults import away
from strikedesk.brokers.tastytrade.payloads.accounts import (
    AccountTold,
    CustomerTold,
    OwnedTold,
    StatusTold,
)
from strikedesk.brokers.tastytrade.payloads.envelopes import Listed, Told
from strikedesk.brokers.tastytrade.sites import Site
from strikedesk.domain.account_kinds import AccountKind, OptionLevel
from strikedesk.domain.accounts import Account, Environment
from strikedesk.domain.customer import Customer
from strikedesk.domain.errors import Denied
from strikedesk.domain.ports import Clock
from strikedesk.domain.reasons import Reason
from strikedesk.domain.secret import Secret

KEPT_FOR: Final = timedelta(seconds=15)

_OWNED: Final = TypeAdapter(Listed[OwnedTold])
_CUSTOMER: Final = TypeAdapter(Told[CustomerTold])
_STATUS: Final = TypeAdapter(Told[StatusTold])
_NUMBER: Final = re.compile(r"[A-Z0-9]{5,20}", re.ASCII)
_ODD: Final = re.compile(r"[^A-Za-z0-9 ._-]+", re.ASCII)
_DIGITS: Final = 12
_SHOWN: Final = 4
_NICKNAME_MAX: Final = 40
_MAY_TRADE: Final = frozenset({"owner", "trade-only"})
# What the broker calls its levels; the names of the lower ones were never recorded.
_LEVELS: Final = {"No Restrictions": OptionLevel.NAKED}
_KINDS: Final = {"margin": AccountKind.MARGIN, "cash": AccountKind.CASH}


@dataclass(slots=True, kw_only=True)
class Directory:
    """Reads the accounts, and finds the broker's number by the desk's id."""

    client: Client
    site: Site
    key: Secret
    clock: Clock
    _numbers: dict[str, Secret] = field(default_factory=dict[str, Secret])
    _kept: tuple[datetime, tuple[Account, ...]] | None = None

    async def accounts(self) -> tuple[Account, ...]:
        """Return the accounts in the order of their numbers, no older than a quarter of a minute.

        The broker tells one account's status a second, and an order asks for them several times.
        """
        began, kept = self.clock.now(), self._kept
        if kept is not None and timedelta(0) <= began - kept[0] < KEPT_FOR:
            return kept[1]
        accounts = await self._read()
        self._kept = began, accounts
        return accounts

    async def _read(self) -> tuple[Account, ...]:
        owned = await self._owned()
        statuses = [await self._status(number) for number, _ in owned]
        handles = _handles([number for number, _ in owned])
        return tuple(
            self._account(number, told, status, handle)
            for (number, told), status, handle in zip(owned, statuses, handles, strict=True)
        )

    async def customer(self) -> Customer | None:
        """See `Broker.customer`; nothing is known where the grant may not ask."""
        try:
            told = await self.client.one(Call(path=path_of("customers", "me")), _CUSTOMER)
        except Denied:
            return None
        return Customer(professional=told.is_professional, delayed_quotes=told.has_delayed_quotes)

    async def number(self, account_id: str) -> Secret:
        """Return the broker's number of an account.

        Raises:
            Denied: ACCOUNT_UNKNOWN.
        """
        if account_id not in self._numbers:
            await self._owned()
        if account_id not in self._numbers:
            raise Denied(Reason.ACCOUNT_UNKNOWN)
        return self._numbers[account_id]

    def account_id(self, number: str) -> str:
        """Return the desk's id of an account."""
        mark = hmac.new(self.key.reveal_bytes(), number.encode(), hashlib.sha256).hexdigest()
        return f"tt-{mark[:_DIGITS]}-{number[-_SHOWN:]}"

    async def _owned(self) -> list[tuple[str, OwnedTold]]:
        call = Call(path=path_of("customers", "me", "accounts"))
        listed = await self.client.every(call, _OWNED)
        owned = sorted(((_number_of(told.account), told) for told in listed), key=lambda x: x[0])
        self._numbers = {self.account_id(number): Secret(number) for number, _ in owned}
        return owned

    async def _status(self, number: str) -> StatusTold:
        """Return what the account may do; nothing is known where the grant may not ask."""
        call = Call(path=path_of("accounts", number, "trading-status"))
        try:
            return await self.client.one(call, _STATUS)
        except Denied:
            return StatusTold()

    def _account(self, number: str, owned: OwnedTold, status: StatusTold, handle: str) -> Account:
        told = owned.account
        closed = told.is_closed is True or status.is_closed is True
        level = status.options_level or told.suitable_options_level
        return Account(
            account_id=self.account_id(number),
            handle=handle,
            nickname=_ODD.sub("", told.nickname or "")[:_NICKNAME_MAX],
            kind=_kind(told),
            environment=self.site.environment,
            simulated=self.site.environment is not Environment.LIVE,
            can_trade=owned.authority_level in _MAY_TRADE and not closed,
            option_level=_LEVELS.get(level or ""),
            frozen=True if closed else status.is_frozen,
            closing_only=_either(status.is_closing_only, status.is_risk_reducing_only),
        )


def _number_of(told: AccountTold) -> str:
    """Return the account's number; a list that names none cannot be told."""
    if told.account_number is None or not _NUMBER.fullmatch(told.account_number):
        raise away()
    return told.account_number


def _kind(told: AccountTold) -> AccountKind:
    """Return the kind; one that is not told is taken for the strictest."""
    if "IRA" in (told.account_type_name or ""):
        return AccountKind.IRA
    return _KINDS.get((told.margin_or_cash or "").lower(), AccountKind.CASH)


def _handles(numbers: Sequence[str]) -> list[str]:
    """Return a handle each, with as many of the last characters as tell them apart."""
    for shown in range(_SHOWN, max(map(len, numbers), default=_SHOWN) + 1):
        handles = [f"tasty-{number[-shown:].lower()}" for number in numbers]
        if len(set(handles)) == len(handles):
            return handles
    raise away()


def _either(*flags: bool | None) -> bool | None:
    if any(flag is True for flag in flags):
        return True
    return None if all(flag is None for flag in flags) else False
