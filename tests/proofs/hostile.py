"""A broker that says secrets back wherever it can put words, and breaks with them on its lips."""

import random
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final, TypeVar

from strikedesk.brokers.streams import Hub
from strikedesk.domain.accounts import (
    Account,
    AccountKind,
    Balances,
    Environment,
    OptionLevel,
    Position,
    Transaction,
    TransactionKind,
)
from strikedesk.domain.broking import BrokerOrder, Lookup, Preflight, Receipt, Ticket
from strikedesk.domain.errors import Denied, Misconfigured, OutcomeUnknown, Rejected, Unavailable
from strikedesk.domain.ports import TransactionPage
from strikedesk.domain.quotes import Quote, SymbolInfo
from strikedesk.domain.reasons import Reason
from strikedesk.domain.secret import Secret
from strikedesk.domain.symbols import Symbol, parse_symbol
from tests.fakes.broker import Day, ScriptedBroker
from tests.proofs.canaries import Canaries, spelled

Answer = TypeVar("Answer")

HANDLE: Final = "theirs"
CALL: Final = "AAPL261218C00200000"
QUOTED: Final[Mapping[str, tuple[str, str]]] = {
    "AAPL": ("199.90", "200.10"),
    CALL: ("1.10", "1.20"),
}
# One call in so many breaks; one text in so many is ten megabytes.
BREAKS_ONE_IN: Final = 5
HUGE_ONE_IN: Final = 4_000
HUGE: Final = 10_000_000
FRAMES: Final = (
    "{}",
    "rejected by desk 7: {} (ref 12)",
    "Authorization: Bearer {}",
    "Set-Cookie: session={}; Path=/; HttpOnly",
    'WWW-Authenticate: Bearer realm="{}"',
    '{{"{}": {{"token": 1}}}}',
    "https://me:{}@broker.example/oauth?refresh_token={}",
    "<system>{}</system>",
    "\x1b[31m{}\u202e",
    f"{'it is a long story, ' * 9}{{}}",
    f"{'x' * 150}{{}}",
    f"{'x' * 192}{{}}",
    "{} {}",
)


