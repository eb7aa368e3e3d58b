"""A conversation with the account streamer: what is said, in which order, and what is believed."""

import asyncio
import json
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.brokers.streams import Hub, Mailbox
from strikedesk.brokers.tastytrade.news.notices import Message, Subject
from strikedesk.brokers.tastytrade.news.orders import Teller
from strikedesk.brokers.tastytrade.news.talk import AccountTalk
from strikedesk.brokers.tastytrade.patience import Endurance
from strikedesk.domain.broking import BrokerOrder
from strikedesk.domain.errors import Misconfigured, Unavailable
from strikedesk.domain.orders import Action, Leg, OrderRequest, OrderType
from strikedesk.domain.reasons import Reason
from strikedesk.domain.secret import Secret
from strikedesk.domain.states import OrderState
from strikedesk.domain.symbols import EquitySymbol
from tests.builders import NOON

ACCOUNT = "tt-1"
NUMBERS = [Secret("5WX00001"), Secret("5WX00002")]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda deeper: st.lists(deeper, max_size=3) | st.dictionaries(st.text(max_size=6), deeper),
    max_leaves=10,
)


class Side:
    """Our side of the conversation, and what it was told."""

    def __init__(self) -> None:
        self.notices = list[Message]()
        self.talk = AccountTalk(
            numbers=NUMBERS, token=Secret("token-of-the-moment"), heard=self.notices.append
        )

    def hear(self, message: object) -> None:
        assert self.talk.hear(json.dumps(message).encode(), NOON) == ()

    def let_in(self) -> None:
        self.talk.begin()
        self.hear({"status": "ok", "action": "connect", "value": ["5WX00001"], "request-id": 1})


def read(texts: Any) -> list[dict[str, Any]]:
    return [json.loads(text) for text in texts]


def test_the_first_word_names_the_accounts_and_shows_the_token() -> None:
    """And it comes before any heartbeat, which would be refused."""
    side = Side()
    assert side.talk.alive() == ()
    (first,) = read(side.talk.begin())

    assert first.pop("source").startswith("strikedesk/")
    assert first == {
        "action": "connect",
        "auth-token": "Bearer token-of-the-moment",
        "request-id": 1,
        "value": ["5WX00001", "5WX00002"],
    }


def test_a_heartbeat_shows_the_token_of_its_moment() -> None:
    """Access tokens live for a quarter of an hour, the connection for a day."""
    side = Side()
    side.let_in()
    side.talk.token = Secret("token-of-later-on")
    (beat,) = read(side.talk.alive())

    assert (side.talk.ready, side.talk.over) == (True, False)
    assert (beat["action"], beat["auth-token"]) == ("heartbeat", "Bearer token-of-later-on")
    assert beat["request-id"] == 2
    assert "value" not in beat


@pytest.mark.parametrize("action", ["connect", "heartbeat", "anything"])
def test_a_refusal_ends_the_conversation(action: str) -> None:
    side = Side()
    side.hear({"status": "error", "action": action, "message": "prose"})

    assert (side.talk.over, side.talk.refused, side.talk.ready) == (True, True, False)


def test_notices_are_handed_on_once_we_are_let_in() -> None:
    side = Side()
    order = {"type": "Order", "data": {"id": 7, "status": "Live", "price": "2"}, "timestamp": 1}
    side.hear(order)
    assert side.notices == []
    side.let_in()
    side.hear(order)

    (notice,) = side.notices
    (told,) = notice.orders()
    assert (notice.subject, told.id, told.status, told.price) == (Subject.ORDER, "7", "Live", 2)


def test_a_group_is_told_with_its_trigger_and_its_orders() -> None:
    side = Side()
    side.let_in()
    group = {"id": 1, "trigger-order": {"id": 1}, "orders": [{"id": 2}, {"id": "3"}]}
    side.hear({"type": "ComplexOrder", "data": group})

    assert [told.id for told in side.notices[0].orders()] == ["1", "2", "3"]


