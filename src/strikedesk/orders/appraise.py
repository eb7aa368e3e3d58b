"""Looks at an order in the light of the market and the book: figures, then the limits' verdict."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

from strikedesk.domain.accounts import Account
from strikedesk.domain.broking import Preflight, Survey, Ticket
from strikedesk.domain.codes import plain_code
from strikedesk.domain.errors import Denied
from strikedesk.domain.groups import OrderGroup
from strikedesk.domain.ledger import OrderRecord
from strikedesk.domain.orders import Leg, OrderRequest
from strikedesk.domain.ports import Broker, Clock, Ledger, Quotes
from strikedesk.domain.quotes import Quote
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import Symbol
from strikedesk.domain.usage import Allowance, Filled, Likeness, Used, Window
from strikedesk.domain.value_class import value_class
from strikedesk.orders.by_value import weighed as weighed_by_value
from strikedesk.orders.draft import rest_of
from strikedesk.orders.evidence import Evidence
from strikedesk.orders.exposure import Deltas, deltas_of, excess_of
from strikedesk.orders.figures import Figures, figures_of
from strikedesk.orders.groups import group_in
from strikedesk.orders.submit import SEND_WITHIN
from strikedesk.orders.surroundings import Surroundings, surroundings_of
from strikedesk.orders.tickets import ticket_of
from strikedesk.orders.together import surroundings_in, weighed
from strikedesk.risk.facts import use_of
from strikedesk.risk.limits import Limits
from strikedesk.risk.verdict import Check, assess, deny_beyond


@value_class
class Appraisal:
    """Figures, the checks that were made of them, and what the broker says beforehand.

    They are those of the units that are still to be filled: `filled_before` of the order's are
    not, where it replaces one that got so far. `allowance` is what confirming has to ask for. Of a
    group they are those of its first order, which tells the risk of all; `beside` are the others'.
    """

    figures: Figures
    checks: tuple[Check, ...]
    preflight: Preflight
    allowance: Allowance
    filled_before: int = 0
    beside: tuple[Figures, ...] = ()

    @property
    def each(self) -> tuple[Figures, ...]:
        """The figures of every order that is looked at."""
        return (self.figures, *self.beside)


@dataclass(frozen=True, slots=True, kw_only=True)
class Appraiser:
    """Prices an order on fresh quotes, beside what the account holds, under the owner's limits."""

    broker: Broker
    quotes: Quotes
    ledger: Ledger
    clock: Clock
    limits: Callable[[], Limits]

    async def __call__(
        self, record: OrderRecord, others: Sequence[OrderRecord] = (), *, claiming: bool = False
    ) -> Appraisal:
        """Return the figures and the verdict; a missing fact shows as a failed check.

        `others` are those that leave with it as a group. Who is `claiming` hands the allowance to
        the claim, which counts what others used itself: a count of now would be an old one there.

        Raises:
            Denied: QUOTE_MISSING, when nobody quotes a leg at all, or what of it is not listed;
                CLOSE_EXCEEDS_POSITION, when a closing leg has nothing to close; ORDER_NOT_WORKING
                and INVALID_QUANTITY, when there is nothing to replace any more; ACCOUNT_UNKNOWN;
                what stands in the way of an order by value.
            Unavailable: the broker cannot be asked.
        """
        order, limits = record.order, self.limits()
        window = window_of(self.clock, record, limits, others)
        ticket = ticket_of(record, others)
        legs = [leg for each in (record, *others) for leg in each.order.legs]
        used = await self._used(window, claiming=claiming)
        quotes, seen = await self._asked({leg.symbol for leg in legs}, ticket)
        account, now = _account_in(seen, record), self.broker.now()
        around = surroundings_of(seen, replaces=record.target_broker_order_id)
        await self._check_quoted(legs, quotes)
        if record.group_id is not None:
            met = _Met(quotes, around, account, seen.preflight, used, now)
            return await self._together(group_in(record, others), met, limits, window)
        filled = around.replaced.filled_units if around.replaced else 0
        if around.replaced and filled:
            # The row of what it replaces may not have heard of its fills yet.
            window = replace(window, filled=Filled(filled, around.replaced.order.units))
            used = await self._used(window, claiming=claiming)
        rest = rest_of(order, filled)
        counted, around = weighed_by_value(rest, quotes, around, seen.fractions, now)
        around.check_closes(counted)
        books = around.books(rest.underlying)
        evidence = Evidence(
            order=rest,
            counted=counted,
            figures=figures_of(rest, quotes, books, now, counted=counted),
            around=around,
            account=account,
            preflight=seen.preflight,
            used=used,
            now=now,
            deltas=await self._deltas(counted, around, limits),
            excess=await self._excess(record.account_id, limits),
        )
        return _appraised(evidence, limits, window, filled)

    async def _asked(
        self, symbols: set[Symbol], ticket: Ticket
    ) -> tuple[Mapping[Symbol, Quote], Survey]:
        """Ask the market and the broker, both at once where there is somebody to wait for."""
        if not self.broker.capabilities.embedded:
            return await asyncio.gather(self.quotes.fresh(symbols), self.broker.survey(ticket))
        seen = await self.broker.survey(ticket)
        return await self.quotes.fresh(symbols), seen

    async def _check_quoted(self, legs: Sequence[Leg], quotes: Mapping[Symbol, Quote]) -> None:
        for symbol in (leg.symbol for leg in legs if leg.symbol not in quotes):
            why = await self.quotes.why_unquoted(symbol)
            reason = Reason.QUOTE_MISSING if why is Reason.NO_QUOTE else why
            raise Denied(reason, symbol=symbol.compact)

    async def _used(self, window: Window, *, claiming: bool) -> Used:
        return Used() if claiming else await self.ledger.used(window)

    async def _deltas(self, order: OrderRequest, around: Surroundings, limits: Limits) -> Deltas:
        if limits.net_delta_shares_max is None:
            return Deltas()
        return await deltas_of(self.broker, order, around.held(order.underlying))

    async def _excess(self, account_id: str, limits: Limits) -> Decimal | None:
        if limits.intraday_excess_usd_min is None:
            return None
        return await excess_of(self.broker, account_id)

    async def _together(
        self, group: OrderGroup, met: "_Met", limits: Limits, window: Window
    ) -> Appraisal:
        """Look at each order of a group where it begins to work, then at all of them as one."""
        excess = await self._excess(group.account_id, limits)
        evidence = [
            Evidence(
                order=order,
                counted=order,
                figures=figures_of(order, met.quotes, around.books(order.underlying), met.now),
                around=around,
                account=met.account,
                preflight=met.preflight,
                used=met.used,
                now=met.now,
                deltas=await self._deltas(order, around, limits),
                excess=excess,
            )
            for order, around in zip(group.orders, surroundings_in(group, met.around), strict=True)
        ]
        found = weighed(group, evidence, limits, window)
        return Appraisal(
            figures=found.figures[0],
            checks=found.checks,
            preflight=met.preflight,
            allowance=found.allowance,
            beside=found.figures[1:],
        )


