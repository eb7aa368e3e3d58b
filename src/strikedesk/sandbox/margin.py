"""Margin: what an account's positions require, underlying by underlying, and the rates."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from strikedesk.domain.ledger import Json
from strikedesk.domain.symbols import Symbol
from strikedesk.exchange import power
from strikedesk.exchange.accounts import NOTHING, PaperAccount
from strikedesk.exchange.screen import Screen
from strikedesk.sandbox.people import LEVEL_NAMES, MARGIN_NAMES
from strikedesk.sandbox.spelling import instrument_type, read_underlying, wire_symbol
from strikedesk.sandbox.wire import decimal, epoch_ms, maybe, one, signed
from strikedesk.sandbox.world import SandboxWorld


@dataclass(frozen=True, slots=True)
class MarginRoutes:
    """Requirements and rates."""

    world: SandboxWorld

    def routes(self) -> list[Route]:
        """Return them."""
        return [
            Route("/margin/accounts/{number}/requirements", self.requirements),
            Route("/accounts/{number}/margin-requirements/{symbol}/effective", self.effective),
        ]

    async def requirements(self, request: Request) -> Response:
        """Tell the whole, and a group for each underlying that is held."""
        _, account, at = await self.world.account(request.path_params["number"])
        balances = await self.world.broker.balances(account.account_id)
        needed = account.priced
        screen = await self.world.office.venue.screen(needed, at)
        groups = _groups(account, screen)
        initial = sum((claim for _, claim, _, _ in groups), NOTHING)
        kept = sum((claim for _, _, claim, _ in groups), NOTHING)
        free = balances.option_buying_power or NOTHING
        return one(
            request,
            {
                "account-number": account.account_id,
                "description": "Total",
                "margin-calculation-type": MARGIN_NAMES[account.kind],
                "option-level": LEVEL_NAMES[account.level],
                **signed("margin-requirement", -initial),
                **signed("maintenance-requirement", -kept),
                **signed("margin-equity", balances.net_liquidation or NOTHING),
                **signed("option-buying-power", free),
                **signed("reg-t-margin-requirement", -initial),
                **signed("reg-t-option-buying-power", free),
                **signed("maintenance-excess", balances.maintenance_excess or NOTHING),
                "groups": [
                    _told(account, underlying, first, then, held)
                    for underlying, first, then, held in groups
                ],
                "last-state-timestamp": epoch_ms(at),
            },
        )

    async def effective(self, request: Request) -> Response:
        """Tell the rates that an underlying's positions are reckoned with in this account."""
        _, account, _ = await self.world.account(request.path_params["number"])
        symbol = read_underlying(request.path_params["symbol"])
        rates = await self.world.broker.margin_rates(account.account_id, symbol)
        return one(
            request,
            {
                "underlying-symbol": wire_symbol(symbol),
                "long-equity-initial": maybe(rates.long_initial),
                "long-equity-maintenance": maybe(rates.long_maintenance),
                "short-equity-initial": maybe(rates.short_initial),
                "short-equity-maintenance": maybe(rates.short_maintenance),
                "naked-option-standard": maybe(rates.naked_standard),
                "naked-option-minimum": maybe(rates.naked_minimum),
                "naked-option-floor": maybe(rates.naked_floor),
            },
        )


def entries_of(holdings: Mapping[Symbol, int]) -> list[Json]:
    """Return what is held as an entry for each symbol, + long."""
    return [
        {
            "instrument-symbol": wire_symbol(symbol),
            "instrument-type": instrument_type(symbol),
            "quantity": decimal(quantity),
            "close-price": decimal(0),
            "fixing-price": "NaN",
        }
        for symbol, quantity in holdings.items()
    ]


def _groups(
    account: PaperAccount, screen: Screen
) -> list[tuple[str, Decimal, Decimal, dict[Symbol, int]]]:
    """Return the claims of each underlying; where a price is missing, none is told."""
    held: defaultdict[str, dict[Symbol, int]] = defaultdict(dict)
    for symbol, quantity in account.quantities.items():
        held[symbol.underlying][symbol] = quantity
    found: list[tuple[str, Decimal, Decimal, dict[Symbol, int]]] = []
    for underlying, holdings in sorted(held.items()):
        claim = power.claim_of(holdings, account, screen)
        if claim is not None:
            found.append((underlying, claim.initial, claim.maintenance, holdings))
    return found


def _told(
    account: PaperAccount,
    underlying: str,
    initial: Decimal,
    kept: Decimal,
    holdings: dict[Symbol, int],
) -> dict[str, Json]:
    figures: dict[str, Json] = {
        **signed("margin-requirement", -initial),
        **signed("maintenance-requirement", -kept),
        **signed("buying-power", -initial),
    }
    return {
        "description": underlying,
        "code": underlying,
        "underlying-symbol": underlying,
        "underlying-type": "Equity",
        "margin-calculation-type": MARGIN_NAMES[account.kind],
        **figures,
        "groups": [
            {"description": "POSITIONS", **figures, "position-entries": entries_of(holdings)}
        ],
    }
