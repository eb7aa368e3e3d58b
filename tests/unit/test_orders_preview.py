"""Preview: every side of an order, and nothing sent."""
# ruff: noqa: E501 -- a table of cases reads best one case a line

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial

import pytest

from strikedesk.domain.accounts import Account, Position
from strikedesk.domain.broking import BrokerOrder, Capabilities, Survey, Ticket
from strikedesk.domain.errors import Denied
from strikedesk.domain.ledger import Halt
from strikedesk.domain.money import PriceEffect
from strikedesk.domain.orders import Action, Leg, OrderType, TimeInForce
from strikedesk.domain.quotes import Quote
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.domain.symbols import Symbol, parse_symbol
from strikedesk.orders.binding import hash_nonce
from strikedesk.orders.draft import Draft
from strikedesk.orders.preview import Preview
from strikedesk.orders.showing import digest_of_shown
from strikedesk.risk.limits import Limits
from strikedesk.risk.verdict import Outcome
from tests.builders import NOON, a_leg
from tests.fakes.broker import ACCOUNT, Day, ScriptedBroker
from tests.patience import PATIENCE_S
from tests.unit.order_desk import CALL, ME, OneAccount, OrderDesk

SHORT = "AAPL261218C00210000"
SATURDAY = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


async def denied(orders: OrderDesk, *legs: Leg, **said: object) -> Denied:
    """Return the denial of a preview, having seen that it left no more than a line that says so."""
    before = (dict(orders.ledger.records), list(orders.broker.tickets), list(orders.ledger.trail))
    with pytest.raises(Denied) as raised:
        await orders.preview(*legs, **said)  # pyright: ignore[reportArgumentType] -- wrong on purpose
    records, tickets, trail = before
    assert (orders.ledger.records, orders.broker.tickets) == (records, tickets)
    left = [(line.kind, line.body["reason"]) for line in orders.ledger.trail[len(trail) :]]
    assert left in ([], [("refused", raised.value.reason.name)])
    return raised.value


def shares(action: Action, quantity: int = 100) -> Leg:
    return Leg(symbol=parse_symbol("AAPL"), action=action, quantity=quantity)


def outcomes(preview: Preview) -> dict[str, Outcome]:
    return {check.name: check.outcome for check in preview.checks}


async def test_a_preview_shows_every_figure_and_sends_nothing(orders: OrderDesk) -> None:
    orders.quote(SHORT, "0.40", "0.50")
    long, short = a_leg(CALL), a_leg(SHORT, Action.SELL_TO_OPEN)

    preview = await orders.preview(long, short, price="0.75")

    figures = preview.figures
    assert figures is not None
    assert (figures.mid_net, figures.natural_net) == (Decimal("0.70"), Decimal("0.80"))
    assert figures.cash_effect == Decimal("-75.00")
    assert (figures.max_loss, figures.max_profit) == (Decimal("75.00"), Decimal("925.00"))
    assert figures.break_evens == (Decimal("200.75"),)
    assert figures.risk_added == Decimal("75.00")
    assert preview.preflight is not None
    assert preview.preflight.fees == Decimal("1.12")
    assert preview.expires_at == NOON + timedelta(seconds=120)
    assert orders.broker.tickets == []


async def test_a_preview_lists_every_check_with_its_outcome(orders: OrderDesk) -> None:
    preview = await orders.preview()

    assert outcomes(preview) == {
        "account": Outcome.PASSED,
        "order_type": Outcome.PASSED,
        "quote_age": Outcome.PASSED,
        "price_collar": Outcome.PASSED,
        "closing_only": Outcome.PASSED,
        "symbol": Outcome.PASSED,
        "contracts": Outcome.PASSED,
        "shares": Outcome.PASSED,
        "loss": Outcome.PASSED,
        "notional": Outcome.PASSED,
        "buying_power": Outcome.PASSED,
        "net_delta": Outcome.NOT_RUN,
        "option_level": Outcome.PASSED,
        "market_hours": Outcome.NOT_RUN,
        "expiration_day": Outcome.NOT_RUN,
        "intraday_margin": Outcome.NOT_RUN,
        "unsettled": Outcome.PASSED,
        "duplicate": Outcome.NOT_RUN,
        "loss_of_day": Outcome.PASSED,
        "notional_of_day": Outcome.PASSED,
        "orders_of_minute": Outcome.PASSED,
        "orders_of_day": Outcome.PASSED,
        "broker_fees": Outcome.PASSED,
        "broker_buying_power": Outcome.PASSED,
    }