@dataclass(frozen=True, slots=True)
class _Met:
    """What was read once for all orders of a group."""

    quotes: Mapping[Symbol, Quote]
    around: Surroundings
    account: Account
    preflight: Preflight
    used: Used
    now: datetime


def _account_in(seen: Survey, record: OrderRecord) -> Account:
    """Return the account as the broker has it now: it may have been frozen since."""
    if seen.account is None:
        raise Denied(Reason.ACCOUNT_UNKNOWN, account=record.account_handle)
    return seen.account


def window_of(
    clock: Clock, record: OrderRecord, limits: Limits, others: Sequence[OrderRecord] = ()
) -> Window:
    """Return which orders count beside this one, and the others of its group."""
    now = clock.now()
    return Window.at(
        now,
        record.broker,
        record.environment,
        twins_within=timedelta(seconds=limits.duplicate_window_s),
        digest=record.order.digest,
        digests_beside=tuple(other.order.digest for other in others),
        replaces=record.target_order_id,
        like=Likeness(
            account_id=record.account_id,
            underlying=record.order.underlying,
            silent_since=now - SEND_WITHIN,
            ahead_since=now + SEND_WITHIN,
        ),
    )


def _appraised(evidence: Evidence, limits: Limits, window: Window, filled: int) -> Appraisal:
    facts = evidence.facts()
    return Appraisal(
        figures=evidence.figures,
        checks=assess(facts, limits),
        preflight=evidence.preflight,
        allowance=Allowance(
            window=window,
            use=use_of(facts, limits),
            admit=partial(deny_beyond, facts=facts, limits=limits),
            limits=limits.as_told,
        ),
        filled_before=filled,
    )


def deny_lawless(appraisal: Appraisal) -> None:
    """Where a fact is missing, refuse first what the broker has a rule against: that is why.

    Nobody quotes a share of an index, for example, because there is none.

    Raises:
        Denied: as `deny_refused`.
    """
    lawless = "rule" in appraisal.preflight.because
    if lawless and any("missing" in check.facts for check in appraisal.checks):
        deny_refused(appraisal.preflight)


def deny_refused(preflight: Preflight) -> None:
    """Refuse what the broker would refuse.

    Raises:
        Denied: INSUFFICIENT_BUYING_POWER, BROKER_REJECTED.
    """
    if not preflight.refusals:
        return
    if "insufficient_buying_power" in preflight.refusals:
        raise Denied(
            Reason.INSUFFICIENT_BUYING_POWER,
            buying_power=preflight.buying_power_before,
            would_leave=preflight.buying_power_after,
        )
    codes = ", ".join(map(plain_code, preflight.refusals))
    raise Denied(Reason.BROKER_REJECTED, codes=codes, **preflight.because)
