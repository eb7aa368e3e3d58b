"""A venue that outlives every process of the desk, and that takes twice what is sent twice.

Its books are a folder: one file for each request that arrived whole. A process that is killed
leaves there what it had sent by then, and nothing else.
"""

import os
import pickle
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

from strikedesk.domain.broking import (
    BrokerOrder,
    CancelTicket,
    GroupTicket,
    Lookup,
    PlaceTicket,
    Receipt,
    Ticket,
)
from strikedesk.domain.errors import OutcomeUnknown, Rejected, Unavailable
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import parse_symbol
from tests.builders import NOON
from tests.fakes.broker import Day, ScriptedBroker
from tests.fakes.clock import StoppedClock

CALLS: Final = tuple(f"AAPL261218C00{strike}000" for strike in range(200, 260, 5))


class Outcome(StrEnum):
    """What becomes of a request, and what its sender hears."""

    ACCEPTED = "accepted"
    TIMED_OUT = "accepted, timeout"
    RESET = "accepted, reset"
    SERVER_ERROR = "accepted, 5xx"
    REJECTED = "rejected"
    TOKEN_EXPIRED = "401, then accepted"  # noqa: S105 -- an outcome
    THROTTLED = "429"
    LATE_5 = "accepted 5 s later"
    LATE_60 = "accepted 60 s later"
    NEVER_ARRIVED = "never arrived"


_LATE_S: Final = {Outcome.LATE_5: 5, Outcome.LATE_60: 60}
_REFUSED: Final = {Outcome.REJECTED, Outcome.THROTTLED}
_SILENT: Final = {Outcome.TIMED_OUT, Outcome.SERVER_ERROR, Outcome.THROTTLED, *_LATE_S}
_HALF: Final = 40


@dataclass(frozen=True)
class Arrived:
    """A request that the venue has taken, and from when it shows."""

    ticket: Ticket
    at: datetime
    outcome: Outcome


class FolderVenue(ScriptedBroker):
    """See the module. `reach` is told every point at which a process may die."""

    def moor(self, folder: Path, outcome: Outcome, reach: Callable[[str], None]) -> None:
        """Keep the books in `folder`; answer requests as `outcome` says."""
        self.folder, self.outcome, self.reach = folder, outcome, reach

    async def submit(self, ticket: Ticket) -> Receipt:
        """Take the ticket as the outcome says."""
        self.reach("before the first byte")
        if self.outcome is Outcome.NEVER_ARRIVED:
            raise Unavailable(Reason.BROKER_UNAVAILABLE)
        if self.outcome is Outcome.TOKEN_EXPIRED:
            self._receive(ticket).rename(self._name("refused"))
            self.reach("between two attempts")
        self._arrive(ticket)
        self.reach("after the last byte")
        orders = self._answer(ticket)
        self.reach("after the answer")
        return Receipt(
            client_order_id=ticket.client_order_id,
            broker_order=orders[0],
            members=orders if isinstance(ticket, GroupTicket) else (),
        )

    async def orders(
        self, account_id: str, *, since: datetime | None = None
    ) -> tuple[BrokerOrder, ...]:
        """See `Broker.orders`."""
        self.read()
        return await ScriptedBroker.orders(self, account_id, since=since)

    async def order(self, account_id: str, broker_order_id: str) -> BrokerOrder:
        """See `Broker.order`."""
        self.read()
        return await ScriptedBroker.order(self, account_id, broker_order_id)

    async def find(self, account_id: str, client_order_id: str) -> Lookup:
        """See `Broker.find`."""
        self.read()
        return await ScriptedBroker.find(self, account_id, client_order_id)

    def read(self) -> None:
        """Play the books again, as far as they show by now."""
        self.placed.clear()
        for arrived in arrivals(self.folder):
            if arrived.at <= self.clock.now() and self._has_target(arrived.ticket):
                # Orders on the first strike fill at once; on all others they work.
                self.day = Day.FILLED if _fills(arrived.ticket) else Day.WORKING
                with suppress(Rejected):
                    self._carry_out(arrived.ticket)

    def _arrive(self, ticket: Ticket) -> None:
        part = self._receive(ticket)
        refused = self.outcome in _REFUSED or not self._would_act(ticket)
        part.rename(self._name("refused" if refused else "whole"))

    def _receive(self, ticket: Ticket) -> Path:
        """Read a request from the wire, in two pieces."""
        at = self.clock.now() + timedelta(seconds=_LATE_S.get(self.outcome, 0))
        request, part = pickle.dumps(Arrived(ticket, at, self.outcome)), self._name("part")
        with part.open("wb", buffering=0) as wire:
            wire.write(request[:_HALF])
            self.reach("after the first byte")
            wire.write(request[_HALF:])
        return part

    def _would_act(self, ticket: Ticket) -> bool:
        """Whether there is something for the ticket to act on, as the books show by now."""
        self.read()
        return self._has_target(ticket)

    def _has_target(self, ticket: Ticket) -> bool:
        if isinstance(ticket, PlaceTicket | GroupTicket):
            return True
        wanted = ticket.broker_order_id
        return any(o.broker_order_id == wanted and o.state.is_open for o in self.placed)

    def _answer(self, ticket: Ticket) -> tuple[BrokerOrder, ...]:
        if self.outcome is Outcome.RESET:
            raise ConnectionResetError
        if self.outcome in _SILENT:
            raise OutcomeUnknown(ticket.client_order_id)
        self.read()
        if orders := tuple(order for order in self.placed if self._is_of(order, ticket)):
            return orders
        raise Rejected(Reason.BROKER_REJECTED, code="margin_check_failed")

    def _is_of(self, order: BrokerOrder, ticket: Ticket) -> bool:
        if self.outcome is Outcome.REJECTED:
            return False
        if isinstance(ticket, CancelTicket):
            return order.broker_order_id == ticket.broker_order_id and not order.state.is_open
        if isinstance(ticket, GroupTicket):
            return order.client_order_id in ticket.member_ids
        return order.client_order_id == ticket.client_order_id

    def _name(self, ending: str) -> Path:
        number = len(list(self.folder.iterdir()))
        return self.folder / f"{number:06d}-{os.getpid()}.{ending}"


def a_venue(folder: Path, clock: StoppedClock, outcome: Outcome) -> FolderVenue:
    """Return the venue whose books are in `folder`; a dozen calls are quoted there."""
    venue = FolderVenue(
        clock=clock, quoted={parse_symbol(call): ("1.10", "1.20") for call in CALLS}
    )
    venue.moor(folder, outcome, lambda _point: None)
    return venue


def arrivals(folder: Path) -> list[Arrived]:
    """Return every request that was taken, in the order in which they show."""
    named = [(path.name, pickle.loads(path.read_bytes())) for path in folder.glob("*.whole")]  # noqa: S301 -- our own file
    return [arrived for _, arrived in sorted(named, key=lambda item: (item[1].at, item[0]))]


def placed_by(folder: Path) -> list[BrokerOrder]:
    """Return every order that came of them, once all have shown."""
    clock = StoppedClock(NOON + timedelta(days=365))
    venue = a_venue(folder, clock, Outcome.ACCEPTED)
    venue.read()
    return venue.placed


def _fills(ticket: Ticket) -> bool:
    if not isinstance(ticket, PlaceTicket | GroupTicket):
        return False
    first = ticket.group.orders[0] if isinstance(ticket, GroupTicket) else ticket.order
    return first.legs[0].symbol.compact == parse_symbol(CALLS[0]).compact