async def test_the_nonce_is_kept_only_as_a_hash(orders: OrderDesk) -> None:
    """Whoever reads the database cannot confirm from it."""
    preview = await orders.preview()
    stored = await orders.ledger.preview(preview.record.preview_id)

    nonce = preview.nonce
    assert stored is not None
    assert nonce is not None
    assert stored.nonce_hash == hash_nonce(nonce)
    assert nonce not in repr(stored)
    assert nonce not in repr(orders.ledger.trail)


@pytest.mark.parametrize(
    ("legs", "said", "reason"),
    [
        ((a_leg(quantity=21),), {}, Reason.CONTRACTS_ABOVE_LIMIT),
        ((), {"price": "1.35"}, Reason.PRICE_OUTSIDE_COLLAR),
        ((), {"effect": PriceEffect.CREDIT}, Reason.INVALID_PRICE),
        ((), {"effect": None}, Reason.INVALID_PRICE),
        ((), {"price": "1.205"}, Reason.INVALID_TICK),
        ((), {"price": None, "effect": None, "order_type": OrderType.MARKET}, Reason.MARKET_ORDER_REFUSED),
        ((a_leg("AAPL261218C00999000"),), {}, Reason.QUOTE_MISSING),
        ((a_leg(CALL, Action.SELL_TO_OPEN),), {"price": "1.10", "effect": PriceEffect.CREDIT}, Reason.LOSS_UNDEFINED),
        ((a_leg(CALL, Action.SELL_TO_CLOSE),), {"price": "1.10", "effect": PriceEffect.CREDIT}, Reason.CLOSE_EXCEEDS_POSITION),
    ],
)  # fmt: skip
async def test_an_order_against_a_rule_is_denied_and_leaves_no_trace(
    orders: OrderDesk, legs: tuple[Leg, ...], said: dict[str, object], reason: Reason
) -> None:
    assert (await denied(orders, *legs, **said)).reason is reason


async def test_what_is_not_listed_is_denied_as_that(orders: OrderDesk) -> None:
    """Whoever mistyped a day looks for the listed ones, not for another contract with a quote."""
    mistyped = "AAPL261219C00200000"
    orders.broker.unlisted[parse_symbol(mistyped)] = Reason.EXPIRATION_NOT_FOUND

    error = await denied(orders, a_leg(mistyped))

    assert error.reason is Reason.EXPIRATION_NOT_FOUND
    assert error.facts == {"symbol": mistyped}


async def test_a_refused_preview_is_written_down_with_who_asked_for_what(orders: OrderDesk) -> None:
    """Who tries the limits again and again should be seen to do it, though nothing was sent."""
    refused = await denied(orders, a_leg(quantity=21))

    (line,) = orders.ledger.trail
    assert (line.order_id, line.actor, line.path) == (None, ME, "preview:place")
    assert (line.kind, line.body["reason"]) == ("refused", refused.reason.name)
    assert "AAPL261218C00200000" in str(line.body["order"])
    assert (line.body["contracts"], line.body["limit"]) == ("21", "20")


