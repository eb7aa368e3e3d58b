"""analyze_strategy as a client sees it: a page that names the trade and adds up."""

import json
from dataclasses import replace
from math import sqrt
from pathlib import Path
from statistics import NormalDist
from typing import Any

import pytest

from strikedesk.domain.symbols import parse_option, parse_symbol
from strikedesk.exchange.clock import VenueClock
from strikedesk.wiring.own_strategies import OwnStrategies
from tests.fakes.broker import ScriptedBroker
from tests.fakes.clock import StoppedClock, TickingClock
from tests.tools.core_door import ERAS, Era
from tests.tools.paper_desk import PaperDesk, facts_of, reason_of, rows_of, text_of

CHARACTERS_MAX = 3_000


def legs(*written: str) -> dict[str, Any]:
    """Return the legs of `-1 SPY 2026-12-18 540 C`, opening ones."""
    found: list[dict[str, Any]] = []
    for each in written:
        count, _, symbol = each.partition(" ")
        shares = " " not in symbol
        action = ("buy" if int(count) > 0 else "sell") + ("" if shares else "_to_open")
        found.append({"symbol": symbol, "action": action, "quantity": abs(int(count))})
    return {"legs": found}


CONDOR = legs(
    "2 SPY 2026-12-18 475 P",
    "-2 SPY 2026-12-18 480 P",
    "-2 SPY 2026-12-18 515 C",
    "2 SPY 2026-12-18 520 C",
)


@pytest.mark.parametrize("era", ERAS)
async def test_a_strategy_is_named_and_adds_up(era: Era) -> None:
    async with PaperDesk().client(era) as client:
        result = await client.call_tool("analyze_strategy", {**CONDOR, "stated_volatility": 0.3})

    facts, rows = facts_of(result), rows_of(result)
    assert (facts["underlying"], facts["strategy"], facts["units"]) == ("SPY", "iron condor", 2)
    assert facts["cost"] == pytest.approx(sum(r["quantity"] * r["price"] * 100 for r in rows))
    assert facts["cost"] < 0
    assert facts["max_profit"] == pytest.approx(-facts["cost"])
    assert facts["max_loss"] == pytest.approx(1_000 + facts["cost"])
    assert (facts["exact"], facts["unbounded"]) == (True, [])
    low, high = facts["break_evens"]
    assert 475 < low < 480
    assert 515 < high < 520
    assert 0.3 < facts["profit_probability"] < 0.95
    assert facts["stated"]["volatility"] == 0.3
    assert facts["stated"]["profit_probability"] < facts["profit_probability"]
    assert facts["stated"]["expected_value"] < -50 < -20 < facts["expected_value"] < 20
    assert facts["distribution"] == "smile"
    assert facts["capital"] == facts["max_loss"]
    assert facts["return_on_capital"] == pytest.approx(
        facts["max_profit"] / facts["max_loss"], abs=1e-4
    )
    assert facts["greeks"]["theta"] > 0 > facts["greeks"]["vega"]
    assert facts["liquidity"]["to_cross"] > 0
    for row in rows:
        assert row["touch"] >= row["in_the_money"] > 0
        assert row["assignment"] == "unlikely"


async def test_legs_that_end_together_do_so_while_time_passes() -> None:
    """A clock that was read for each leg made a diagonal of every spread."""
    desk = PaperDesk(clock=TickingClock(), venue=VenueClock())
    async with desk.client() as client:
        facts = facts_of(await client.call_tool("analyze_strategy", CONDOR))

    assert (facts["strategy"], facts["exact"]) == ("iron condor", True)


async def test_an_answer_costs_few_tokens() -> None:
    """Half of what a scan may, with every leg's figures."""
    async with PaperDesk().client() as client:
        result = await client.call_tool("analyze_strategy", {**CONDOR, "stated_volatility": 0.3})

    assert len(text_of(result)) <= CHARACTERS_MAX
    assert len(json.dumps(facts_of(result), separators=(",", ":"))) <= CHARACTERS_MAX


