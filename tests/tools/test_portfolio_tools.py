"""The portfolio's risk as a client sees it: small, labelled, and honest about what is missing."""

import json
from collections.abc import Collection, Mapping

import pytest

from strikedesk.domain.errors import Unavailable
from strikedesk.domain.quotes import Quote
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import Symbol, parse_symbol
from tests.fakes.broker import ScriptedBroker
from tests.fakes.clock import StoppedClock
from tests.tools.core_door import ERAS, Era
from tests.tools.paper_desk import PaperDesk, bought, facts_of, reason_of, rows_of, text_of
from tests.tools.talkative import LISTED, talkative

MINE = {"account": "paper-margin"}
CHARACTERS_MAX = 6_000  # 1,500 tokens of four.
MANY = (
    "AAPL", "MSFT", "QQQ", "SPY", "IWM", "AMZN", "NVDA", "TSLA", "META", "GOOGL", "JPM", "XLF",
)  # fmt: skip
CALL = "AAPL261218C00200000"


@pytest.mark.parametrize("era", ERAS)
async def test_the_risk_of_an_account_adds_up(era: Era) -> None:
    async with PaperDesk().client(era) as client:
        await bought(client, "SPY", 20)
        await bought(client, CALL, 2)
        result = await client.call_tool("get_portfolio_risk", MINE)

    facts, rows = facts_of(result), rows_of(result)
    assert (facts["account"], facts["simulated"], facts["positions"]) == ("paper-margin", True, 2)
    apple, market = rows
    assert (apple["underlying"], market["underlying"], market["beta"]) == ("AAPL", "SPY", 1)
    assert facts["benchmark"] == {"symbol": "SPY", "closes": 253}
    assert market["dollar_delta"] == pytest.approx(20 * market["spot"])
    assert market["beta_delta"] == market["dollar_delta"]
    for name in ("dollar_delta", "beta_delta", "gamma", "theta", "vega"):
        assert facts["sums"][name] == pytest.approx(apple[name] + market[name], abs=0.02)
    assert apple["worst"] == pytest.approx(-apple["value"], rel=0.01)
    stress = facts["stress"]
    assert stress["covers"] == 2
    middle = stress["profit"][stress["spot"].index(0)][stress["volatility"].index(0)]
    assert middle == 0
    assert stress["worst"]["profit"] <= min(min(row) for row in stress["profit"])
    assert facts["not_covered"] == {
        "stress": {"total": 0, "lacks": {}},
        "tails": {"total": 0, "lacks": {}},
    }


async def test_the_tails_are_ordered_and_say_what_they_are_made_of() -> None:
    """An assistant that quotes a figure can quote its assumptions too."""
    async with PaperDesk().client() as client:
        await bought(client, "AAPL", 100)
        facts = facts_of(await client.call_tool("get_portfolio_risk", MINE))

    tails = facts["tails"]
    assert (tails["sessions"], tails["until"]) == (252, "2026-11-19")
    assert len(tails["rows"]) == 8
    assert all(0 < at_risk <= shortfall for *_, at_risk, shortfall in tails["rows"])
    assert facts["max_drawdown"]["usd"] > 0
    assert facts["method"].keys() == {
        "beta",
        "value",
        "stress",
        "tails",
        "max_drawdown",
        "own_drawdown",
    }
    assert facts["margin"]["headroom"] > 0
    assert facts["concentration"]["share_of_worst"] == 1


async def test_what_the_broker_asks_is_told_by_underlying_the_largest_first() -> None:
    """Headroom alone does not say what to close."""
    async with PaperDesk().client() as client:
        await bought(client, "AAPL", 100)
        await bought(client, "SPY", 1)
        facts = facts_of(await client.call_tool("get_portfolio_risk", MINE))

    margin = facts["margin"]
    claims = margin["by_underlying"]
    assert claims["columns"] == ["underlying", "initial", "maintenance"]
    assert [name for name, *_ in claims["rows"]] == ["AAPL", "SPY"]
    assert claims["total"] == 2
    assert sum(kept for *_, kept in claims["rows"]) == pytest.approx(margin["maintenance"])
    assert margin["initial"] == pytest.approx(2 * margin["maintenance"])


async def test_asking_twice_gives_the_same_figures() -> None:
    """Draws are seeded: what changes from call to call is the market and nothing else."""
    async with PaperDesk().client() as client:
        await bought(client, CALL, 1)
        first, second = [await client.call_tool("get_portfolio_risk", MINE) for _ in range(2)]

    assert text_of(first) == text_of(second)


async def test_a_full_answer_costs_few_tokens() -> None:
    """Twelve underlyings, a page of ten of them."""
    async with PaperDesk().client() as client:
        for name in MANY:
            await bought(client, name, 3)
        await bought(client, CALL, 1)
        first = await client.call_tool("get_portfolio_risk", MINE)
        rest = await client.call_tool("get_portfolio_risk", {**MINE, "page": 2})

    assert len(text_of(first)) <= CHARACTERS_MAX
    assert len(json.dumps(facts_of(first), separators=(",", ":"))) <= CHARACTERS_MAX
    told = [row["underlying"] for row in (*rows_of(first), *rows_of(rest))]
    assert told == sorted(MANY)
    assert facts_of(first)["next_page"] == 2
    assert facts_of(first)["sums"] == facts_of(rest)["sums"]


