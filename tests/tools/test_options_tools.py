"""Expirations and chains as a client sees them."""

from collections import Counter
from typing import Any

import pytest
from mcp import Client

from strikedesk.domain.symbols import OptionSymbol, parse_symbol
from strikedesk.market.columns import COLUMNS
from tests.tools.core_door import ERAS, Era
from tests.tools.paper_desk import PaperDesk, facts_of, reason_of, rows_of, text_of

AAPL = {"underlying": "AAPL"}


async def all_rows(client: Client, asked: dict[str, Any]) -> list[dict[str, Any]]:
    """Turn the pages of a chain until there is none left."""
    rows: list[dict[str, Any]] = []
    page: int | None = 1
    while page is not None:
        result = await client.call_tool("get_option_chain", asked | {"page": page})
        rows += rows_of(result)
        page = facts_of(result)["next_page"]
    return rows


@pytest.mark.parametrize("era", ERAS)
async def test_expirations_are_one_short_row_each(era: Era) -> None:
    async with PaperDesk().client(era) as client:
        rows = rows_of(await client.call_tool("list_expirations", AAPL))

    monthly = next(row for row in rows if row["expiration"] == "2026-12-18")
    assert monthly | {"strikes": 0, "lowest": 0, "highest": 0} == {
        "expiration": "2026-12-18",
        "days": 28,
        "monthly": True,
        "root": "AAPL",
        "settlement": "pm",
        "strikes": 0,
        "lowest": 0,
        "highest": 0,
    }
    assert 0 < monthly["lowest"] < monthly["highest"]
    assert [row["days"] for row in rows] == sorted(row["days"] for row in rows)


async def test_an_index_is_asked_for_by_its_own_name_and_shows_its_roots() -> None:
    async with PaperDesk().client() as client:
        rows = rows_of(await client.call_tool("list_expirations", {"underlying": "SPX"}))

    assert {(row["root"], row["settlement"]) for row in rows} == {("SPX", "am"), ("SPXW", "pm")}


@pytest.mark.parametrize("era", ERAS)
async def test_without_a_wish_it_is_the_money_of_the_next_monthly(era: Era) -> None:
    """What a person means by "show me the chain", and the count of all the rest."""
    async with PaperDesk().client(era) as client:
        result = await client.call_tool("get_option_chain", AAPL)
        expirations = rows_of(await client.call_tool("list_expirations", AAPL))

    facts, rows = facts_of(result), rows_of(result)
    assert facts["expirations"] == ["2026-12-18"]
    assert (facts["returned"], facts["total"], facts["next_page"]) == (40, 40, None)
    strikes = sorted({row["strike"] for row in rows})
    assert sum(strike <= facts["spot"] for strike in strikes) == 10
    assert sum(strike > facts["spot"] for strike in strikes) == 10
    listed = next(row["strikes"] for row in expirations if row["expiration"] == "2026-12-18")
    assert facts["filtered_out"] == {"strike": 2 * listed - 40}
    assert facts["rest_of_chain"] == {
        "expirations": len(expirations) - 1,
        "contracts": 2 * sum(row["strikes"] for row in expirations) - 2 * listed,
        "first": expirations[0]["expiration"],
        "last": expirations[-1]["expiration"],
    }


async def test_a_page_of_a_chain_costs_few_tokens() -> None:
    """Forty contracts in what one person would call a screen."""
    async with PaperDesk().client() as client:
        result = await client.call_tool("get_option_chain", AAPL)

    assert len(text_of(result)) < 2_200


async def test_pages_show_every_contract_once() -> None:
    """Never a silently shortened list."""
    asked = AAPL | {"days_max": 30, "strike_min": 0, "columns": ["symbol"]}
    async with PaperDesk().client() as client:
        facts = facts_of(await client.call_tool("get_option_chain", asked))
        rows = await all_rows(client, asked)

    symbols = [row["symbol"] for row in rows]
    assert len(symbols) == facts["total"] > 100
    assert set(Counter(symbols).values()) == {1}
    assert facts["filtered_out"] == {}