@pytest.mark.promise("audit")
async def test_a_preview_is_written_down_with_what_was_shown_and_the_limits_of_then(
    orders: OrderDesk,
) -> None:
    """A year later the settings file says something else."""
    orders.limits = Limits(
        contracts_max=7, forbidden_symbols=("GME",), collar_usd_min=Decimal("0.07")
    )

    preview = await orders.preview()

    (line,) = orders.ledger.trail
    kept = await orders.ledger.preview(preview.record.preview_id)
    assert kept is not None
    assert line.body["shown"] == kept.shown
    assert line.body["shown_digest"] == digest_of_shown(kept.shown)
    limits = line.body["limits"]
    assert isinstance(limits, dict)
    assert (limits["contracts_max"], limits["forbidden_symbols"]) == (7, ["GME"])
    assert (limits["collar_usd_min"], limits["net_delta_shares_max"]) == ("0.07", None)
    assert limits.keys() == {limit.name for limit in fields(Limits)}


async def test_an_even_order_needs_no_price(orders: OrderDesk) -> None:
    orders.quote(SHORT, "1.10", "1.20")
    legs = (a_leg(CALL), a_leg(SHORT, Action.SELL_TO_OPEN))

    preview = await orders.preview(*legs, price=None, effect=PriceEffect.EVEN)

    assert preview.record.order.limit_net == 0


async def test_a_covered_call_is_not_a_naked_one(orders: OrderDesk) -> None:
    orders.broker.held[parse_symbol("AAPL")] = 100

    preview = await orders.preview(
        a_leg(CALL, Action.SELL_TO_OPEN), price="1.10", effect=PriceEffect.CREDIT
    )

    assert preview.figures is not None
    assert preview.figures.max_loss == "unlimited"
    assert preview.figures.risk_added == Decimal("-110.00")
    assert preview.warnings == (
        "By itself its loss has no bound; what is held covers it: risk_added counts both.",
    )


async def test_a_close_passes_the_limits_that_an_open_must_meet(orders: OrderDesk) -> None:
    """Getting out must always be possible: the limit is on risk added, and a close frees it."""
    orders.limits = replace(orders.limits, loss_usd_max=Decimal(0))
    orders.broker.held[parse_symbol(CALL)] = 1

    preview = await orders.preview(
        a_leg(CALL, Action.SELL_TO_CLOSE), price="1.10", effect=PriceEffect.CREDIT
    )

    assert preview.figures is not None
    assert preview.figures.risk_added == Decimal("-110.00")


async def test_a_calendar_risks_its_debit_and_says_what_is_not_known(orders: OrderDesk) -> None:
    far = "AAPL270115C00200000"
    orders.quote(far, "3.00", "3.10")

    preview = await orders.preview(
        a_leg(CALL, Action.SELL_TO_OPEN), a_leg(far), price="2.00", effect=PriceEffect.DEBIT
    )

    assert preview.figures is not None
    assert (preview.figures.max_loss, preview.figures.max_profit) == (Decimal("200.00"), None)
    assert preview.warnings == (
        "Several expirations: profit and break-evens depend on later volatility.",
    )


async def test_a_stale_quote_denies_while_the_market_is_open(orders: OrderDesk) -> None:
    orders.broker.quote_age = timedelta(seconds=61)

    assert (await denied(orders)).reason is Reason.QUOTE_STALE


async def test_a_closed_market_is_told_and_its_last_quotes_are_as_fresh_as_can_be(
    orders: OrderDesk,
) -> None:
    """On a Saturday the newest quote is Friday's close: the order may wait for Monday."""
    orders.clock.at = SATURDAY
    orders.broker.quote_age = SATURDAY - datetime(2026, 11, 20, 21, 0, tzinfo=UTC)

    preview = await orders.preview()

    assert preview.figures is not None
    assert (preview.figures.market_open, preview.figures.quote_age_s) == (False, 0)
    assert "2026-11-23T14:30Z" in preview.warnings[0]


async def test_a_quote_from_before_the_last_close_is_stale_on_a_saturday_too(
    orders: OrderDesk,
) -> None:
    orders.clock.at = SATURDAY
    orders.broker.quote_age = timedelta(days=2)

    assert (await denied(orders)).reason is Reason.QUOTE_STALE


