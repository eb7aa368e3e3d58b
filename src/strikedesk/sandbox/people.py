"""Customers and accounts: who the user is, and what the accounts may do."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from strikedesk.domain.account_kinds import AccountKind, OptionLevel
from strikedesk.domain.ledger import Json
from strikedesk.domain.orders import QUANTITY_MAX
from strikedesk.exchange.accounts import PaperAccount
from strikedesk.exchange.gate import CONTRACTS_MAX
from strikedesk.exchange.rules import SHARES_MAX
from strikedesk.sandbox.refusal import Refusal
from strikedesk.sandbox.wire import decimal, instant, many, one
from strikedesk.sandbox.world import SandboxWorld

ME: Final = "me"
TYPE_NAMES: Final = {
    AccountKind.MARGIN: "Individual",
    AccountKind.CASH: "Individual",
    AccountKind.IRA: "Roth IRA",
}
LEVEL_NAMES: Final = {
    OptionLevel.NAKED: "No Restrictions",
    OptionLevel.SPREADS: "Covered And Cash Secured And Spreads",
    OptionLevel.LONG: "Covered And Cash Secured And Long",
    OptionLevel.COVERED: "Covered And Cash Secured",
    OptionLevel.NONE: "No Options",
}
MARGIN_NAMES: Final = {
    AccountKind.MARGIN: "Reg T",
    AccountKind.CASH: "Cash",
    AccountKind.IRA: "IRA Margin",
}
_ADDRESS: Final[dict[str, Json]] = {
    "street-one": "1 Sandbox Street",
    "city": "Chicago",
    "state-region": "IL",
    "postal-code": "60601",
    "country": "USA",
    "is-domestic": True,
    "is-foreign": False,
}


@dataclass(frozen=True, slots=True)
class PeopleRoutes:
    """One customer, who is nobody, and the accounts."""

    world: SandboxWorld

    def routes(self) -> list[Route]:
        """Return them."""
        return [
            Route("/sessions/validate", self.validated, methods=["POST"]),
            Route("/customers/{customer}", self.customer),
            Route("/customers/{customer}/accounts", self.accounts),
            Route("/customers/{customer}/accounts/{number}", self.account),
            Route("/accounts/{number}/trading-status", self.trading_status),
            Route("/accounts/{number}/position-limit", self.position_limit),
        ]

    async def validated(self, request: Request) -> Response:
        """Say that the token is good: who came this far has one."""
        return one(request, {"email": "person@sandbox.invalid", "username": "sandbox"}, 201)

    async def customer(self, request: Request) -> Response:
        """Tell who the user is."""
        check_customer(request)
        snapshot = await self.world.office.keeper.snapshot()
        return one(request, _customer(snapshot.world.frame.opened_at))

    async def accounts(self, request: Request) -> Response:
        """Tell the accounts, and that they are the user's own."""
        check_customer(request)
        seen = await self.world.office.keeper.snapshot()
        opened_at = seen.world.frame.opened_at
        accounts = [seen.world.accounts[number] for number in sorted(seen.world.accounts)]
        return many(
            request,
            [
                {"account": _account(account, opened_at), "authority-level": "owner"}
                for account in accounts
            ],
        )

    async def account(self, request: Request) -> Response:
        """Tell one account, without the wrapping that the list has."""
        check_customer(request)
        world, account, _ = await self.world.account(request.path_params["number"])
        return one(request, _account(account, world.frame.opened_at))

    async def trading_status(self, request: Request) -> Response:
        """Tell what an account may do."""
        _, account, at = await self.world.account(request.path_params["number"])
        balances = await self.world.broker.balances(account.account_id)
        return one(request, _status(account, at, in_call=balances.in_margin_call is True))

    async def position_limit(self, request: Request) -> Response:
        """Tell how much may be ordered at once."""
        _, account, _ = await self.world.account(request.path_params["number"])
        return one(request, _limits(account))


def check_customer(request: Request) -> None:
    """Refuse any customer but the one.

    Raises:
        Refusal: 403.
    """
    if request.path_params["customer"] != ME:
        raise Refusal.not_permitted()


