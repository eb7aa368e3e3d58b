"""The margin dry run: what an underlying requires as it stands, and with an order beside it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from strikedesk.domain.calendar import EXCHANGE_ZONE
from strikedesk.domain.ledger import Json
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Symbol
from strikedesk.exchange import power
from strikedesk.exchange.accounts import NOTHING, PaperAccount, multiplier_of
from strikedesk.exchange.assess import counted
from strikedesk.exchange.power import Claim
from strikedesk.exchange.screen import Screen
from strikedesk.exchange.world import World
from strikedesk.sandbox.door import body_of
from strikedesk.sandbox.margin import entries_of
from strikedesk.sandbox.notes import number_of
from strikedesk.sandbox.orders.acts import note_of
from strikedesk.sandbox.orders.judging import Judged, judge
from strikedesk.sandbox.orders.reading import Document, Wanted, read_document, read_order
from strikedesk.sandbox.orders.routes import CREATED
from strikedesk.sandbox.orders.telling import ACTION_NAMES, told_dry
from strikedesk.sandbox.people import MARGIN_NAMES
from strikedesk.sandbox.refusal import Refusal
from strikedesk.sandbox.spelling import EQUITY, instrument_type, wire_symbol
from strikedesk.sandbox.wire import decimal, known, maybe, one, signed
from strikedesk.sandbox.world import SandboxWorld

_ORDER_ID: Final = "dry-run-0"
_VALUES: Final = ("long-equity", "short-equity", "long-derivative", "short-derivative")


@dataclass(frozen=True, slots=True)
class MarginDryRun:
    """One order's effect on what its underlying requires; nothing is kept."""

    world: SandboxWorld

    def routes(self) -> list[Route]:
        """Return them."""
        return [Route("/margin/accounts/{number}/dry-run", self.dry_run, methods=["POST"])]

    async def dry_run(self, request: Request) -> Response:
        """Tell the underlying as it stands, with the order, and what changes by it."""
        number = request.path_params["number"]
        document = read_document(await body_of(request))
        _check_named(document, "account-number", number)
        wanted = read_order(document)
        judged = await judge(self.world, number, wanted)
        _check_named(document, "underlying-symbol", judged.request.underlying.replace(".", "/"))
        world, account, at = await self.world.account(number)
        results = _results(world, account, judged, at)
        return one(request, {"orders": [_told(judged, wanted)], **results}, CREATED)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Underlying:
    """An underlying's holdings, what they claim, and the cash that came or went for them."""

    holdings: dict[Symbol, int]
    claim: Claim
    cash: Decimal
    working: Decimal
    order_ids: tuple[str, ...]

    def told(self, ticker: str, account: PaperAccount, screen: Screen, at: datetime) -> Json:
        claim = self.claim
        return known(
            {
                "code": ticker,
                "description": ticker,
                "entity-count": len(self.holdings) + len(self.order_ids),
                "underlying-symbol": ticker,
                "underlying-type": EQUITY,
                "underlying-price": maybe(screen.mark(EquitySymbol(ticker.replace("/", ".")))),
                **signed("margin-requirement", -claim.initial),
                **signed("maintenance-requirement", -claim.maintenance),
                **signed("buying-power-impact", self.cash - claim.on_cash),
                **signed("base-margin-requirement", -claim.initial),
                "margin-calculation-type": MARGIN_NAMES[account.kind],
                **signed("cash-adjustment", self.cash),
                **signed("working-margin", -self.working),
                **signed("position-margin", -claim.initial),
                **signed("position-equity-adjustment", claim.worth),
                **_values(self.holdings, screen),
                "group-results": [self._group(screen)] if self.holdings else [],
                "order-ids": [*self.order_ids],
                "calculated-at": at.astimezone(EXCHANGE_ZONE).isoformat(timespec="milliseconds"),
                "marks": known({wire_symbol(s): maybe(screen.mark(s)) for s in self.holdings}),
            }
        )

    def _group(self, screen: Screen) -> Json:
        """Return all that is held as one group: which stands behind which is not told here."""
        return {
            "group": {
                "margin-strategy": "POSITIONS",
                "position-entries": entries_of(self.holdings),
            },
            "margin": decimal(self.claim.initial),
            **signed("maintenance-requirement", -self.claim.maintenance),
            "net-liq-result": _values(self.holdings, screen),
        }


