"""What is kept of a preview is what was shown: every figure by its name, and every check."""

import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import pytest

from strikedesk.domain.account_kinds import OptionLevel
from strikedesk.domain.broking import Preflight, Ticket
from strikedesk.domain.ledger import Json
from strikedesk.domain.orders import Action, Leg
from strikedesk.domain.payoff import Holding
from strikedesk.domain.symbols import parse_symbol
from strikedesk.orders.binding import binding_of
from strikedesk.orders.level import level_needed
from strikedesk.orders.preview import Preview
from strikedesk.orders.showing import all_checks, digest_of_shown
from strikedesk.orders.wording import order_in_words, short_name
from strikedesk.risk.verdict import Outcome
from tests.builders import a_leg, a_preview, an_order, an_order_record
from tests.fakes.broker import ScriptedBroker
from tests.unit.order_desk import CALL, OrderDesk

HIGHER, PUT, LOWER = "AAPL261218C00210000", "AAPL261218P00190000", "AAPL261218P00180000"


async def kept(orders: OrderDesk, preview: Preview) -> Mapping[str, Json]:
    found = await orders.ledger.preview(preview.record.preview_id)
    assert found is not None
    return found.shown


# What is kept


@pytest.mark.promise("owner-asked")
async def test_every_figure_is_kept_by_its_name(orders: OrderDesk) -> None:
    shown = dict(await kept(orders, await orders.preview()))
    checks, warnings = shown.pop("checks"), shown.pop("warnings")

    assert shown == {
        "limit_net": "1.20",
        "mid_net": "1.15",
        "natural_net": "1.20",
        "cash_effect": "-120.00",
        "max_loss": "120.00",
        "risk_added": "120.00",
        "fees": "1.12",
        "buying_power_before": "100000",
        "buying_power_after": "99000",
        "quote_age_s": "0.0",
    }
    assert warnings == []
    assert isinstance(checks, list)
    assert ["broker_fees", "passed", {"fees": "1.12"}] in checks
    assert ["broker_buying_power", "passed", {"buying_power": "99000.00"}] in checks


async def test_the_trail_has_the_order_and_what_was_shown_of_it(orders: OrderDesk) -> None:
    preview = await orders.preview()
    (line,) = await orders.ledger.events(preview.record.order_id)
    shown = await kept(orders, preview)

    assert {name: told for name, told in line.body.items() if name != "row"} == {
        "order": preview.record.order.canonical,
        "binding": binding_of(preview.record),
        "shown": shown,
        "shown_digest": digest_of_shown(shown),
        "limits": orders.limits.as_told,
    }


def test_what_the_broker_does_not_answer_is_a_check_that_was_not_run() -> None:
    told = Preflight(
        fees=None, buying_power_before=None, buying_power_after=None, margin_change=None
    )

    assert [(each.outcome, each.facts) for each in all_checks((), told)] == [
        (Outcome.NOT_RUN, {"fees": None}),
        (Outcome.NOT_RUN, {"buying_power": None}),
    ]


async def test_what_a_broker_warns_of_is_shown_as_its_own_words(orders: OrderDesk) -> None:
    class Wary(ScriptedBroker):
        async def preflight(self, ticket: Ticket) -> Preflight:
            said = await ScriptedBroker.preflight(self, ticket)
            return replace(said, warnings=("near expiration",))

    orders.broker = Wary(clock=orders.clock, quoted=orders.broker.quoted)
    orders.restart()

    preview = await orders.preview()

    assert preview.untrusted_warnings == ("near expiration",)
    assert "near expiration" not in preview.warnings


# What the owner reads


@pytest.mark.promise("owner-asked")
def test_an_order_is_named_by_the_head_of_its_hash_in_three_groups() -> None:
    record = an_order_record()
    name = short_name(record)

    assert re.fullmatch(r"[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}", name)
    assert binding_of(record).upper().startswith(name.replace("-", ""))


@pytest.mark.parametrize(
    ("leg", "words"),
    [
        (a_leg("AAPL", Action.BUY), "BUY 1 share "),
        (a_leg("AAPL", Action.BUY, 2), "BUY 2 shares "),
        (a_leg(CALL), "BUY TO OPEN 1 contract "),
        (a_leg(CALL, quantity=2), "BUY TO OPEN 2 contracts "),
    ],
)
def test_legs_are_counted_in_what_they_are(leg: Leg, words: str) -> None:
    text = order_in_words(a_preview(order=an_order(leg)))

    assert f"Leg 1: {words}" in text


def test_a_price_is_told_as_finely_as_it_is() -> None:
    for net, told in (("1.2", "1.20 debit"), ("1.255", "1.255 debit"), ("-0.005", "0.005 credit")):
        assert f"limit, {told} net" in order_in_words(a_preview(order=an_order(net=net)))


def test_a_broker_s_name_is_told_without_what_could_be_mistaken() -> None:
    assert "Broker: p?p?r\n" in order_in_words(a_preview(broker="p\u0430p\u0435r"))


# Which level of options it needs


@pytest.mark.parametrize(
    ("legs", "level"),
    [
        ([(CALL, Action.BUY_TO_OPEN)], OptionLevel.LONG),
        ([(PUT, Action.SELL_TO_OPEN)], OptionLevel.COVERED),
        ([(PUT, Action.SELL_TO_OPEN), (LOWER, Action.BUY_TO_OPEN)], OptionLevel.SPREADS),
        ([(HIGHER, Action.SELL_TO_OPEN), (CALL, Action.BUY_TO_OPEN)], OptionLevel.SPREADS),
        ([(CALL, Action.SELL_TO_OPEN)], OptionLevel.SPREADS),
        ([(CALL, Action.BUY_TO_CLOSE)], OptionLevel.NONE),
    ],
)
def test_the_level_follows_from_what_is_opened(
    legs: list[tuple[str, Action]], level: OptionLevel
) -> None:
    order = an_order(*(a_leg(symbol, action) for symbol, action in legs))

    assert level_needed(order, (), Decimal(100)) is level


def test_shares_that_are_held_cover_a_call() -> None:
    order = an_order(a_leg(CALL, Action.SELL_TO_OPEN))
    held = (Holding(symbol=parse_symbol("AAPL"), quantity=100),)

    assert level_needed(order, held, Decimal(0)) is OptionLevel.COVERED
