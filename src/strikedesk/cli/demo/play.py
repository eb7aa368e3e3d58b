"""The steps of the demo: each does one thing, checks what came of it, and returns what to show."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, TypeAlias

import anyio

from strikedesk.cli.demo.answer import Answer, must
from strikedesk.cli.demo.caller import Caller
from strikedesk.cli.demo.spread import Spread, choose_expiration, choose_spread
from strikedesk.domain.money import CENT

SHARES: Final = 100
ROWS_SHOWN: Final = 6
FRESH_S: Final = 30
LOOKS: Final = 20
LOOK_EVERY_S: Final = 0.5
CHAIN_COLUMNS: Final = ["symbol", "right", "strike", "bid", "ask", "iv", "delta", "open_interest"]

Shown: TypeAlias = list[Answer] | Answer | str
Step: TypeAlias = tuple[str, Callable[[], Awaitable[Shown]]]


@dataclass(slots=True, kw_only=True)
class Play:
    """What was learnt on the way."""

    caller: Caller
    underlying: str
    feed: str
    account: str = ""
    expiration: str = ""
    cash_before: Decimal = Decimal(0)
    spread: Spread = field(init=False)
    preview: Answer = field(init=False)
    order: Answer = field(init=False)

    def first_steps(self) -> list[Step]:
        """Return the steps in order, each with what a person would call it."""
        return [
            ("Connect", self.connect),
            ("Which accounts are there?", self.accounts),
            (f"What does {self.underlying} cost?", self.quote),
            ("Which expirations are listed?", self.expirations),
            ("The option chain, around the money", self.chain),
            ("Preview a vertical: nothing is sent", self.preview_order),
            ("Confirm it with the nonce", self.confirm),
            ("Filled, and on record", self.on_record),
            ("The position", self.positions),
            ("What is left", self.balances),
            ("Confirm again: the same answer, and nothing is sent", self.repeat),
            ("A nonce of one's own making opens nothing", self.forge),
        ]

    def second_steps(self, caller: Caller) -> list[Step]:
        """Return what a server started anew is asked."""
        self.caller = caller
        return [("Another server, the same desk: confirm once more", self.repeat)]

    async def connect(self) -> Shown:
        """The server answers, and shows its tools."""
        tools = await self.caller.tools()
        must(tools > 0, "the server shows no tools")
        return f"MCP {self.caller.protocol}, {tools} tools"

    async def accounts(self) -> Shown:
        """A paper account, and nothing but paper."""
        rows = (await self.caller.call("list_accounts")).rows()
        must(bool(rows), "there is no account")
        must(all(row.text("environment") == "paper" for row in rows), "not every account is paper")
        must(all(row.flag("simulated") for row in rows), "not every account is simulated")
        self.account = rows[0].text("account")
        balances = await self.caller.call("get_balances", account=self.account)
        self.cash_before = balances.number("cash")
        return rows

    async def quote(self) -> Shown:
        """A price, labelled as what it is."""
        (row,) = (await self.caller.call("get_quotes", symbols=[self.underlying])).rows()
        must(row.text("feed") == self.feed, f"the quote is labelled {row.text('feed')}")
        must(row.number("last") > 0, "there is no price")
        return [row.only("symbol", "bid", "ask", "last", "volume", "age_s", "feed")]

    async def expirations(self) -> Shown:
        """One is chosen, some weeks away."""
        answer = await self.caller.call("list_expirations", underlying=self.underlying)
        rows = answer.rows()
        must(bool(rows), "nothing is listed")
        self.expiration = choose_expiration(rows)
        return rows[:ROWS_SHOWN]

    async def chain(self) -> Shown:
        """A page of it, and how much more there is."""
        page = await self.caller.call(
            "get_option_chain",
            underlying=self.underlying,
            expirations=[self.expiration],
            right="call",
            strikes_each_side=5,
            columns=CHAIN_COLUMNS,
        )
        must(page.number("total") >= page.number("returned") > 0, "the page is empty")
        rows = page.rows()
        ages = await self.caller.call("get_quotes", symbols=[row.text("symbol") for row in rows])
        fresh = {row.text("symbol") for row in ages.rows() if row.number("age_s") <= FRESH_S}
        choice = [row for row in rows if row.text("symbol") in fresh]
        self.spread = choose_spread(choice, page.number("spot"))
        return rows

    async def preview_order(self) -> Shown:
        """Every figure is there, every check has passed, and a nonce was minted."""
        self.preview = await self._preview(self.spread.price)
        checks = self.preview.inner("checks")
        ended = [checks.inner(name).content.get("outcome") for name in checks.content]
        must(bool(ended) and "failed" not in ended, "a check did not pass")
        must(bool(self.preview.text("nonce")), "there is no nonce")
        figures = self.preview.inner("figures")
        must(figures.number("max_loss") == self.spread.price * SHARES, "the loss is not the debit")
        best = (self.spread.width - self.spread.price) * SHARES
        must(figures.number("max_profit") == best, "the profit is not the width less the debit")
        must(await self._orders() == 0, "the preview sent something")
        return self.preview

    async def confirm(self) -> Shown:
        """It leaves through the one door."""
        self.order = await self._confirm()
        must(self.order.text("environment") == "paper", "the order did not go to paper")
        return self.order

    async def on_record(self) -> Shown:
        """The intent was written down before the send, and the fill after it."""
        order = await self._settled()
        must(order.text("state") == "filled", f"the order is {order.text('state')}")
        kinds = [line.text("kind") for line in order.items("history")]
        must(kinds.index("submitting") < len(kinds) - 1, "the send came before the record")
        return order.items("history")

    async def positions(self) -> Shown:
        """One long, one short."""
        rows = (await self.caller.call("list_positions", account=self.account)).rows()
        held = {row.text("symbol"): row.number("quantity") for row in rows}
        must(held == {self.spread.long: 1, self.spread.short: -1}, f"the account holds {held}")
        return [
            row.only("symbol", "quantity", "average_price", "mark", "open_profit") for row in rows
        ]

    async def balances(self) -> Shown:
        """Cash fell by what was paid, with the fees, to the cent."""
        balances = await self.caller.call("get_balances", account=self.account)
        order = await self.caller.call("get_order", order_id=self.order.text("order_id"))
        paid = order.inner("average").number("price") * SHARES + order.number("fees")
        must(
            paid <= self.spread.price * SHARES + order.number("fees"), "it cost more than its limit"
        )
        spent = self.cash_before - balances.number("cash")
        must(spent == paid, f"cash fell by {spent}, and {paid} was paid")
        return balances

    async def repeat(self) -> Shown:
        """What a client does whose answer was lost."""
        again = await self._confirm()
        must(again.text("order_id") == self.order.text("order_id"), "it is another order")
        must(again.text("state") == "filled", f"the order is {again.text('state')}")
        must(await self._orders() == 1, "a second order was sent")
        return again.only("state", "order_id", "client_order_id", "filled", "of")

    async def forge(self) -> Shown:
        """Without the nonce of a preview nothing leaves, and the preview is void."""
        # The same order once more would be denied as a duplicate: a cent makes it another.
        fresh = await self._preview(self.spread.price + CENT)
        forged = {"preview_id": fresh.text("preview_id"), "nonce": "A" * len(fresh.text("nonce"))}
        words = await self.caller.refused("confirm_order", **forged)
        must(await self._orders() == 1, "a second order was sent")
        return words

    async def _settled(self) -> Answer:
        """Look again for a while, as a person would: the market moves under a limit."""
        order = await self._recorded()
        for _ in range(LOOKS):
            if order.text("state") not in {"submitted", "working"}:
                break
            await anyio.sleep(LOOK_EVERY_S)
            order = await self._recorded()
        return order

    async def _recorded(self) -> Answer:
        return await self.caller.call("get_order", order_id=self.order.text("order_id"))

    async def _preview(self, price: Decimal) -> Answer:
        return await self.caller.call(
            "preview_order",
            account=self.account,
            legs=self.spread.legs,
            price=str(price),
            price_effect="debit",
        )

    async def _confirm(self) -> Answer:
        return await self.caller.call(
            "confirm_order",
            preview_id=self.preview.text("preview_id"),
            nonce=self.preview.text("nonce"),
        )

    async def _orders(self) -> Decimal:
        return (await self.caller.call("list_orders", account=self.account)).number("total")