def _results(world: World, account: PaperAccount, judged: Judged, at: datetime) -> dict[str, Json]:
    """Return the results, and what changes as the order's own dry run has it."""
    found, request = judged.found, judged.request
    rivals = world.orders.weighing(account.account_id, request.underlying)
    around = power.holdings_around(account, rivals, counted(found.parts, found.deal), request.units)
    both = around.before, around.after
    claims = [power.claim_of(held, account, found.screen) or Claim() for held in both]
    cash = claims[1].on_cash - claims[0].on_cash - (found.consumes or NOTHING)
    ids, working = _at_work(world, account, request.underlying)
    ticker = request.underlying.replace(".", "/")
    told = [
        _Underlying(
            holdings={symbol: count for symbol, count in held.items() if count},
            claim=claim,
            cash=moved,
            working=working,
            order_ids=order_ids,
        ).told(ticker, account, found.screen, at)
        for held, claim, moved, order_ids in (
            (around.before, claims[0], NOTHING, ids),
            (around.after, claims[1], cash, (*ids, _ORDER_ID)),
        )
    ]
    return {
        "last-results": told[0],
        "base-results": told[0],
        "new-order-results": told[1],
        **_changes(judged),
        "order-ids": [_ORDER_ID],
    }


def _changes(judged: Judged) -> dict[str, Json]:
    """Return what changes, as the dry run of an order tells it; the impact has no name here."""
    told = judged.effect()
    return {name: told[name] for name in told if name not in {"impact", "effect"}}


def _at_work(
    world: World, account: PaperAccount, underlying: str
) -> tuple[tuple[str, ...], Decimal]:
    """Return the numbers of an underlying's working orders, and what they hold back together."""
    orders = [o for o in world.orders_of(account.account_id) if o.request.underlying == underlying]
    slots: dict[str, Decimal] = {}
    for order in orders:
        slot = order.slot or order.order_id
        slots[slot] = max(slots.get(slot, NOTHING), order.reserved_left)
    return tuple(str(number_of(o.order_id)) for o in orders), sum(slots.values(), NOTHING)


def _values(holdings: dict[Symbol, int], screen: Screen) -> dict[str, Json]:
    sums: dict[str, Decimal] = dict.fromkeys(_VALUES, NOTHING)
    for symbol, count in holdings.items():
        kind = "derivative" if isinstance(symbol, OptionSymbol) else "equity"
        worth = (screen.mark(symbol) or NOTHING) * abs(count) * multiplier_of(symbol)
        sums[f"{'long' if count > 0 else 'short'}-{kind}"] += worth
    return {f"{name}-value": decimal(amount) for name, amount in sums.items()}


def _told(judged: Judged, wanted: Wanted) -> dict[str, Json]:
    """Return the order as this service writes it: its numbers are texts, and nothing is left."""
    return {
        **told_dry(judged.request, note_of(wanted)),
        "id": _ORDER_ID,
        "size": "0",
        "cancellable": False,
        "editable": False,
        "legs": [
            {
                "instrument-type": instrument_type(leg.symbol),
                "symbol": wire_symbol(leg.symbol),
                "action": ACTION_NAMES[leg.action],
                **({} if judged.request.by_value else {"quantity": str(leg.quantity)}),
                "remaining-quantity": "0",
            }
            for leg in judged.request.legs
        ],
    }


def _check_named(document: Document, name: str, expected: str) -> None:
    """Refuse a body that names another account or underlying than it is about.

    Raises:
        Refusal: 400.
    """
    if document.get(name) != expected:
        raise Refusal.of_parameter(name, f"is required, and is {expected} here")
