"""The picture of a strategy: what it must show, small, the same each time, in our words alone."""

from dataclasses import replace
from math import inf

import pytest

from strikedesk.domain.quotes import Feed
from strikedesk.domain.symbols import EquitySymbol
from strikedesk.portfolio.from_words import legs_from_words
from strikedesk.portfolio.proposal import StrategyReport, strategy_report
from strikedesk.quant.strategies.patterns import PATTERNS, Pattern, signature_of
from strikedesk.server.pictures import easel
from strikedesk.server.pictures.payoff import payoff_chart
from tests.tools.core_door import ERAS, Era
from tests.tools.paper_desk import PaperDesk, facts_of
from tests.tools.test_pictures import SIZE_MAX, WARNING, opened, picture_in, pixels
from tests.tools.test_strategy_tool import CONDOR

INK, LINE, HALF = (0x1F, 0x29, 0x33), (0x1F, 0x5F, 0xA8), (0x7B, 0x61, 0xA8)
WON, LOST, BAND = (0xE1, 0xEF, 0xEC), (0xF7, 0xE6, 0xE3), (0xEE, 0xF3, 0xF9)


async def report(words: str, *, own: tuple[Pattern, ...] = ()) -> StrategyReport:
    desk = await PaperDesk().desk()
    spy, known = EquitySymbol("SPY"), (*PATTERNS, *own)
    legs = await legs_from_words(desk.market, spy, words, known)
    return await strategy_report(desk.market, legs, patterns=known, drawn=True)


def drawn(found: StrategyReport) -> bytes:
    assert found.lines is not None
    return payoff_chart(found, found.lines)


@pytest.mark.parametrize("era", ERAS)
async def test_a_picture_comes_beside_the_figures_where_it_is_asked_for(era: Era) -> None:
    """The figures are the same with it and without it."""
    async with PaperDesk().client(era) as client:
        shown = await client.call_tool("analyze_strategy", CONDOR | {"picture": "true"})
        bare = await client.call_tool("analyze_strategy", CONDOR)

    png = picture_in(shown)
    assert opened(png).size == (easel.WIDTH, easel.HEIGHT)
    assert facts_of(shown) == {**facts_of(bare), "pictures": 1}
    assert (facts_of(bare)["pictures"], len(bare.content)) == (0, 1)


@pytest.mark.parametrize(
    "words",
    [
        "iron condor, 35 DTE, 16 delta, 5 wide, x 2",
        "call calendar, 30/60 DTE",
        "double diagonal, 30/60 DTE, 20 delta, 10 wide",
        "covered call, 30 DTE, 30 delta",
        "short strangle, 45 DTE, 16 delta, x 9999",
        "iron butterfly, 0 DTE, 5 wide",
        "long put, 700 DTE, 2 delta",
    ],
)
async def test_every_strategy_has_a_small_picture_that_shows_its_lines(words: str) -> None:
    """The lines of the end, of half way and of now, and where the share may be expected."""
    png = drawn(await report(words))

    assert opened(png).size == (easel.WIDTH, easel.HEIGHT)
    assert len(png) < SIZE_MAX
    for color in (INK, LINE, HALF, WARNING):
        assert pixels(png, color) > 100, color
    for color in (WON, LOST, BAND):
        assert pixels(png, color) > 1_000, color


async def test_what_cannot_lose_has_no_loss_in_its_picture() -> None:
    png = drawn(await report("long box, 45 DTE, 10 wide"))

    assert (pixels(png, LOST), pixels(png, WON) > 1_000) == (0, True)


async def test_a_picture_is_the_same_each_time() -> None:
    found = await report("iron condor, 35 DTE, 16 delta, 5 wide")

    assert drawn(found) == drawn(found)


async def test_prices_of_a_real_market_carry_no_warning() -> None:
    found = await report("long call, 35 DTE, 30 delta")

    assert pixels(drawn(replace(found, feed=Feed.REALTIME)), WARNING) == 0


@pytest.mark.parametrize("name", ["$\\frac{1}{0}$ by three", "\N{SNOWMAN} by three", "x" * 60])
async def test_an_owner_s_name_is_written_and_never_set(name: str) -> None:
    """Dollar signs would be read as mathematics, a strange letter drawn as a box."""
    own = Pattern(name=name, signature=signature_of("+P2 -3P1"))

    png = drawn(await report(f"{name}, 35 DTE, 10 wide", own=(own,)))

    assert opened(png).size == (easel.WIDTH, easel.HEIGHT)


async def test_what_has_no_bound_and_no_break_even_can_be_drawn() -> None:
    found = await report("long call, 35 DTE")
    bounds = replace(found.analysis.bounds, max_profit=inf, max_loss=inf, break_evens=())

    png = drawn(replace(found, analysis=replace(found.analysis, bounds=bounds)))

    assert pixels(png, INK) > 100