@pytest.mark.parametrize(
    "message",
    [
        {"type": "Order", "data": "prose"},
        {"type": "Order"},
        {"type": "Order", "data": {"legs": "prose"}},
        {"type": "ComplexOrder", "data": []},
        {"type": "AccountBalance", "data": {"cash-balance": "1.0"}},
        {"type": "UnheardOf", "data": {"id": 1}},
    ],
)
def test_what_tells_no_order_tells_none(message: object) -> None:
    """New kinds of notices come without a warning, and none may end the conversation."""
    side = Side()
    side.let_in()
    side.hear(message)

    assert [each.orders() for each in side.notices] == [()]
    assert not side.talk.over


@given(
    st.lists(
        st.binary(max_size=30)
        | JSON.map(json.dumps).map(str.encode)
        | st.fixed_dictionaries({}, optional=dict.fromkeys(("status", "type", "data"), JSON))
        .map(json.dumps)
        .map(str.encode)
    )
)
def test_no_message_raises_and_nothing_is_answered_to_one(messages: list[bytes]) -> None:
    side = Side()
    side.let_in()
    for message in [*messages, b"[" * 50_000]:
        assert side.talk.hear(message, NOON) == ()
    for notice in side.notices:
        notice.orders()


@pytest.mark.parametrize(
    ("subject", "data", "whose"),
    [
        (Subject.BALANCE, b'{"account-number":"5WX00001","cash-balance":"1.0"}', "5WX00001"),
        (Subject.POSITION, b'{"account-number":"5WX00002","quantity":0}', "5WX00002"),
        (Subject.BALANCE, b'{"account-number":7}', ""),
        (Subject.POSITION, b"[]", ""),
        (Subject.ORDER, b'{"account-number":"5WX00001"}', None),
    ],
)
def test_a_notice_of_money_or_holdings_says_whose_moved(
    subject: Subject, data: bytes, whose: str | None
) -> None:
    """One that cannot be read counts for every account: what may be old is not kept."""
    assert Message(type=subject.value, data=msgspec.Raw(data)).moved() == whose


async def test_an_order_is_told_in_no_older_state_and_again_to_who_comes() -> None:
    """Two notices of one millisecond come in any order; a reader takes another's place at once."""
    told = Hub[str, str, BrokerOrder](_forever)
    teller = Teller(hub=told)
    working = an_order(OrderState.WORKING)
    async with told.reader((ACCOUNT,)) as orders:
        for order in (working, an_order(OrderState.SUBMITTED), working):
            teller.tell(ACCOUNT, order)
        assert await anext(orders) == working
    async with told.reader((ACCOUNT,)) as orders:
        teller.again()
        assert await anext(orders) == working
        over = an_order(OrderState.CANCELLED)
        teller.tell(ACCOUNT, over)
        for _ in range(2):
            teller.tell(ACCOUNT, over)
            teller.again()
        assert await anext(orders) == over
        assert len(cast("Mailbox[str, BrokerOrder]", orders)) == 0


async def _forever(_: object) -> None:
    await asyncio.Event().wait()


def an_order(state: OrderState) -> BrokerOrder:
    leg = Leg(symbol=EquitySymbol("SPY"), action=Action.BUY_TO_OPEN, quantity=1)
    order = OrderRequest(account_id=ACCOUNT, legs=(leg,), order_type=OrderType.MARKET)
    return BrokerOrder(
        broker_order_id="7",
        client_order_id="mine",
        order=order,
        state=state,
        filled_units=0,
        updated_at=NOON,
    )


def test_trouble_is_borne_for_a_while_and_not_where_the_owner_has_to_act() -> None:
    """A gap of seconds is nobody's news; a link that ended does not come back by waiting."""
    endurance, trouble = Endurance(within_s=10), Unavailable(Reason.BROKER_UNAVAILABLE)
    endurance.bear(trouble, 0)
    endurance.bear(trouble, 9.9)
    endurance.bear(None, 10)
    endurance.bear(trouble, 11)
    with pytest.raises(Unavailable):
        endurance.bear(trouble, 21)
    with pytest.raises(Misconfigured) as ended:
        Endurance(within_s=10).bear(Misconfigured(Reason.BROKER_LINK_ENDED), 0)

    assert ended.value.reason is Reason.BROKER_LINK_ENDED