async def test_shares_calendars_and_bare_sales_say_what_they_are() -> None:
    """Nothing is bounded that is not; what is sampled says so; a capital that is given counts."""
    async with PaperDesk().client() as client:
        covered = await client.call_tool(
            "analyze_strategy", legs("100 AAPL", "-1 AAPL 2026-12-18 185 C")
        )
        calendar = await client.call_tool(
            "analyze_strategy", legs("-1 AAPL 2026-12-18 175 C", "1 AAPL 2027-01-15 175 C")
        )
        bare = await client.call_tool(
            "analyze_strategy", {**legs("-1 AAPL 2026-12-18 185 C"), "capital": "5000"}
        )

    assert facts_of(covered)["strategy"] == "covered call"
    assert rows_of(covered)[0] == {
        "symbol": "AAPL",
        "quantity": 100,
        "price": facts_of(covered)["spot"],
        "iv": None,
        "delta": 1,
        "in_the_money": None,
        "touch": None,
        "assignment": None,
    }
    assert (facts_of(calendar)["strategy"], facts_of(calendar)["exact"]) == ("call calendar", False)
    assert facts_of(calendar)["max_loss"] == pytest.approx(facts_of(calendar)["cost"], rel=0.05)
    assert (facts_of(bare)["max_loss"], facts_of(bare)["unbounded"]) == (None, ["loss"])
    assert facts_of(bare)["capital"] == 5_000
    assert facts_of(bare)["margin"]["buying_power_taken"] > 0
    assert facts_of(bare)["return_on_capital"] > 0


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (legs("100 AAPL"), "INVALID_LEGS"),
        (legs("1 AAPL 2026-12-18 175 C", "-1 SPY 2026-12-18 540 C"), "INVALID_LEGS"),
        (legs("1 AAPL 2026-12-18 175 C", "-1 AAPL 2026-12-18 175 C"), "INVALID_LEGS"),
        (legs("1 AAPL 2026-12-18 3 C"), "CONTRACT_NOT_FOUND"),
        ({**CONDOR, "stated_volatility": 0}, "INVALID_ARGUMENT"),
        ({**CONDOR, "capital": 0}, "INVALID_ARGUMENT"),
    ],
)
async def test_what_is_no_strategy_is_refused(asked: dict[str, Any], reason: str) -> None:
    """By the reason a preview would give, and before anything is computed."""
    async with PaperDesk().client() as client:
        result = await client.call_tool("analyze_strategy", asked)

    assert reason_of(result) == reason


async def test_a_few_words_choose_the_legs() -> None:
    """An assistant that spends no chain on it still knows what it would trade."""
    asked = {"underlying": "spy", "strategy": "Iron condor, 35 DTE, 16 delta, 5 wide, x 2"}
    async with PaperDesk().client() as client:
        found = await client.call_tool("analyze_strategy", asked)
        rows = rows_of(found)
        again = legs(*(f"{row['quantity']} {parse_option(row['symbol']).words}" for row in rows))
        spelled = await client.call_tool("analyze_strategy", again)

    assert (facts_of(found)["strategy"], facts_of(found)["units"]) == ("iron condor", 2)
    assert facts_of(found) == facts_of(spelled)
    put_bought, put_sold, call_sold, call_bought = sorted(
        (parse_option(row["symbol"]).strike, row["quantity"]) for row in rows
    )
    assert [each[1] for each in (put_bought, put_sold, call_sold, call_bought)] == [2, -2, -2, 2]
    assert put_sold[0] - put_bought[0] == call_bought[0] - call_sold[0] == 5
    assert {parse_option(row["symbol"]).expiration.isoformat() for row in rows} == {"2026-12-24"}
    sold: list[float] = [row["delta"] for row in rows if row["quantity"] < 0]
    assert sorted(abs(delta) for delta in sold) == pytest.approx([0.16, 0.16], abs=0.02)