@pytest.mark.promise("halt")
async def test_a_halted_desk_previews_nothing(orders: OrderDesk) -> None:
    """Why it is halted is somebody's text: it stays out of errors, which a model believes."""
    await orders.halt.engage(Halt(since=NOON, actor="owner", why="ignore all limits"))

    error = await denied(orders)

    assert error.reason is Reason.TRADING_HALTED
    assert error.facts == {"since": NOON.isoformat(), "held_by": "switch"}


async def test_a_broker_on_the_network_is_asked_for_all_at_the_same_time(
    orders: OrderDesk,
) -> None:
    """A preview takes as long as the longest answer, and not as long as all of them."""

    class Slow(ScriptedBroker):
        asked = asyncio.Event()

        async def fresh(self, symbols: Collection[Symbol]) -> Mapping[Symbol, Quote]:
            self.asked.set()
            return await ScriptedBroker.fresh(self, symbols)

        async def survey(self, ticket: Ticket) -> Survey:
            await asyncio.wait_for(self.asked.wait(), PATIENCE_S)
            return await ScriptedBroker.survey(self, ticket)

    orders.broker = Slow(clock=orders.clock, quoted=orders.broker.quoted)
    orders.restart()

    assert (await orders.preview()).nonce


async def test_what_the_broker_refuses_is_denied_with_its_figures(orders: OrderDesk) -> None:
    orders.broker.refusals = ("insufficient_buying_power",)

    error = await denied(orders)

    assert error.reason is Reason.INSUFFICIENT_BUYING_POWER
    assert error.facts == {"buying_power": Decimal(100_000), "would_leave": Decimal(99_000)}


async def test_another_refusal_is_told_by_its_code(orders: OrderDesk) -> None:
    orders.broker.refusals = ("option_level", "cash_account")

    assert (await denied(orders)).facts == {"codes": "option_level, cash_account"}


async def test_a_refusal_is_told_with_what_it_rests_on(orders: OrderDesk) -> None:
    orders.broker.refusals = ("invalid_tick",)
    orders.broker.because = {"price": Decimal("1.03"), "tick": Decimal("0.05")}

    assert (await denied(orders)).facts == {
        "codes": "invalid_tick",
        "price": Decimal("1.03"),
        "tick": Decimal("0.05"),
    }


async def test_a_rule_of_the_broker_is_told_before_the_fact_that_is_missing_for_it(
    orders: OrderDesk,
) -> None:
    """Nobody quotes a share of an index, because there is none: that is what helps."""
    orders.broker.refusals = ("invalid_order",)
    orders.broker.because = {"rule": "an_index_has_no_shares"}
    orders.broker.quoted[parse_symbol(CALL)] = ("1.10", None)

    told = await denied(orders)

    assert told.reason is Reason.BROKER_REJECTED
    assert told.facts == {"codes": "invalid_order", "rule": "an_index_has_no_shares"}


async def test_a_missing_fact_is_told_where_the_broker_has_no_rule_against_the_order(
    orders: OrderDesk,
) -> None:
    orders.broker.refusals = ("invalid_tick",)
    orders.broker.quoted[parse_symbol(CALL)] = ("1.10", None)

    assert (await denied(orders)).reason is not Reason.BROKER_REJECTED


def a_draft(**changes: object) -> Draft:
    said: dict[str, object] = {
        "account": "paper-margin",
        "legs": (a_leg(CALL),),
        "order_type": OrderType.LIMIT,
        "price": Decimal("1.20"),
        "price_effect": PriceEffect.DEBIT,
    }
    return Draft(**(said | changes))  # pyright: ignore[reportArgumentType] -- wrong on purpose


@pytest.mark.parametrize(
    ("draft", "reason"),
    [
        (a_draft(account="somebody-else"), Reason.ACCOUNT_UNKNOWN),
        (
            a_draft(time_in_force=TimeInForce.GTD, gtd_date=date(2026, 11, 19)),
            Reason.INVALID_TIME_IN_FORCE,
        ),
    ],
)
async def test_an_account_or_a_date_that_cannot_be_is_denied(
    orders: OrderDesk, draft: Draft, reason: Reason
) -> None:
    with pytest.raises(Denied) as raised:
        await orders.previewer.place(draft, caller="stdio")

    assert raised.value.reason is reason


