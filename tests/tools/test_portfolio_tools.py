"""The portfolio's risk as a client sees it: small, labelled, and honest about what is missing."""

import json

import pytest

from strikedesk.domain.symbols import parse_symbol
from tests.fakes.broker import ScriptedBroker
from tests.fakes.clock import StoppedClock
from tests.tools.core_door import ERAS, Era
from tests.tools.paper_desk import PaperDesk, bought, facts_of, reason_of, rows_of, text_of

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
    assert facts["method"].keys() == {"beta", "value", "stress", "tails", "max_drawdown"}
    assert facts["margin"]["headroom"] > 0
    assert facts["concentration"]["share_of_worst"] == 1


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


async def test_an_empty_account_has_no_risk_and_a_strange_one_is_refused() -> None:
    async with PaperDesk().client() as client:
        empty = facts_of(await client.call_tool("get_portfolio_risk", MINE))
        strange = await client.call_tool("get_portfolio_risk", {"account": "somebody"})
        beyond = await client.call_tool("get_portfolio_risk", {**MINE, "page": 2})

    assert (empty["positions"], empty["stress"], empty["rows"]) == (0, None, [])
    assert reason_of(strange) == "ACCOUNT_UNKNOWN"
    assert reason_of(beyond) == "PAGE_PAST_END"
