"""What the owner is shown: one text, that says all of the order and nothing that others wrote."""

import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from strikedesk.domain.accounts import Environment
from strikedesk.domain.ledger import PreviewRecord, TicketKind
from strikedesk.domain.orders import (
    Action,
    Leg,
    OrderRequest,
    OrderType,
    TimeInForce,
    read_canonical,
)
from strikedesk.domain.symbols import parse_symbol
from strikedesk.orders.binding import binding_of
from strikedesk.orders.wording import digest_of, short_name, words_of
from tests.builders import NOON, a_leg, a_preview, an_order

EXPIRES = NOON + timedelta(seconds=300)
LEG = re.compile(r"Leg \d: ([A-Z ]+) (\d+) (?:contract|share)s? .* \[([A-Z0-9.]+)\]")
SHOWN: dict[str, Any] = {
    "cash_effect": "-120.00",
    "max_loss": "120.00",
    "risk_added": "120.00",
    "fees": "1.12",
    "buying_power_before": "100000",
    "buying_power_after": "99880",
    "quote_age_s": "0.52",
}

STRIKES = st.integers(1, 9).map(lambda n: f"AAPL261218C00{n}00000")
OPTIONS = [Action.BUY_TO_OPEN, Action.SELL_TO_OPEN, Action.BUY_TO_CLOSE, Action.SELL_TO_CLOSE]
LEGS = st.builds(a_leg, STRIKES, st.sampled_from(OPTIONS), st.integers(1, 500))
NETS = st.decimals("-99", "99", places=4)
# Whatever may come out of a broker, or out of a file that somebody wrote into.
TEXTS = st.text(max_size=60)


@st.composite
def orders(draw: st.DrawFn) -> OrderRequest:
    legs = draw(st.lists(LEGS, min_size=1, max_size=4, unique_by=lambda leg: leg.symbol))
    order = an_order(*legs, account_id=draw(st.sampled_from(["PAPER0001", "OTHER0001"])))
    return replace(
        order,
        limit_net=draw(NETS),
        time_in_force=draw(st.sampled_from([TimeInForce.DAY, TimeInForce.GTC])),
    )


def test_a_person_reads_that_an_order_may_trade_outside_regular_hours() -> None:
    """Who agrees to it in the evening should not think that it waits for the morning."""
    day, late = (
        replace(an_order(a_leg("AAPL", Action.BUY, 10), net="200"), time_in_force=force)
        for force in (TimeInForce.DAY, TimeInForce.GTC_EXT)
    )

    told = [words_of(a_preview(order=order), EXPIRES) for order in (day, late)]

    assert "Good: day\n" in told[0]
    assert "Good: gtc_ext, MAY TRADE OUTSIDE REGULAR HOURS: 07:00 to 20:00 in New York\n" in told[1]


@st.composite
def previews(draw: st.DrawFn) -> PreviewRecord:
    """A preview of any order, in any account, for any purpose; ids are as they happen to be."""
    order = draw(orders())
    told: dict[str, Any] = {
        "order": order,
        "account_id": order.account_id,
        "kind": draw(st.sampled_from(TicketKind)),
        "environment": draw(st.sampled_from(Environment)),
        "target_order_id": draw(st.sampled_from([None, "id-1", "id-2"])),
        "account_handle": draw(st.sampled_from(["paper-margin", "paper-cash"])),
    }
    return replace(a_preview(**told), shown=SHOWN)


def test_it_says_everything_in_our_words() -> None:
    """A person who reads nothing else has to know what they agree to."""
    preview = replace(a_preview(), shown=SHOWN)

    assert words_of(preview, EXPIRES) == "\n".join(
        [
            "PAPER: PLACE this order",
            f"Name: {short_name(preview.record)}",
            "Broker: paper",
            "Account: paper-margin (number ends in 0001)",
            "Leg 1: BUY TO OPEN 1 contract AAPL 2026-12-18 200 call [AAPL261218C00200000]",
            "Price: limit, 1.20 debit net per share of one unit",
            "Units: 1",
            "Good: day",
            "Cash effect: -120.00 USD",
            "Max loss: 120.00 USD",
            "Risk added to what is held: 120.00 USD",
            "Fees: 1.12 USD",
            "Buying power: 100000.00 USD before, 99880.00 USD after",
            "Quotes: 0.5 s old at the preview",
            "Expires: 2026-11-20 16:05:00 UTC",
        ]
    )