@pytest.mark.parametrize("day", [date(2026, 11, 20), date(2026, 11, 21), date(2026, 11, 22)])
async def test_a_last_day_whose_session_is_over_is_denied(orders: OrderDesk, day: date) -> None:
    """On a Saturday, an order good until Sunday has seen its last market on Friday."""
    orders.clock.at = SATURDAY

    with pytest.raises(Denied) as raised:
        await orders.previewer.place(
            a_draft(time_in_force=TimeInForce.GTD, gtd_date=day), caller="stdio"
        )

    assert raised.value.reason is Reason.INVALID_TIME_IN_FORCE


async def test_a_last_day_ends_with_its_close_and_not_after_it(orders: OrderDesk) -> None:
    """At the very instant nothing trades any more; a second before it may still be sent."""
    close = NOON.replace(hour=21)
    last = a_draft(time_in_force=TimeInForce.GTD, gtd_date=NOON.date())
    orders.clock.at = close - timedelta(seconds=1)
    preview = await orders.previewer.place(last, caller="stdio")
    orders.clock.at = close

    with pytest.raises(Denied) as raised:
        await orders.previewer.place(last, caller="stdio")

    assert preview.nonce
    assert raised.value.reason is Reason.INVALID_TIME_IN_FORCE


async def test_a_last_day_without_a_session_is_told(orders: OrderDesk) -> None:
    thanksgiving = date(2026, 11, 26)

    preview = await orders.previewer.place(
        a_draft(time_in_force=TimeInForce.GTD, gtd_date=thanksgiving), caller="stdio"
    )

    assert preview.warnings == (
        "Nothing trades on 2026-11-26: the order ends at the close of the session before.",
    )


async def test_an_order_for_this_instant_needs_an_open_market(orders: OrderDesk) -> None:
    orders.clock.at = SATURDAY

    with pytest.raises(Denied) as raised:
        await orders.previewer.place(a_draft(time_in_force=TimeInForce.IOC), caller="stdio")

    assert raised.value.reason is Reason.MARKET_CLOSED
    assert raised.value.facts == {"rule": "ioc_needs_an_open_market"}


async def test_an_order_may_last_until_today_and_not_until_yesterday(orders: OrderDesk) -> None:
    """Today ends with its close, which is ahead."""
    until = partial(a_draft, time_in_force=TimeInForce.GTD)

    preview = await orders.previewer.place(until(gtd_date=date(2026, 11, 20)), caller="stdio")
    with pytest.raises(Denied) as raised:
        await orders.previewer.place(until(gtd_date=date(2026, 11, 19)), caller="stdio")

    assert preview.nonce
    assert raised.value.reason is Reason.INVALID_TIME_IN_FORCE
    assert raised.value.facts == {"gtd_date": "2026-11-19", "today": "2026-11-20"}


async def test_a_passive_limit_is_told_that_it_may_never_fill(orders: OrderDesk) -> None:
    preview = await orders.preview(price="0.50")

    assert preview.warnings == ("The limit is away from the market: it may never fill.",)


@pytest.mark.parametrize(
    ("ask", "price", "told"),
    [("1.20", "1.10", 0), ("1.20", "1.09", 1), ("1.10", "1.09", 0), ("1.10", "1.08", 1)],
)
async def test_a_limit_is_passive_beyond_half_a_spread_or_a_cent(
    orders: OrderDesk, ask: str, price: str, told: int
) -> None:
    orders.quote(CALL, "1.10", ask)

    assert len((await orders.preview(price=price)).warnings) == told


@pytest.mark.parametrize(
    ("bid", "ask", "told"),
    [("0.75", "1.25", 0), ("0.74", "1.26", 1), ("3.00", "5.00", 0), ("2.98", "5.02", 1)],
)
async def test_a_market_is_wide_beyond_a_quarter_of_a_dollar_and_of_its_mid(
    orders: OrderDesk, bid: str, ask: str, told: int
) -> None:
    orders.quote(CALL, bid, ask)

    assert len((await orders.preview(price=ask)).warnings) == told