async def test_what_was_left_out_is_counted_by_the_first_reason() -> None:
    asked = AAPL | {"right": "put", "delta_min": 0.2, "delta_max": 0.4, "open_interest_min": 5000}
    async with PaperDesk().client() as client:
        result = await client.call_tool("get_option_chain", asked)
        whole = facts_of(await client.call_tool("get_option_chain", AAPL | {"strike_min": 0}))

    facts, rows = facts_of(result), rows_of(result)
    assert rows
    assert all(-0.4 <= row["delta"] <= -0.2 for row in rows)
    assert all(row["open_interest"] >= 5000 for row in rows)
    assert {row["right"] for row in rows} == {"P"}
    assert facts["total"] + sum(facts["filtered_out"].values()) == whole["total"]
    assert next(iter(facts["filtered_out"])) == "right"


async def test_several_expirations_are_named_by_their_symbols() -> None:
    """A strike and a right name nothing where there is more than one day."""
    asked = AAPL | {"expirations": "2026-11-27, 2026-12-18", "strikes_each_side": 2}
    async with PaperDesk().client() as client:
        rows = rows_of(await client.call_tool("get_option_chain", asked))

    contracts = [parse_symbol(row["symbol"]) for row in rows]
    assert Counter(c.expiration.isoformat() for c in contracts if isinstance(c, OptionSymbol)) == {
        "2026-11-27": 8,
        "2026-12-18": 8,
    }


@pytest.mark.parametrize("era", ERAS)
async def test_every_column_can_be_asked_for(era: Era) -> None:
    asked = AAPL | {"columns": [*COLUMNS], "strikes_each_side": 1}
    async with PaperDesk().client(era) as client:
        rows = rows_of(await client.call_tool("get_option_chain", asked))

    assert [list(row) for row in rows] == [[*COLUMNS]] * 4
    assert all(None not in row.values() for row in rows)


async def test_one_question_can_be_spelled_in_many_ways() -> None:
    """Lists as text, numbers as text, a right as a letter, an empty list for no wish."""
    plain: dict[str, Any] = AAPL | {
        "expirations": ["2026-12-18"],
        "right": "call",
        "strike_min": 180,
    }
    spelled: dict[str, Any] = {
        "underlying": " aapl ",
        "expirations": '["2026-12-18"]',
        "right": "C",
        "strike_min": "180.0",
        "columns": [],
        "page": "1",
    }
    async with PaperDesk().client() as client:
        answers = [await client.call_tool("get_option_chain", each) for each in (plain, spelled)]

    assert facts_of(answers[0]) == facts_of(answers[1])
    assert facts_of(answers[0])["returned"] > 0


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        ({"expirations": ["2026-12-18"], "days_max": 30}, "INVALID_ARGUMENT"),
        ({"days_min": 40, "days_max": 30}, "INVALID_ARGUMENT"),
        ({"strike_min": 200, "strike_max": 100}, "INVALID_ARGUMENT"),
        ({"delta_min": 0.4, "delta_max": 0.2}, "INVALID_ARGUMENT"),
        ({"days_min": 4_000}, "EXPIRATION_NOT_FOUND"),
        ({"page": 2}, "PAGE_PAST_END"),
    ],
)
async def test_a_wish_that_contradicts_itself_is_refused(wish: dict[str, Any], reason: str) -> None:
    async with PaperDesk().client() as client:
        result = await client.call_tool("get_option_chain", AAPL | wish)

    assert reason_of(result) == reason


async def test_nothing_found_is_an_answer() -> None:
    """With the count of what was looked through, so that a filter can be loosened."""
    async with PaperDesk().client() as client:
        result = await client.call_tool("get_option_chain", AAPL | {"open_interest_min": 10**9})

    facts = facts_of(result)
    assert (facts["total"], facts["rows"], facts["next_page"]) == (0, [], None)
    assert facts["filtered_out"]["open_interest"] == 40