def test_what_is_unknown_or_unbounded_is_said() -> None:
    preview = replace(a_preview(), shown={"max_loss": "unlimited", "fees": None})

    text = words_of(preview, EXPIRES)

    assert "Max loss: undefined" in text
    assert "Fees: unknown" in text
    assert "Quotes: of unknown age at the preview" in text


def test_an_amount_that_no_order_comes_to_is_unknown() -> None:
    """A row that somebody spoilt must not keep the owner from seeing the rest of it."""
    shown = {**SHOWN, "cash_effect": "1" + "0" * 26, "fees": "1" + "0" * 15}

    text = words_of(replace(a_preview(), shown=shown), EXPIRES)

    assert "Cash effect: unknown" in text
    assert "Fees: 1000000000000000.00 USD" in text


def test_a_cancel_names_the_order_it_takes_back() -> None:
    told: dict[str, Any] = {
        "kind": TicketKind.CANCEL,
        "target_order_id": "id-7",
        "environment": Environment.LIVE,
    }
    text = words_of(a_preview(**told), EXPIRES)

    assert text.startswith("LIVE: CANCEL this working order\n")
    assert "\nActs on order: id-7\n" in text
    assert "Max loss" not in text


def test_a_stop_and_a_day_are_said() -> None:
    order = replace(
        an_order(a_leg(action=Action.SELL_TO_CLOSE), net=None),
        order_type=OrderType.STOP,
        stop_trigger=Decimal("0.5"),
        time_in_force=TimeInForce.GTD,
        gtd_date=NOON.date(),
    )

    text = words_of(a_preview(order=order), EXPIRES)

    assert "\nPrice: stop, stop at 0.50, without a limit\n" in text
    assert "\nGood: gtd until 2026-11-20\n" in text


@given(previews(), previews())
def test_two_different_orders_never_share_a_text(one: PreviewRecord, other: PreviewRecord) -> None:
    """Else a person who agreed to one would have agreed to the other."""
    same = binding_of(one.record) == binding_of(other.record)
    handles = one.record.account_handle == other.record.account_handle

    assert (words_of(one, EXPIRES) == words_of(other, EXPIRES)) == (same and handles)


@given(previews())
def test_the_order_can_be_read_back_from_its_text(preview: PreviewRecord) -> None:
    """What is shown is what is sent: side, quantity and contract of every leg."""
    text = words_of(preview, EXPIRES)

    read = {
        Leg(
            symbol=parse_symbol(symbol),
            action=Action(action.lower().replace(" ", "_")),
            quantity=int(quantity),
        )
        for action, quantity, symbol in LEG.findall(text)
    }

    assert read == set(preview.record.order.legs)


@given(previews())
def test_a_row_that_was_read_back_says_the_same_bytes(preview: PreviewRecord) -> None:
    """Every path reads the ledger for itself; the owner compares what they say."""
    stored = read_canonical(preview.record.order.canonical)
    again = replace(preview, record=replace(preview.record, order=stored))

    assert digest_of(words_of(again, EXPIRES)) == digest_of(words_of(preview, EXPIRES))


@given(TEXTS, TEXTS, TEXTS, TEXTS, st.dictionaries(st.sampled_from([*SHOWN]), TEXTS))
def test_no_text_of_others_can_change_what_is_read(
    account_id: str, handle: str, broker: str, target: str, shown: dict[str, str]
) -> None:
    """No line of theirs, no letter that looks like another, nothing that turns a line around."""
    told: dict[str, Any] = {
        "account_id": account_id,
        "account_handle": handle,
        "broker": broker,
        "target_order_id": target,
    }
    preview = replace(a_preview(**told), shown=shown)

    lines = words_of(preview, EXPIRES).split("\n")

    assert all(line.isascii() and line.isprintable() for line in lines)
    assert [line for line in lines if LEG.match(line)] == [
        "Leg 1: BUY TO OPEN 1 contract AAPL 2026-12-18 200 call [AAPL261218C00200000]"
    ]
    assert [line.partition(":")[0] for line in lines] == [
        "PAPER",
        "Name",
        "Broker",
        "Account",
        "Acts on order",
        "Leg 1",
        "Price",
        "Units",
        "Good",
        "Cash effect",
        "Max loss",
        "Risk added to what is held",
        "Fees",
        "Buying power",
        "Quotes",
        "Expires",
    ]