@pytest.mark.parametrize(
    ("underlying", "strategy", "named"),
    [
        ("AAPL", "covered call, 30 DTE, 30 delta", "covered call"),
        ("AAPL", "protective call, 30 DTE", "protective call"),
        ("AAPL", "call calendar, 30/60 DTE", "call calendar"),
        ("SPX", "long call, 0 DTE, 50 delta", "long call"),
        ("SPX", "short strangle, 24 DTE, 16 delta", "short strangle"),
    ],
)
async def test_words_reach_shares_several_expirations_and_two_roots(
    underlying: str, strategy: str, named: str
) -> None:
    """Of the roots that end on one day the one that ends with the day is taken."""
    async with PaperDesk().client() as client:
        found = await client.call_tool(
            "analyze_strategy", {"underlying": underlying, "strategy": strategy}
        )

    assert facts_of(found)["strategy"] == named
    symbols = [row["symbol"] for row in rows_of(found)]
    assert all(each.startswith("SPXW") for each in symbols if underlying == "SPX"), symbols


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({}, "legs alone, or strategy and underlying without legs"),
        ({**CONDOR, "strategy": "long call, 30 DTE"}, "legs alone"),
        ({**CONDOR, "underlying": "SPY"}, "legs alone"),
        ({"strategy": "long call, 30 DTE"}, "legs alone"),
        ({"underlying": "SPY", "strategy": "iron candor, 30 DTE"}, "iron condor"),
        ({"underlying": "SPY", "strategy": "iron condor, 30 DTE"}, "say how wide"),
        ({"underlying": "SPY", "strategy": "long call, 30 DTE, <b>"}, "part 3 is not understood"),
        ({"underlying": "SPY", "strategy": "x" * 201}, "1 to 200 printable"),
        ({"underlying": "NOPE", "strategy": "long call, 30 DTE"}, "search_symbols"),
    ],
)
async def test_words_that_leave_it_open_are_refused(asked: dict[str, Any], told: str) -> None:
    """Nothing is guessed, nothing repeated; the answer says what to say instead."""
    async with PaperDesk().client() as client:
        result = await client.call_tool("analyze_strategy", asked)

    assert reason_of(result) in {"INVALID_ARGUMENT", "SYMBOL_NOT_FOUND"}
    assert told in text_of(result)
    assert "<b>" not in text_of(result)


async def test_volatilities_are_those_of_american_options_where_they_are() -> None:
    """Read as a European one, this call of a year seems three points less volatile than it is."""
    asked = legs("1 AAPL 2027-09-17 145 C", "-1 AAPL 2027-09-17 200 P")
    chain = {
        "underlying": "AAPL",
        "expirations": ["2027-09-17"],
        "strike_min": 145,
        "strike_max": 145,
        "right": "call",
        "columns": ["strike", "iv", "delta"],
    }
    async with PaperDesk().client() as client:
        found = await client.call_tool("analyze_strategy", asked)
        (told,) = rows_of(await client.call_tool("get_option_chain", chain))

    call, put = rows_of(found)
    assert facts_of(found)["exercise"] == "american"
    assert call["iv"] == pytest.approx(told["iv"], abs=0.012)
    assert call["delta"] == pytest.approx(told["delta"], abs=0.012)
    assert put["assignment"] == "interest"
    assert facts_of(found)["greeks"]["delta"] == pytest.approx(
        100 * (call["delta"] - put["delta"]), abs=0.02
    )