async def test_what_nobody_quotes_is_null_and_named() -> None:
    """Never 0: a missing price is no price."""
    held = {parse_symbol(CALL): -2, parse_symbol("AAPL"): 100}
    broker = ScriptedBroker(clock=StoppedClock(), quoted={}, held=held)
    async with PaperDesk(other=broker).client() as client:
        result = await client.call_tool("get_portfolio_risk", MINE)

    (row,) = rows_of(result)
    facts = facts_of(result)
    assert [row[name] for name in ("spot", "beta", "dollar_delta", "worst")] == [None] * 4
    assert facts["sums"]["vega"] == {"total": None, "known": 0, "unknown_rows": 1}
    assert facts["stress"] is None
    assert facts["benchmark"]["closes"] == 0
    assert {at_risk for *_, at_risk, _ in facts["tails"]["rows"]} == {None}
    assert facts["not_covered"]["stress"]["lacks"] == {"AAPL": "price", CALL: "price"}
    assert facts["margin"]["headroom"] is None
    assert (facts["margin"]["initial"], facts["margin"]["by_underlying"]) == (None, None)


async def test_an_empty_account_has_no_risk_and_a_strange_one_is_refused() -> None:
    async with PaperDesk().client() as client:
        empty = facts_of(await client.call_tool("get_portfolio_risk", MINE))
        strange = await client.call_tool("get_portfolio_risk", {"account": "somebody"})
        beyond = await client.call_tool("get_portfolio_risk", {**MINE, "page": 2})
        beside = await client.call_tool("get_portfolio_risk", {**MINE, "benchmark": "ZZZZ"})
        known = facts_of(await client.call_tool("get_portfolio_risk", {**MINE, "benchmark": "QQQ"}))

    assert (empty["positions"], empty["stress"], empty["rows"]) == (0, None, [])
    assert reason_of(strange) == "ACCOUNT_UNKNOWN"
    assert reason_of(beyond) == "PAGE_PAST_END"
    assert reason_of(beside) == "SYMBOL_NOT_FOUND"
    assert known["benchmark"] == {"symbol": "QQQ", "closes": 253}


@pytest.mark.parametrize("era", ERAS)
async def test_a_size_names_what_binds_it(era: Era) -> None:
    trade = {
        "unit_loss": 380,
        "unit_profit": "120",
        "win_probability": 0.8,
        "unit_buying_power": 500,
        "underlying": "AAPL",
        "unit_delta": -12.5,
    }
    async with PaperDesk().client(era) as client:
        result = await client.call_tool("size_position", {**MINE, **trade})

    facts, rows = facts_of(result), rows_of(result)
    assert (facts["simulated"], facts["net_liquidation"]) == (True, 100_000)
    assert [row["rule"] for row in rows] == [
        "fixed_fraction",
        "kelly",
        "volatility_target",
        "buying_power",
    ]
    assert [row["units"] for row in rows][:2] == [5, 10]
    assert rows[3]["units"] == 50
    assert rows[2]["units"] > 0
    assert (facts["units"], facts["binding"], facts["loss"]) == (5, "fixed_fraction", 1_900)


async def test_a_size_without_figures_says_what_each_rule_lacks() -> None:
    async with PaperDesk().client() as client:
        result = await client.call_tool("size_position", {**MINE, "unit_loss": 100})
        half = await client.call_tool(
            "size_position", {**MINE, "unit_loss": 100, "win_probability": 0.5}
        )
        nothing = await client.call_tool("size_position", {**MINE, "unit_loss": 0})

    assert [row["units"] for row in rows_of(result)] == [20, None, None, None]
    assert all("not known" in row["basis"] for row in rows_of(result)[1:])
    assert reason_of(half) == reason_of(nothing) == "INVALID_ARGUMENT"


