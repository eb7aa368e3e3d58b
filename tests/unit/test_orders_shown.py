"""What is kept of a preview is what was shown: every figure by its name, and every check."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import pytest

from strikedesk.domain.account_kinds import OptionLevel
from strikedesk.domain.broking import Preflight, Ticket
from strikedesk.domain.errors import Denied
from strikedesk.domain.ledger import Json
from strikedesk.domain.money import PriceEffect
from strikedesk.domain.orders import Action, Leg, OrderType
from strikedesk.domain.payoff import Holding
from strikedesk.domain.states import OrderState
from strikedesk.domain.symbols import parse_symbol
from strikedesk.orders.binding import binding_of
from strikedesk.orders.draft import Draft
from strikedesk.orders.level import level_needed
from strikedesk.orders.preview import Preview
from strikedesk.orders.showing import all_checks, digest_of_shown
from strikedesk.orders.wording import order_in_words, short_name
from strikedesk.risk.verdict import Outcome
from tests.builders import a_leg, a_preview, an_order, an_order_record
from tests.fakes.broker import Day, ScriptedBroker
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


@pytest.mark.promise("owner-asked")
def test_the_digest_is_of_what_was_shown_and_of_nothing_else() -> None:
    """The trail says by it what somebody agreed to: a word more is another one."""
    shown: dict[str, Json] = {"limit_net": "1.20", "warnings": [], "max_loss": None}
    written = '{"limit_net":"1.20","max_loss":null,"warnings":[]}'

    assert digest_of_shown(shown) == hashlib.sha256(written.encode()).hexdigest()
    assert digest_of_shown({**shown, "limit_net": "1.21"}) != digest_of_shown(shown)


@pytest.mark.parametrize(
    ("action", "trigger", "expected"),
    [
        (Action.BUY_TO_OPEN, "1.15", "above the market"),
        (Action.SELL_TO_CLOSE, "1.15", "below the market"),
    ],
)
async def test_a_stop_that_is_reached_already_is_refused_with_both_prices(
    orders: OrderDesk, action: Action, trigger: str, expected: str
) -> None:
    """At the market itself too; one beyond it waits."""
    orders.broker.held[parse_symbol(CALL)] = 1
    at, beyond = (a_stop(action, trigger, cents) for cents in ("0.00", "0.01"))

    with pytest.raises(Denied) as denied:
        await orders.previewer.place(at, caller="stdio")
    preview = await orders.previewer.place(beyond, caller="stdio")

    assert denied.value.facts == {
        "rule": "stop_is_reached_already",
        "stop_trigger": Decimal(trigger),
        "market": Decimal("1.15"),
        "expected": expected,
    }
    assert preview.nonce


def a_stop(action: Action, trigger: str, beyond: str) -> Draft:
    """Return a stop limit so far beyond a trigger; it may pay, or take, what the market gives."""
    buys = action is Action.BUY_TO_OPEN
    stop = Decimal(trigger) + (1 if buys else -1) * Decimal(beyond)
    return Draft(
        account="paper-margin",
        legs=(a_leg(CALL, action),),
        order_type=OrderType.STOP_LIMIT,
        price=Decimal("1.20") if buys else Decimal("1.10"),
        price_effect=PriceEffect.DEBIT if buys else PriceEffect.CREDIT,
        stop_trigger=stop,
    )


async def test_a_stop_without_a_market_is_not_judged_by_it(orders: OrderDesk) -> None:
    """What the collar says of it is another matter."""
    orders.quote(CALL, None, None)

    with pytest.raises(Denied) as denied:
        await orders.previewer.place(a_stop(Action.BUY_TO_OPEN, "1.15", "0.00"), caller="stdio")

    assert denied.value.facts.get("rule") != "stop_is_reached_already"


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


async def test_a_cancel_shows_how_far_its_order_got(orders: OrderDesk) -> None:
    orders.broker.day = Day.WORKING
    old = await orders.preview(a_leg(CALL, quantity=3))
    await orders.confirm(old)
    (placed,) = orders.broker.placed
    orders.broker.placed[0] = replace(placed, state=OrderState.PARTIALLY_FILLED, filled_units=2)

    cancel = await orders.previewer.cancel(old.record.order_id, caller="stdio")

    (check,) = cancel.checks
    assert (check.name, check.outcome) == ("order_working", Outcome.PASSED)
    assert check.facts == {"state": "partially_filled", "filled": 2, "of": 3}
    shown = await kept(orders, cancel)
    assert (shown["max_loss"], shown["mid_net"], shown["fees"]) == (None, None, None)
    facts = {"state": "partially_filled", "filled": "2", "of": "3"}
    assert shown["checks"] == [["order_working", "passed", facts]]


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


@pytest.mark.parametrize(
    ("held", "opened", "level"),
    [
        ([("AAPL", 100)], [(CALL, Action.SELL_TO_OPEN, 1)], OptionLevel.COVERED),
        ([("AAPL", 99)], [(CALL, Action.SELL_TO_OPEN, 1)], OptionLevel.SPREADS),
        ([("AAPL", 199), (HIGHER, -1)], [(CALL, Action.SELL_TO_OPEN, 1)], OptionLevel.SPREADS),
        ([("AAPL", 200), (HIGHER, -1)], [(CALL, Action.SELL_TO_OPEN, 1)], OptionLevel.COVERED),
        ([("AAPL", 100), (HIGHER, 5)], [(CALL, Action.SELL_TO_OPEN, 2)], OptionLevel.SPREADS),
        ([("AAPL", 100), (PUT, -5)], [(CALL, Action.SELL_TO_OPEN, 1)], OptionLevel.COVERED),
        (
            [("AAPL", 100)],
            [(CALL, Action.SELL_TO_OPEN, 2), ("AAPL", Action.BUY, 100)],
            OptionLevel.COVERED,
        ),
    ],
)
def test_shares_cover_as_many_calls_as_they_are_hundreds(
    held: list[tuple[str, int]], opened: list[tuple[str, Action, int]], level: OptionLevel
) -> None:
    """Those held and those bought, against every short call, held or sold."""
    order = an_order(*(a_leg(*leg) for leg in opened))
    there = [Holding(symbol=parse_symbol(name), quantity=count) for name, count in held]

    assert level_needed(order, there, Decimal(0)) is level