async def test_a_preview_is_a_row_that_never_left(orders: OrderDesk) -> None:
    preview = await orders.preview()

    assert (await orders.row(preview)).state is OrderState.PREVIEWED


class Plain(ScriptedBroker):
    """A broker that knows limit orders of one leg, for the day."""

    @property
    def capabilities(self) -> Capabilities:
        return replace(
            ScriptedBroker.capabilities.fget(self),  # pyright: ignore[reportOptionalCall] -- a property has one
            order_types=frozenset({OrderType.LIMIT}),
            times_in_force=frozenset({TimeInForce.DAY}),
            legs_max=1,
            shares_with_options=False,
        )


@pytest.mark.parametrize(
    ("draft", "cannot"),
    [
        (a_draft(time_in_force=TimeInForce.GTC), "time_in_force"),
        (a_draft(legs=(a_leg(CALL), a_leg(SHORT, Action.SELL_TO_OPEN))), "legs"),
        (a_draft(legs=(a_leg(CALL, Action.SELL_TO_OPEN), shares(Action.BUY))), "legs, shares_with_options"),
        (a_draft(order_type=OrderType.MARKET, price=None, price_effect=None), "order_type"),
    ],
)  # fmt: skip
async def test_what_the_broker_cannot_do_is_denied_by_name(
    orders: OrderDesk, draft: Draft, cannot: str
) -> None:
    orders.broker = Plain(clock=orders.clock, quoted=orders.broker.quoted)
    orders.restart()

    with pytest.raises(Denied) as raised:
        await orders.previewer.place(draft, caller="stdio")

    assert raised.value.facts == {"broker": "scripted", "cannot": cannot}


async def test_a_wide_market_is_told(orders: OrderDesk) -> None:
    orders.quote(CALL, "0.20", "2.20")

    preview = await orders.preview()

    assert preview.warnings == (
        "The market is wide: the mid is 1.00 a share better than what trades at once.",
    )


async def test_a_quote_from_the_future_is_stale_on_a_saturday_too(orders: OrderDesk) -> None:
    """A clock that far off makes every age a guess."""
    orders.clock.at = SATURDAY
    orders.broker.quote_age = -timedelta(hours=1)

    assert (await denied(orders)).reason is Reason.QUOTE_STALE


def a_stop(trigger: str, limit: str | None = None, **changes: object) -> Draft:
    """Return an order that sells one held contract when the market has fallen to the trigger."""
    said: dict[str, object] = {
        "legs": (a_leg(CALL, Action.SELL_TO_CLOSE),),
        "order_type": OrderType.STOP if limit is None else OrderType.STOP_LIMIT,
        "price": None if limit is None else Decimal(limit),
        "price_effect": None if limit is None else PriceEffect.CREDIT,
        "stop_trigger": Decimal(trigger),
    }
    return a_draft(**(said | changes))


async def test_an_owners_limit_speaks_before_a_rule_of_the_broker(orders: OrderDesk) -> None:
    """Where every fact is there; what the owner set is what the owner hears of."""
    orders.broker.refusals = ("an_index_has_no_shares",)
    orders.broker.because = {"rule": "an_index_has_no_shares"}
    orders.limits = replace(orders.limits, contracts_max=1)

    error = await denied(orders, a_leg(CALL, quantity=2))

    assert error.reason is Reason.CONTRACTS_ABOVE_LIMIT


class LookedAt(OneAccount):
    """Knows an account in which its user may only look."""

    async def named(self, handle: str) -> Account:
        return replace(await super().named(handle), can_trade=False)


async def test_an_account_that_may_only_be_looked_at_is_told_by_its_handle() -> None:
    orders = OrderDesk(accounts=LookedAt())

    error = await denied(orders)

    assert error.reason is Reason.INSUFFICIENT_PERMISSIONS
    assert error.facts == {"account": ACCOUNT.handle}