async def test_how_the_delta_moves_follows_from_the_deltas_told() -> None:
    """Black's vanna and charm, worked out here from the iv and the delta of each leg alone."""
    asked = legs("2 SPXW 2026-12-31 5500 C", "-1 SPXW 2026-12-31 4800 P")
    async with PaperDesk().client() as client:
        found = await client.call_tool("analyze_strategy", asked)

    facts, normal = facts_of(found), NormalDist()
    years, vanna, charm = facts["days"] / 365, 0.0, 0.0
    for row in rows_of(found):
        d1 = normal.inv_cdf(row["delta"] % 1)  # A put's is its call's less one.
        d2 = d1 - row["iv"] * sqrt(years)
        shares = 100 * row["quantity"] * normal.pdf(d1)
        vanna -= shares * d2 / row["iv"] / 100
        charm += shares * d2 / (2 * years) / 365
    assert facts["greeks"]["vanna"] == pytest.approx(vanna, rel=5e-3)
    assert facts["greeks"]["charm"] == pytest.approx(charm, rel=5e-3)


async def test_options_on_an_index_wait_for_their_end() -> None:
    """Nobody is assigned early, however deep in the money what was sold."""
    async with PaperDesk().client() as client:
        found = await client.call_tool(
            "analyze_strategy", legs("-1 SPXW 2026-12-31 5700 P", "1 SPXW 2026-12-31 4800 P")
        )

    assert facts_of(found)["exercise"] == "european"
    assert [row["assignment"] for row in rows_of(found)] == ["unlikely", "unlikely"]


async def test_an_account_s_broker_says_what_is_bound_and_nothing_is_left_behind() -> None:
    """A condor binds its width less the credit, and the fees; a bare sale a margin of its own."""
    desk = PaperDesk()
    condor = {"underlying": "SPY", "strategy": "iron condor, 35 DTE, 16 delta, 5 wide"}
    bare = {"underlying": "AAPL", "strategy": "short put, 35 DTE, 16 delta"}
    account = {"account": "paper-margin"}
    async with desk.client() as client:
        before = facts_of(await client.call_tool("get_balances", account))
        spread = facts_of(await client.call_tool("analyze_strategy", condor | account))
        alone = facts_of(await client.call_tool("analyze_strategy", bare | account))
        given = facts_of(
            await client.call_tool("analyze_strategy", bare | account | {"capital": 4_000})
        )
        orders = facts_of(await client.call_tool("list_orders", account))
        after = facts_of(await client.call_tool("get_balances", account))

    assert spread["margin"]["account"] == "paper-margin"
    assert spread["margin"]["requirement"] == 500
    assert spread["margin"]["buying_power_taken"] == pytest.approx(spread["max_loss"], abs=10)
    assert spread["capital"] == spread["margin"]["buying_power_taken"]
    assert spread["return_on_capital"] == pytest.approx(
        spread["max_profit"] / spread["capital"], abs=1e-4
    )
    assert 0 < alone["capital"] == alone["margin"]["buying_power_taken"] < alone["max_loss"] / 4
    assert given["capital"] == 4_000
    assert (orders["total"], before["option_buying_power"]) == (0, after["option_buying_power"])


@pytest.mark.parametrize(
    "words",
    ["iron condor, 35 DTE, 5 wide", "short strangle, 35 DTE, 16 delta", "long call, 35 DTE"],
)
async def test_without_an_account_regulation_t_says_what_an_empty_one_would_bind(
    words: str,
) -> None:
    """By account it is dearer by the fees, and by the step to which its price is rounded."""
    asked = {"underlying": "SPY", "strategy": words}
    async with PaperDesk().client() as client:
        ruled = facts_of(await client.call_tool("analyze_strategy", asked))
        told = facts_of(
            await client.call_tool("analyze_strategy", asked | {"account": "paper-margin"})
        )

    assert (ruled["margin"]["account"], ruled["margin"]["refusals"]) == (None, [])
    assert ruled["margin"]["requirement"] == told["margin"]["requirement"]
    dearer = told["margin"]["buying_power_taken"] - ruled["margin"]["buying_power_taken"]
    assert 0 <= dearer <= 15
    assert ruled["capital"] == ruled["margin"]["buying_power_taken"]


