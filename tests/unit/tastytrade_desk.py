"""A broker at tastytrade with one account, on a server of this machine that a test scripts."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from strikedesk.brokers.tastytrade.broker import TastytradeBroker
from strikedesk.brokers.tastytrade.client import Patience
from strikedesk.brokers.tastytrade.orders.encoding import encoded
from strikedesk.brokers.tastytrade.pace import Pace
from strikedesk.brokers.tastytrade.sites import on_this_machine
from strikedesk.domain.ledger import Json
from strikedesk.domain.orders import OrderRequest
from strikedesk.domain.secret import Secret
from tests.fakes.loopback import Heard, Reply, told
from tests.unit.tastytrade_link import Link, a_link

NUMBER = "5WX00001"
ORDERS = f"/accounts/{NUMBER}/orders"
LIVE = f"{ORDERS}/live"
GROUPS = f"/accounts/{NUMBER}/complex-orders"
CHAIN = "/option-chains/AAPL/nested"
OWN = "our-own-id-1"


def listed(*items: Any, **pagination: Any) -> Reply:
    """Return an answer with a list."""
    beside = {name.replace("_", "-"): value for name, value in pagination.items()}
    return told({"data": {"items": list(items)}} | ({"pagination": beside} if beside else {}))


def an_error(status: int, code: str = "some_code") -> Reply:
    """Return a refusal in the broker's form."""
    return told({"error": {"code": code, "message": "Their prose"}}, status=status)


def told_order(order: OrderRequest, **more: Any) -> dict[str, Any]:
    """Return an order as the broker tells it, once it has taken it: at work, nothing filled."""
    body: dict[str, Any] = dict(encoded(order, OWN))
    legs = [leg | {"remaining-quantity": leg.get("quantity"), "fills": []} for leg in body["legs"]]
    plain = {"id": 7, "status": "Live", "size": order.units, "received-at": "2026-11-20T15:00:00Z"}
    dashed = {name.replace("_", "-"): value for name, value in more.items()}
    return body | plain | {"legs": legs} | dashed


def placed(order: OrderRequest, **more: Any) -> Reply:
    """Return the answer to placing an order."""
    return told({"data": {"order": told_order(order, **more)}}, status=201)


def rehearsed(asked: OrderRequest, **beside: Any) -> Reply:
    """Return the answer to a dry run."""
    effect: Json = {
        "change-in-margin-requirement": "300.0",
        "change-in-margin-requirement-effect": "Debit",
        "current-buying-power": "1000000.0",
        "current-buying-power-effect": "Credit",
        "new-buying-power": "999897.698",
        "new-buying-power-effect": "Credit",
    }
    data: dict[str, Any] = {
        "order": told_order(asked, id=None, status="Received"),
        "buying-power-effect": effect,
        "fee-calculation": {"total-fees": "2.302", "total-fees-effect": "Debit"},
        "warnings": [],
    }
    return told({"data": data | beside}, status=201)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The broker, and the far end."""

    link: Link
    broker: TastytradeBroker
    account_id: str = field(default="")

    def answers(self, path: str, *replies: Reply) -> None:
        """Answer a path, or `METHOD /path`."""
        self.link.there.answers(path, *replies)

    def asked(self, path: str) -> list[Heard]:
        """Return the requests for a path, or for `METHOD /path`."""
        return self.link.there.asked(path)

    def body(self, path: str) -> dict[str, Any]:
        """Return the one body that was sent there."""
        (heard,) = self.asked(path)
        return json.loads(heard.body)

    @property
    def acts(self) -> list[str]:
        """What was asked for that changes something at the broker."""
        return [
            heard.named
            for heard in self.link.there.heard
            if heard.method != "GET"
            and not heard.path.endswith("/dry-run")
            and not heard.path.startswith("/oauth")
        ]


@asynccontextmanager
async def a_desk(*, deadline_s: float = 20.0) -> AsyncGenerator[Desk]:
    """Open a broker with one account, whose underlying AAPL has options on the usual steps."""
    async with a_link(deadline_s=deadline_s) as link:
        broker = TastytradeBroker(
            site=on_this_machine(link.there.origin),
            wire=link.wire,
            session=link.session,
            clock=link.clock,
            account_key=Secret("a-key-of-a-test"),
            pace=Pace(scale=1000),
            patience=Patience(attempts=2, first_wait_s=0.001, in_all_s=10),
        )
        own = {"account": {"account-number": NUMBER, "margin-or-cash": "Margin"}}
        link.there.answers("/customers/me/accounts", listed(own | {"authority-level": "owner"}))
        link.there.answers(CHAIN, listed(a_chain()))
        link.there.answers(LIVE, listed())
        link.there.answers(f"GET {ORDERS}", listed())
        (account,) = await broker.accounts()
        yield Desk(link=link, broker=broker, account_id=account.account_id)


def a_chain() -> dict[str, Any]:
    """Return the chain of AAPL: steps of a cent, from three dollars on of five."""
    strikes = [{"strike-price": f"{n}.0", "call": "c", "put": "p"} for n in (190, 200, 210, 220)]
    return {
        "underlying-symbol": "AAPL",
        "root-symbol": "AAPL",
        "option-chain-type": "Standard",
        "shares-per-contract": 100,
        "tick-sizes": [{"threshold": "3.0", "value": "0.01"}, {"value": "0.05"}],
        "expirations": [
            {
                "expiration-date": "2026-12-18",
                "expiration-type": "Regular",
                "settlement-type": "PM",
                "strikes": strikes,
            }
        ],
    }