async def test_positions_come_with_their_greeks_and_those_of_all() -> None:
    """In shares and dollars of the position, not of one contract."""
    async with PaperDesk().client() as client:
        await bought(client, "SPY", 20)
        await bought(client, CALL, 2)
        result = await client.call_tool("list_positions", MINE)
        chain = await client.call_tool(
            "get_option_chain",
            {
                "underlying": "AAPL",
                "expirations": ["2026-12-18"],
                "right": "call",
                "strike_min": 200,
                "strike_max": 200,
                "columns": ["symbol", "delta", "theta", "vega", "iv"],
            },
        )

    (contract,) = rows_of(chain)
    option, shares = rows_of(result)
    assert option["delta"] == pytest.approx(200 * contract["delta"], abs=0.2)
    assert option["theta"] == pytest.approx(200 * contract["theta"], rel=0.02)
    assert option["vega"] == pytest.approx(200 * contract["vega"], rel=0.02)
    assert option["iv"] == pytest.approx(contract["iv"], abs=0.001)
    assert (option["group"], shares["group"]) == (1, 2)
    names = facts_of(result)["strategies"]["columns"]
    strategies = [
        dict(zip(names, each, strict=True)) for each in facts_of(result)["strategies"]["rows"]
    ]
    assert [(each["strategy"], each["units"]) for each in strategies] == [
        ("long call", 2),
        ("long shares", 20),
    ]
    assert strategies[0]["theta"] == pytest.approx(option["theta"], abs=0.01)
    assert (shares["delta"], shares["gamma"], shares["theta"], shares["iv"]) == (20, 0, 0, None)
    facts = facts_of(result)
    assert facts["theta"]["total"] == pytest.approx(option["theta"], abs=0.01)
    assert facts["day_profit"]["unknown_rows"] == 0
    assert facts["dollar_delta"]["unknown_rows"] == 0


async def test_shares_in_two_strategies_name_both() -> None:
    held = {parse_symbol(CALL): -1, parse_symbol("AAPL"): 150}
    broker = ScriptedBroker(clock=StoppedClock(), quoted={}, held=held)
    async with PaperDesk(other=broker).client() as client:
        result = await client.call_tool("list_positions", MINE)

    shares, option = rows_of(result)
    assert (shares["group"], option["group"]) == ("1+2", 1)
    assert [row[2:4] for row in facts_of(result)["strategies"]["rows"]] == [
        ["covered call", 1],
        ["long shares", 50],
    ]


async def test_what_is_held_is_told_also_while_the_market_cannot_be_asked() -> None:
    """It matters most then. The Greeks are null."""

    class Silent(ScriptedBroker):
        async def quotes(self, symbols: Collection[Symbol]) -> Mapping[Symbol, Quote]:
            raise Unavailable(Reason.BROKER_UNAVAILABLE)

    held = {parse_symbol(CALL): -2}
    broker = Silent(clock=StoppedClock(), quoted={}, held=held)
    async with PaperDesk(other=broker).client() as client:
        result = await client.call_tool("list_positions", MINE)

    (row,) = rows_of(result)
    assert (row["symbol"], row["quantity"], row["delta"]) == (CALL, -2, None)
    assert facts_of(result)["theta"] == {"total": None, "known": 0, "unknown_rows": 1}


@pytest.mark.parametrize("era", ERAS)
async def test_an_alert_is_set_shown_fired_and_removed(era: Era) -> None:
    wish = {
        "measure": "price",
        "side": "at_or_above",
        "level": "1.5",
        "symbol": "AAPL",
        "note": "roll",
    }
    desk = PaperDesk()
    async with desk.client(era) as client:
        told = facts_of(await client.call_tool("edit_alert", wish))
        (waits,) = rows_of(await client.call_tool("list_alerts", {}))
        fired = await desk.opened.alerts.look()
        (row,) = rows_of(await client.call_tool("list_alerts", {}))
        gone = facts_of(await client.call_tool("edit_alert", {"remove": told["alert_id"]}))
        left = rows_of(await client.call_tool("list_alerts", {}))

    assert (told["of"], told["level"], told["removed"], told["fired_at"]) == (
        "AAPL",
        1.5,
        False,
        None,
    )
    assert (waits["untrusted_note"], waits["fired_at"]) == ("roll", None)
    assert waits["value"] == told["value"]
    assert fired == 1
    assert (row["fired_at"], row["fired_value"]) == ("2026-11-20T16:00:00Z", row["value"])
    assert (gone, left) == ({"alert_id": told["alert_id"], "removed": True}, [])


BELOW = {"side": "at_or_below", "level": 1}


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        ({}, "INVALID_ARGUMENT"),
        ({"measure": "theta", **BELOW}, "INVALID_ARGUMENT"),
        ({"measure": "theta", **BELOW, **MINE, "symbol": "AAPL"}, "INVALID_ARGUMENT"),
        ({"measure": "price", **BELOW, "symbol": "ZZZZ"}, "SYMBOL_NOT_FOUND"),
        ({"measure": "theta", **BELOW, "account": "x"}, "ACCOUNT_UNKNOWN"),
        ({"remove": "nobody"}, "INVALID_ARGUMENT"),
        ({"remove": "nobody", "note": "x"}, "INVALID_ARGUMENT"),
    ],
)
async def test_an_alert_that_could_never_fire_is_refused(wish: dict[str, str], reason: str) -> None:
    async with PaperDesk().client() as client:
        refused = await client.call_tool("edit_alert", wish)

    assert reason_of(refused) == reason


async def test_an_alert_on_what_has_no_price_just_now_is_taken() -> None:
    """It waits, and its value is null."""
    wish = {"measure": "price", "side": "at_or_below", "level": 5, "symbol": LISTED}
    async with talkative().client() as client:
        told = facts_of(await client.call_tool("edit_alert", wish))

    assert told["value"] is None