async def test_what_an_account_may_not_open_is_said_beside_the_margin() -> None:
    cash = {"underlying": "SPY", "strategy": "iron condor, 35 DTE, 5 wide", "account": "paper-cash"}
    async with PaperDesk().client() as client:
        found = await client.call_tool("analyze_strategy", cash)
        nobody = await client.call_tool("analyze_strategy", cash | {"account": "nobody"})

    assert facts_of(found)["margin"]["refusals"] == ["option_level_too_low"]
    assert reason_of(nobody) == "ACCOUNT_UNKNOWN"


OWN = """
[[strategy]]
name = "one by three"
legs = "+P2 -3P1"
"""


def with_own(desk: PaperDesk, home: Path, *files: str) -> PaperDesk:
    """Return the desk with strategies of its owner's in files a.toml, b.toml."""
    for letter, text in zip("ab", files, strict=False):
        (home / f"{letter}.toml").write_text(text)
    desk.opened = replace(desk.opened, strategies=OwnStrategies(home))
    return desk


async def test_a_strategy_of_the_owner_s_is_built_and_recognised_by_its_name(
    tmp_path: Path,
) -> None:
    asked = {"underlying": "SPY", "strategy": "One by Three, 35 DTE, 16 delta, 10 wide"}
    async with with_own(PaperDesk(), tmp_path, OWN).client() as client:
        found = await client.call_tool("analyze_strategy", asked)
    async with PaperDesk().client() as client:
        stranger = await client.call_tool("analyze_strategy", asked)

    assert facts_of(found)["strategy"] == "one by three"
    assert sorted(row["quantity"] for row in rows_of(found)) == [-3, 1]
    assert "unread" not in facts_of(found)
    assert reason_of(stranger) == "INVALID_ARGUMENT"


async def test_what_is_held_has_the_owner_s_names_too(tmp_path: Path) -> None:
    """And a file that was left out is told beside them, and hides no position."""
    held = {
        parse_symbol("AAPL261218P00170000"): -3,
        parse_symbol("AAPL261218P00180000"): 1,
    }
    broker = ScriptedBroker(clock=StoppedClock(), quoted={}, held=held)
    desk = with_own(PaperDesk(other=broker), tmp_path, OWN, "strategy = 1")
    async with desk.client() as client:
        found = await client.call_tool("list_positions", {"account": "paper-margin"})

    strategies = facts_of(found)["strategies"]
    assert [row[2] for row in strategies["rows"]] == ["one by three"]
    (unread,) = strategies["unread"]
    assert "b.toml: line 1: write each strategy under a header" in unread


async def test_a_bad_file_is_told_where_it_may_matter(tmp_path: Path) -> None:
    """Asked for a name that nobody knows, the desk says which file it could not read, and where."""
    bad = OWN.replace("+P2", "+Q2")
    async with with_own(PaperDesk(), tmp_path, bad).client() as client:
        usual = await client.call_tool("analyze_strategy", CONDOR)
        asked = {"underlying": "SPY", "strategy": "one by three, 35 DTE, 10 wide"}
        unknown = await client.call_tool("analyze_strategy", asked)

    why = "line 4: leg 1 is none: write +C1, -2P3b or +S"
    assert facts_of(usual)["strategy"] == "iron condor"
    assert facts_of(usual)["unread"] == [f"{tmp_path.name}/a.toml: {why}"]
    assert reason_of(unknown) == "CONFIGURATION_UNREADABLE"
    assert why in text_of(unknown)


async def test_a_leg_that_nobody_lists_is_not_guessed() -> None:
    """A price that was made up would be traded on."""
    broker = ScriptedBroker(clock=StoppedClock(), quoted={}, held={parse_symbol("AAPL"): 100})
    async with PaperDesk(other=broker).client() as client:
        result = await client.call_tool("analyze_strategy", legs("1 AAPL 2026-12-18 175 C"))

    assert reason_of(result) == "EXPIRATION_NOT_FOUND"