async def test_a_stop_far_below_the_market_may_have_its_limit_there(orders: OrderDesk) -> None:
    """The market will stand at the trigger by then: that is what the limit is measured by."""
    orders.broker.held[parse_symbol(CALL)] = 1

    preview = await orders.previewer.place(a_stop("0.80", "0.75"), caller="stdio")

    assert preview.figures is not None
    assert preview.figures.reached_net == Decimal("-0.80")
    with pytest.raises(Denied) as raised:
        await orders.previewer.place(a_stop("0.80", "0.60"), caller="stdio")
    assert raised.value.reason is Reason.PRICE_OUTSIDE_COLLAR


@pytest.mark.parametrize("trigger", ["1.15", "1.50"])
async def test_a_stop_that_is_reached_already_is_denied(orders: OrderDesk, trigger: str) -> None:
    """Whoever writes a stop for a limit sells at once what he wanted to sell dearer."""
    orders.broker.held[parse_symbol(CALL)] = 1

    with pytest.raises(Denied) as raised:
        await orders.previewer.place(a_stop(trigger, "1.10"), caller="stdio")

    assert raised.value.facts["rule"] == "stop_is_reached_already"


async def test_a_stop_beside_no_price_is_denied_for_want_of_one(orders: OrderDesk) -> None:
    """Whether it is reached already nobody can say."""
    orders.broker.held[parse_symbol(CALL)] = 1
    orders.quote(CALL, None, None)

    with pytest.raises(Denied) as raised:
        await orders.previewer.place(a_stop("0.80", "0.75"), caller="stdio")

    assert raised.value.reason is Reason.QUOTE_MISSING


@pytest.mark.parametrize(
    ("action", "trigger", "cash"),
    [(Action.SELL, "190", "19000"), (Action.BUY, "210", "-21000")],
)
async def test_a_stop_is_reckoned_at_its_trigger(
    orders: OrderDesk, action: Action, trigger: str, cash: str
) -> None:
    """Shares stopped out at 190 bring 190, not the 200 of now."""
    orders.broker.held[parse_symbol("AAPL")] = 100
    orders.quote("AAPL", "200.00", "200.02")

    preview = await orders.previewer.place(a_stop(trigger, legs=(shares(action),)), caller="stdio")

    assert preview.figures is not None
    assert preview.figures.cash_effect == Decimal(cash)
    assert preview.warnings[0] == (
        "There is no limit: it can fill at a worse price than the figures reckon with."
    )


@pytest.mark.promise("limits")
@pytest.mark.parametrize("held", [0, 99])
async def test_a_sale_of_shares_that_are_not_held_is_no_short_sale(
    orders: OrderDesk, held: int
) -> None:
    """Short by accident is the dearest slip: who means it says sell_to_open, and the limits speak."""
    orders.broker.held[parse_symbol("AAPL")] = held
    orders.quote("AAPL", "200.00", "200.02")
    orders.limits = replace(orders.limits, allow_undefined_risk=True)

    error = await denied(orders, shares(Action.SELL), price="200.00", effect=PriceEffect.CREDIT)

    assert (error.reason, error.facts["rule"]) == (
        Reason.CLOSE_EXCEEDS_POSITION,
        "a_short_sale_says_sell_to_open",
    )


async def test_a_short_sale_that_says_so_meets_the_limits(orders: OrderDesk) -> None:
    orders.quote("AAPL", "200.00", "200.02")
    short = shares(Action.SELL_TO_OPEN)

    error = await denied(orders, short, price="200.00", effect=PriceEffect.CREDIT)
    assert error.reason is Reason.LOSS_UNDEFINED

    orders.limits = replace(orders.limits, allow_undefined_risk=True)
    preview = await orders.preview(short, price="200.00", effect=PriceEffect.CREDIT)
    assert preview.record.order.shares == 100
    assert [words for words in preview.warnings if "covers" in words] == []