@dataclass(slots=True)
class HostileBroker(ScriptedBroker):
    """Holds its credentials as an adapter must, and echoes them as none should."""

    canaries: Canaries = field(kw_only=True)
    chance: random.Random = field(kw_only=True)
    echoed: tuple[str, ...] = field(kw_only=True)
    secrets: tuple[Secret, ...] = ()

    def __post_init__(self) -> None:
        ScriptedBroker.__post_init__(self)
        theirs = self.canaries
        self.secrets = tuple(
            map(Secret, (theirs.client_secret, theirs.refresh_token, theirs.access_token))
        )
        self.account = Account(
            account_id=theirs.account_number,
            handle=HANDLE,
            nickname="",
            kind=AccountKind.MARGIN,
            environment=Environment.PAPER,
            simulated=False,
            option_level=OptionLevel.NAKED,
            frozen=False,
            closing_only=False,
        )
        self.held = {parse_symbol(CALL): 3}

    def words(self) -> str:
        """Return a text with one secret or two in it, spelled in any way."""
        frame = self.chance.choice(FRAMES)
        text = frame.format(self._secret(), self._secret())
        if self.chance.randrange(HUGE_ONE_IN):
            return text
        return f"{text} " * (HUGE // (len(text) + 1))

    def _secret(self) -> str:
        return spelled(self.chance.choice(self.echoed), self.chance)

    def _or_breaks(self, answer: Callable[[], Answer]) -> Answer:
        if not self.chance.randrange(BREAKS_ONE_IN):
            raise self.chance.choice(TROUBLES)(self.words())
        return answer()

    async def accounts(self) -> tuple[Account, ...]:
        return (replace(self.account, nickname=self.words()),)

    async def balances(self, account_id: str) -> Balances:
        told = Balances(account_id=account_id, as_of=self.now(), cash=Decimal(100_000))
        return self._or_breaks(lambda: told)

    async def positions(self, account_id: str) -> tuple[Position, ...]:
        held = await ScriptedBroker.positions(self, account_id)
        return self._or_breaks(lambda: held)

    async def transactions(
        self, account_id: str, *, start: date | None, end: date | None, limit: int, offset: int
    ) -> TransactionPage:
        rows = tuple(self._transaction(account_id, number) for number in range(3))
        return self._or_breaks(lambda: TransactionPage(rows=rows, total=len(rows)))

    def _transaction(self, account_id: str, number: int) -> Transaction:
        return Transaction(
            transaction_id=f"{number}",
            account_id=account_id,
            at=self.now() - timedelta(hours=number),
            kind=self.chance.choice([*TransactionKind]),
            description=self.words(),
            cash_effect=Decimal("-1.00"),
            order_id=self.words(),
        )

    async def quotes(self, symbols: Collection[Symbol]) -> Mapping[Symbol, Quote]:
        told = await ScriptedBroker.quotes(self, symbols)
        return told if self.chance.randrange(4) else self._or_breaks(lambda: told)

    async def _tell_quotes(self, hub: Hub[Symbol, Symbol, Quote]) -> None:
        """Tell one round, and break in the middle of the stream."""
        for symbol, quote in (await ScriptedBroker.quotes(self, hub.wanted)).items():
            hub.publish(symbol, symbol, quote)
        raise self.chance.choice(TROUBLES)(self.words())

    async def search(self, text: str, limit: int) -> tuple[SymbolInfo, ...]:
        return self._or_breaks(lambda: tuple(self._found() for _ in range(min(limit, 3))))

    def _found(self) -> SymbolInfo:
        return SymbolInfo(
            symbol=parse_symbol("AAPL"), description=self.words(), kind="equity", has_options=True
        )

    async def orders(
        self, account_id: str, *, since: datetime | None = None
    ) -> tuple[BrokerOrder, ...]:
        return self._or_breaks(lambda: tuple(map(self._noted, reversed(self.placed))))

    async def order(self, account_id: str, broker_order_id: str) -> BrokerOrder:
        told = await ScriptedBroker.order(self, account_id, broker_order_id)
        return self._or_breaks(lambda: self._noted(told))

    async def find(self, account_id: str, client_order_id: str) -> Lookup:
        told = await ScriptedBroker.find(self, account_id, client_order_id)
        noted = told.broker_order and self._noted(told.broker_order)
        return self._or_breaks(lambda: replace(told, broker_order=noted))

    async def preflight(self, ticket: Ticket) -> Preflight:
        told = await ScriptedBroker.preflight(self, ticket)
        refusals = (self.words(),) if not self.chance.randrange(8) else ()
        warned = replace(told, warnings=(self.words(), self.words()), refusals=refusals)
        return warned if self.chance.randrange(4) else self._or_breaks(lambda: warned)

    async def submit(self, ticket: Ticket) -> Receipt:
        if not self.chance.randrange(BREAKS_ONE_IN):
            raise Rejected(Reason.BROKER_REJECTED, code=self.words())
        self.day = self.chance.choice((Day.FILLED, Day.WORKING, Day.WORKING))
        receipt = await ScriptedBroker.submit(self, ticket)
        noted = replace(receipt, broker_order=self._noted(receipt.broker_order))
        return self._or_breaks(lambda: noted)

    def _noted(self, order: BrokerOrder) -> BrokerOrder:
        """Return an order with words in every place for some."""
        return replace(order, message=self.words(), reject_code=self.words())


def _chained(words: str) -> Exception:
    error = RuntimeError(words)
    error.__cause__ = ValueError(words)
    error.add_note(words)
    return error


TROUBLES: Final[tuple[Callable[[str], Exception], ...]] = (
    RuntimeError,
    KeyError,
    TimeoutError,
    ConnectionResetError,
    _chained,
    lambda words: OSError(5, words, words),
    lambda words: UnicodeDecodeError("utf-8", words.encode(), 0, 1, words),
    lambda words: ExceptionGroup(words, [ValueError(words), OSError(words)]),
    lambda words: ValueError({words: [words]}),
    lambda words: Rejected(Reason.BROKER_REJECTED, code=words),
    # What the desk's own errors say beside a code is ours by law: they only interrupt.
    lambda _: Unavailable(Reason.BROKER_UNAVAILABLE),
    lambda _: Denied(Reason.INVALID_ARGUMENT, argument="account"),
    lambda _: Misconfigured(Reason.VAULT_KEY_MISSING, place="a keyring"),
    lambda _: OutcomeUnknown("a-client-order-id"),
)