def _customer(opened_at: datetime) -> dict[str, Json]:
    return {
        "id": ME,
        "first-name": "Sandbox",
        "last-name": "Person",
        "address": _ADDRESS,
        "mailing-address": _ADDRESS,
        "is-foreign": False,
        "usa-citizenship-type": "Citizen",
        "citizenship-country": "USA",
        "mobile-phone-number": "+13125550100",
        "birth-date": "1990-01-01",
        "email": "person@sandbox.invalid",
        "tax-number-type": "SSN",
        "subject-to-tax-withholding": False,
        "agreed-to-margining": True,
        "agreed-to-terms": True,
        "has-industry-affiliation": False,
        "has-listed-affiliation": False,
        "has-political-affiliation": False,
        "has-delayed-quotes": False,
        "has-pending-or-approved-application": True,
        "is-professional": False,
        "permitted-account-types": [
            {
                "name": "Individual",
                "description": "Individual taxable account, simulated",
                "is_tax_advantaged": False,
                "is_publicly_available": True,
                "has_multiple_owners": False,
                "margin_types": [
                    {"name": "Reg T", "is_margin": True},
                    {"name": "Cash", "is_margin": False},
                ],
            }
        ],
        "created-at": instant(opened_at),
    }


def _account(account: PaperAccount, opened_at: datetime) -> dict[str, Json]:
    return {
        "account-number": account.account_id,
        "account-type-name": TYPE_NAMES[account.kind],
        "created-at": instant(opened_at),
        "opened-at": instant(opened_at),
        "nickname": account.nickname,
        "day-trader-status": False,
        "investment-objective": "SPECULATION",
        "is-closed": False,
        "is-firm-error": False,
        "is-firm-proprietary": False,
        "is-foreign": False,
        "is-futures-approved": False,
        "is-test-drive": True,
        "margin-or-cash": "Cash" if account.kind is AccountKind.CASH else "Margin",
        "suitable-options-level": LEVEL_NAMES[account.level],
    }


def _status(account: PaperAccount, at: datetime, *, in_call: bool) -> dict[str, Json]:
    no = dict.fromkeys(
        (
            "is-aggregated-at-clearing",
            "is-closed",
            "is-closing-only",
            "is-cryptocurrency-enabled",
            "is-cryptocurrency-closing-only",
            "is-frozen",
            "is-full-equity-margin-required",
            "is-futures-closing-only",
            "is-futures-enabled",
            "is-futures-intra-day-enabled",
            "is-small-notional-futures-intra-day-enabled",
            "is-in-day-trade-equity-maintenance-call",
            "is-pattern-day-trader",
            "is-portfolio-margin-enabled",
            "is-risk-reducing-only",
            "is-roll-the-day-forward-enabled",
            "are-far-otm-net-options-restricted",
            "is-equity-offering-enabled",
            "is-equity-offering-closing-only",
        ),
        False,
    )
    return {
        "id": int(account.account_id[-5:]),
        "account-number": account.account_id,
        "equities-margin-calculation-type": MARGIN_NAMES[account.kind],
        "fee-schedule-name": "default",
        "futures-margin-rate-multiplier": decimal(0),
        "small-notional-futures-margin-rate-multiplier": decimal(0),
        "has-intraday-equities-margin": account.intraday,
        **no,
        "is-in-margin-call": in_call,
        "options-level": LEVEL_NAMES[account.level],
        "short-calls-enabled": account.level is OptionLevel.NAKED,
        "day-trade-count": 0,
        "updated-at": instant(at),
    }


def _limits(account: PaperAccount) -> dict[str, Json]:
    return {
        "id": int(account.account_id[-5:]),
        "account-number": account.account_id,
        "equity-order-size": SHARES_MAX,
        "equity-position-size": QUANTITY_MAX,
        "equity-option-order-size": CONTRACTS_MAX,
        "equity-option-position-size": QUANTITY_MAX,
        "future-order-size": 0,
        "future-position-size": 0,
        "future-option-order-size": 0,
        "future-option-position-size": 0,
        "underlying-opening-order-limit": QUANTITY_MAX,
    }
