"""What a client asks of a desk whose broker is hostile: everything, and in no good order."""

import json
import random
import string
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Protocol, TypeAlias

from tests.proofs.canaries import Canaries, spelled
from tests.proofs.ears import Tally
from tests.proofs.hostile import CALL, HANDLE

Facts: TypeAlias = Mapping[str, Any]
Ask: TypeAlias = Callable[["Caller"], Awaitable[object]]

CONFIRMED_OF: Final = 0.6
MINE: Final = {"account": HANDLE}


class Door(Protocol):
    """A way to send one message and hear the answer to it."""

    async def ask(self, method: str, params: Facts) -> dict[str, Any]:
        """Return the whole answer to a request."""
        ...

    async def throw(self, message: bytes) -> None:
        """Say something that is no request of ours; it is answered or not."""
        ...


class Caller:
    """A client that repeats secrets too, where a person could have told it one."""

    def __init__(self, door: Door, canaries: Canaries, chance: random.Random, tally: Tally) -> None:
        self.door, self.chance, self.tally = door, chance, tally
        self.canaries = canaries
        self.orders: list[str] = ["none"]
        self.used: list[dict[str, str]] = []

    async def act(self) -> None:
        """Do one thing."""
        await self.chance.choice(DEEDS)(self)

    def word(self) -> str:
        return a_word(self.canaries, self.chance)

    def letters(self) -> str:
        """Return what was hardly looked for before."""
        return "".join(self.chance.choices(string.ascii_uppercase, k=4))

    async def call(self, tool: str, arguments: Facts) -> dict[str, Any]:
        """Return what a program reads of a tool's answer, empty for a refusal."""
        answer = await self.door.ask("tools/call", {"name": tool, "arguments": arguments})
        result = answer.get("result", {})
        return {} if result.get("isError", True) else result.get("structuredContent") or {}

    async def order(self) -> None:
        """Preview something, and mostly confirm it."""
        tool, arguments = self.chance.choice(PREVIEWS)(self)
        shown = await self.call(tool, arguments)
        if "nonce" not in shown:
            return
        self.tally.nonces.append(shown["nonce"].encode())
        word = {name: shown[name] for name in ("preview_id", "nonce")}
        if self.chance.random() < CONFIRMED_OF:
            await self.confirm(word)
        else:
            await self.call("confirm_order", word | {"code": "12345678"})

    async def confirm(self, word: dict[str, str]) -> None:
        told = await self.call("confirm_order", word)
        self.used.append(word)
        if "order_id" in told:
            self.orders.append(told["order_id"])

    async def confirm_badly(self) -> None:
        """Confirm what was confirmed, another's preview, or with a nonce where none belongs."""
        if len(self.used) < 2:
            return
        one, other = self.chance.sample(self.used, 2)
        bad: Facts = self.chance.choice(
            (
                one,
                {"preview_id": one["preview_id"], "nonce": other["nonce"]},
                {"preview_id": one["preview_id"], "nonce": [one["nonce"]]},
                {"preview_id": one["preview_id"], "nonce": one["nonce"], one["nonce"]: 1},
                {"preview_id": one["preview_id"], "nonce": one["nonce"] * 40},
            )
        )
        await self.call("confirm_order", bad)

    async def garble(self) -> None:
        """Say what is no message, with a secret in it."""
        await self.door.throw(
            b'{"jsonrpc":"2.0","id":%s,"method":7}' % json.dumps(self.word()).encode()
        )


def a_word(canaries: Canaries, chance: random.Random) -> str:
    """Return a secret that every process knows, spelled in any way."""
    known = (canaries.client_secret, canaries.access_token, canaries.vault_key)
    return spelled(chance.choice(known), chance)


def _tool(name: str, **arguments: Any) -> Ask:
    return lambda caller: caller.call(name, arguments)


def _of_order(tool: str) -> Ask:
    return lambda caller: caller.call(tool, {"order_id": caller.chance.choice(caller.orders)})


def _said(method: str, **params: Any) -> Ask:
    """Ask with a secret in the place of `?`."""
    return lambda caller: caller.door.ask(
        method, {name: caller.word() if said == "?" else said for name, said in params.items()}
    )


def _leg(action: str, quantity: int = 1) -> dict[str, Any]:
    return {"symbol": CALL, "action": action, "quantity": quantity}


def _bought(caller: Caller) -> tuple[str, Facts]:
    price = {"price": "1.20", "price_effect": "debit"}
    return "preview_order", {**MINE, "legs": [_leg("buy_to_open")], **price}


def _closed(caller: Caller) -> tuple[str, Facts]:
    return "preview_close", {**MINE, "symbols": [CALL], "quantity": 1}


def _replaced(caller: Caller) -> tuple[str, Facts]:
    return "preview_replace", {"order_id": caller.chance.choice(caller.orders), "price": "1.15"}


def _cancelled(caller: Caller) -> tuple[str, Facts]:
    return "preview_cancel", {"order_id": caller.chance.choice(caller.orders)}


PREVIEWS: Final = (_bought, _bought, _closed, _replaced, _cancelled)


def _search(words: Callable[[Caller], str]) -> Ask:
    return lambda caller: caller.call("search_symbols", {"query": words(caller)[:60]})


def _misnamed(caller: Caller) -> Awaitable[object]:
    return caller.call("get_quotes", {"symbols": [caller.word()], caller.word(): 1})


READS: Final[tuple[Ask, ...]] = (
    *(_tool("list_accounts"),) * 6,
    *(_tool("get_balances", **MINE),) * 4,
    *(_tool("list_positions", **MINE),) * 4,
    *(_tool("list_transactions", **MINE),) * 6,
    *(_search(Caller.letters),) * 6,
    *(_tool("get_quotes", symbols=["AAPL", CALL]),) * 3,
    _tool("get_option_chain", underlying="AAPL"),
    _tool("list_expirations", underlying="AAPL"),
    _tool("get_market_hours"),
    _tool("get_volatility", underlying="AAPL"),
    _tool("analyze_strategy", legs=[_leg("buy_to_open")]),
    _tool("list_orders", **MINE),
    _tool("get_safety_status"),
    _tool("list_watchlists"),
    *(_of_order("get_order"),) * 4,
)
ECHOES: Final[tuple[Ask, ...]] = (
    Caller.garble,
    _search(Caller.word),
    lambda caller: caller.call("get_balances", {"account": caller.word()}),
    lambda caller: caller.call(caller.word(), {}),
    _misnamed,
    _said("prompts/get", name="?"),
    _said("resources/read", uri="?"),
    _said("no/such/method", word="?"),
    lambda caller: caller.door.ask(f"no/{caller.word()}", {}),
    _said("tools/list"),
)
DEEDS: Final[tuple[Ask, ...]] = (*READS, *(Caller.order,) * 4, Caller.confirm_badly, *ECHOES)