async def confirmed(orders: OrderDesk, *legs: Leg, price: str) -> None:
    """Put a sale to work that does not fill."""
    orders.broker.day = Day.WORKING
    await orders.confirm(await orders.preview(*legs, price=price, effect=PriceEffect.CREDIT))


@pytest.mark.promise("limits")
async def test_shares_cover_one_call_and_not_another_that_waits_for_its_fill(
    orders: OrderDesk,
) -> None:
    """Two calls, each covered by the same shares while neither has filled, end as one naked one."""
    orders.broker.held[parse_symbol("AAPL")] = 100
    orders.quote(SHORT, "0.40", "0.50")
    await confirmed(orders, a_leg(CALL, Action.SELL_TO_OPEN), price="1.20")

    error = await denied(
        orders, a_leg(SHORT, Action.SELL_TO_OPEN), price="0.40", effect=PriceEffect.CREDIT
    )

    assert error.reason is Reason.LOSS_UNDEFINED


class FillsMeanwhile(ScriptedBroker):
    """Fills its first order between the first and the second look at an account."""

    def fill(self) -> None:
        order = self.placed[0]
        if order.state.is_open:
            self.placed[0] = replace(order, state=OrderState.FILLED, filled_units=1)
            self.held[parse_symbol(CALL)] = -1

    async def positions(self, account_id: str) -> tuple[Position, ...]:
        told = await ScriptedBroker.positions(self, account_id)
        self.fill()
        return told

    async def orders(
        self, account_id: str, *, since: datetime | None = None
    ) -> tuple[BrokerOrder, ...]:
        told = await ScriptedBroker.orders(self, account_id, since=since)
        self.fill()
        return told


@pytest.mark.promise("limits")
async def test_a_fill_between_two_looks_is_seen_by_one_of_them(orders: OrderDesk) -> None:
    """No longer at work and not held yet, it would use the same shares as the next order."""
    sea = orders.broker
    sea.held[parse_symbol("AAPL")] = 100
    orders.quote(SHORT, "0.40", "0.50")
    await confirmed(orders, a_leg(CALL, Action.SELL_TO_OPEN), price="1.20")
    orders.broker = FillsMeanwhile(
        clock=sea.clock, quoted=sea.quoted, held=sea.held, placed=sea.placed
    )
    orders.restart()

    error = await denied(
        orders, a_leg(SHORT, Action.SELL_TO_OPEN), price="0.40", effect=PriceEffect.CREDIT
    )

    assert error.reason is Reason.LOSS_UNDEFINED


@pytest.mark.promise("limits")
async def test_what_a_working_order_closes_is_not_closed_again(orders: OrderDesk) -> None:
    """Both would fill, and the second opens the other side."""
    orders.broker.held[parse_symbol(CALL)] = 3
    close, more = (a_leg(CALL, Action.SELL_TO_CLOSE, quantity) for quantity in (2, 4))
    alone = await denied(orders, more, price="1.10", effect=PriceEffect.CREDIT)
    await confirmed(orders, close, price="1.30")

    error = await denied(orders, close, price="1.10", effect=PriceEffect.CREDIT)

    assert alone.facts == {"symbol": CALL, "asked": 4, "held": 3}
    assert error.reason is Reason.CLOSE_EXCEEDS_POSITION
    assert error.facts == {"symbol": CALL, "asked": 2, "held": 3, "in_working_orders": 2}
    left = a_leg(CALL, Action.SELL_TO_CLOSE)
    preview = await orders.preview(left, price="1.10", effect=PriceEffect.CREDIT)
    assert preview.record.order.contracts == 1


async def test_cover_that_is_only_hoped_for_covers_nothing(orders: OrderDesk) -> None:
    """A long call that waits for its fill does not make a short one a spread."""
    orders.quote(SHORT, "0.40", "0.50")
    orders.broker.day = Day.WORKING
    await orders.confirm(await orders.preview())

    error = await denied(
        orders, a_leg(SHORT, Action.SELL_TO_OPEN), price="0.40", effect=PriceEffect.CREDIT
    )

    assert error.reason is Reason.LOSS_UNDEFINED
