"""`strikedesk sandbox` as a process of its own, its fault panel, and what its books say.

The books are read as any client reads them, and not by the adapter that is judged by them.
"""

import re
import sys
import time
from collections import Counter
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from subprocess import PIPE, Popen
from typing import Any, Final

import httpx2

from strikedesk.domain.groups import whole_id
from strikedesk.sandbox.access import CLIENT_SECRET
from tests.patience import PATIENCE_S, patience
from tests.proofs.parent import Books, Placed

COMMAND: Final = (sys.executable, "-m", "strikedesk", "sandbox", "--port", "0")
STANDING: Final = ("--control-port", "0", "--clock", "frozen:2026-11-20T16:00:00Z")
NUMBER: Final = "5WS00001"
_SINCE: Final = "2026-01-01"
_PER_PAGE: Final = 200
_QUIET_LOOKS: Final = 2
_START_S: Final = 60.0
_NAMED: Final = re.compile(r"  (REST and OAuth|refresh token|fault panel) +(\S+)")
_TOLD_AS: Final[Mapping[str, frozenset[str]]] = {
    "Live": frozenset({"working", "partially_filled"}),
    "Contingent": frozenset({"submitted", "working"}),
    "Received": frozenset({"submitted", "working"}),
    "Filled": frozenset({"filled"}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """A sandbox that answers, and its two ports. `rest` shows an access token of its own."""

    address: str
    refresh_token: str
    rest: httpx2.Client
    control: httpx2.Client

    def arm(self, **mishap: Any) -> None:
        """Let the next act about an order meet a mishap; a rehearsal meets none."""
        for method, path in (("POST", "orders"), ("PUT", "orders/*"), ("DELETE", "orders/*")):
            told = {**mishap, "method": method, "path": f"/accounts/*/*{path}"}
            self.control.post("/faults", json=told).raise_for_status()

    def disarm(self, *, struck_too: bool) -> None:
        """Take mishaps off, of those that struck only where wanted; what was held goes on."""
        for mishap in self._state()["faults"]:
            if struck_too or not mishap["struck"]:
                self.control.delete(f"/faults/{mishap['number']}").raise_for_status()

    def settle(self, *, held: int = 0) -> None:
        """Wait until nothing is under way any more but what a mishap holds.

        One look is not enough: it may come before a request that arrived just before.
        """
        until, quiet = time.monotonic() + PATIENCE_S, 0
        while quiet < _QUIET_LOOKS:
            assert time.monotonic() < until, "the sandbox does not come to rest"
            quiet = quiet + 1 if self._state()["under_way"] <= held else 0

    def books(self, after: int) -> Books:
        """Return the orders with a number above this one."""
        told = [order for order in self._orders() if order["id"] > after]
        placed = [
            Placed(
                client_order_id=order.get("external-identifier"),
                broker_order_id=str(order["id"]),
                told_as=_told_as(order),
            )
            for order in told
        ]
        times, taken = Counter(map(_sent_as, told)), Counter[str]()
        for (whole, _), count in times.items():
            taken[whole] = max(taken[whole], count)
        return Books(placed, taken)

    def last_number(self) -> int:
        """Return the highest number of an order, 0 where there is none."""
        return max((order["id"] for order in self._orders()), default=0)

    def clear_away(self, after: int) -> None:
        """Take back what still works, so that what it binds is free again."""
        for order in self._orders():
            if order["id"] > after and order["cancellable"]:
                self.rest.delete(f"/accounts/{NUMBER}/orders/{order['id']}")

    def _orders(self) -> list[dict[str, Any]]:
        found, page = list[dict[str, Any]](), 0
        while True:
            asked = {"start-date": _SINCE, "per-page": _PER_PAGE, "page-offset": page}
            answer = self.rest.get(f"/accounts/{NUMBER}/orders", params=asked)
            answer.raise_for_status()
            items = answer.json()["data"]["items"]
            found, page = found + items, page + 1
            if len(items) < _PER_PAGE:
                return found

    def _state(self) -> dict[str, Any]:
        return self.control.get("/faults").raise_for_status().json()


@contextmanager
def a_sandbox() -> Generator[Sandbox]:
    """Start one whose market stands still; it is gone afterwards."""
    with Popen([*COMMAND, *STANDING], stdout=PIPE) as process:
        try:
            said = _announced(process)
            address, panel = said["REST and OAuth"], said["fault panel"].removesuffix("/faults")
            token = said["refresh token"]
            with (
                httpx2.Client(base_url=address, trust_env=False) as rest,
                httpx2.Client(base_url=panel, trust_env=False) as control,
            ):
                rest.headers["Authorization"] = f"Bearer {_access(rest, token)}"
                yield Sandbox(address=address, refresh_token=token, rest=rest, control=control)
        finally:
            process.kill()


def _announced(process: "Popen[bytes]") -> dict[str, str]:
    """Return what it says of itself, by name, once it listens."""
    assert process.stdout is not None
    said, line = dict[str, str](), b"."
    with patience(process, _START_S):
        while line and b"Ctrl-C" not in line:
            line = process.stdout.readline()
            if found := _NAMED.match(line.decode()):
                said[found[1]] = found[2]
    return said


def _access(rest: httpx2.Client, refresh_token: str) -> str:
    body = {
        "grant_type": "refresh_token",
        "refresh_token": refresh_token,
        "client_secret": CLIENT_SECRET,
    }
    return str(rest.post("/oauth/token", json=body).raise_for_status().json()["access_token"])


def _told_as(order: Mapping[str, Any]) -> frozenset[str]:
    if order["status"] == "Cancelled":
        return frozenset({"replaced" if "replacing-order-id" in order else "cancelled"})
    return _TOLD_AS.get(order["status"], frozenset({order["status"].lower()}))


def _sent_as(order: Mapping[str, Any]) -> tuple[str, str]:
    """Return the id that an order was sent under, the group's where it is of one, and its own."""
    own = str(order.get("external-identifier"))
    return (whole_id(own) if "complex-order-id" in order else own), own
