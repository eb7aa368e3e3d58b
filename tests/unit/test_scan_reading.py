"""Scans as people write them: whole or not at all, and every mistake with its line."""

from pathlib import Path

import pytest

from strikedesk.domain.symbols import EquitySymbol
from strikedesk.domain.underlying_facts import WORDS, UnderlyingFact
from strikedesk.quant.candidates.measures import MEANINGS, Measure
from strikedesk.quant.strategies.patterns import PATTERNS, Pattern, Wings, signature_of
from strikedesk.scan.definition import (
    Around,
    Bounds,
    Caps,
    ChainLimits,
    Distribution,
    PortfolioRules,
    Scan,
    Universe,
)
from strikedesk.scan.library import starter_texts, starters
from strikedesk.scan.reading import DEFINITION_MAX, UNNAMED, scan_of
from strikedesk.scan.toml_table import BadScanError

FULL = """\
name = "my condor 45"
description = "What I trade"
source = "Myself"
strategy = "Iron Condor"
symbols = ["spy", "QQQ", "SPY"]
top = 3
every = "15m"
distribution = "realised"
slippage = 0.25

[chain]
days = { min = 30, max = 60 }
strikes = { min = 0.8, max = 1.2 }
sold = { min = 0.1, max = 0.2 }
bought = { max = 0.15 }
wing = 5

[rules]
credit_to_width = { min = 0.2 }   # a fifth at least
max_loss = { max = 5 }

[underlying]
iv_rank = { min = 0.3 }
liquidity = ["good", "fair"]
no_earnings = true

[caps]
per_symbol = 2
per_expiration = 1
per_sector = 1
correlation = 0.9

[sectors]
spy = "market"

[portfolio]
loss_share = 0.02
power_share = 0.25
positions = 4
account = "paper"

[rank]
return_on_risk = 1
touch_probability = -2.5
"""
SHORT = 'strategy = "short put"\n'


def test_everything_that_can_be_said_is_read() -> None:
    assert scan_of(FULL) == Scan(
        name="my condor 45",
        description="What I trade",
        source="Myself",
        pattern=next(each for each in PATTERNS if each.name == "iron condor"),
        universe=Universe(symbols=(EquitySymbol("SPY"), EquitySymbol("QQQ"))),
        chain=ChainLimits(
            days=Bounds(low=30, high=60),
            far_days=Bounds(low=1, high=120),
            strikes=Bounds(low=0.8, high=1.2),
            sold=Bounds(low=0.1, high=0.2),
            bought=Bounds(high=0.15),
            wing=5,
        ),
        rules={Measure.CREDIT_TO_WIDTH: Bounds(low=0.2), Measure.MAX_LOSS: Bounds(high=5)},
        facts={
            UnderlyingFact.IV_RANK: Bounds(low=0.3),
            UnderlyingFact.LIQUIDITY: ("good", "fair"),
        },
        around=Around(no_earnings=True),
        caps=Caps(
            per_symbol=2,
            per_expiration=1,
            per_sector=1,
            correlation=0.9,
            sectors={"SPY": "market"},
        ),
        portfolio=PortfolioRules(loss_share=0.02, power_share=0.25, positions=4, account="paper"),
        weights={Measure.RETURN_ON_RISK: 1.0, Measure.TOUCH_PROBABILITY: -2.5},
        distribution=Distribution.REALISED,
        slippage=0.25,
        top=3,
        every_s=900,
    )


def test_a_strategy_alone_is_a_scan() -> None:
    """What a model asks in passing has no name and few rules."""
    scan = scan_of(SHORT)

    assert (scan.name, scan.top, scan.every_s, scan.rules) == (UNNAMED, 10, None, {})
    assert scan.weights == {Measure.EV_TO_RISK: 1.0}
    assert not scan.portfolio.any


def test_a_strategy_may_be_written_out() -> None:
    scan = scan_of('strategy = "one by three"\nlegs = "+P2 -3P1"\nwings = "any"')

    expected = Pattern(name="one by three", signature=signature_of("+P2 -3P1"), wings=Wings.ANY)
    assert scan.pattern == expected


def test_an_owners_own_strategy_is_known_by_its_name() -> None:
    """It may have been built where the desk keeps the owner's strategies."""
    own = Pattern(name="One By Three", signature=signature_of("+P2 -3P1"))

    assert scan_of('strategy = "one by three"', [*PATTERNS, own]).pattern == own


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("strategy = ", 1, "no TOML"),
        ('a = 1\nb = "', 2, "no TOML"),
        ("a = " + "[" * 3_000, 1, "no TOML"),
        ("x" * (DEFINITION_MAX + 1), 1, "characters"),
        ("top = 3", 1, "strategy"),
        ("strategy = 3", 1, "text"),
        ('strategy = "iron kondor"', 1, "did you mean iron condor"),
        ('strategy = "long shares"', 1, "no such strategy"),
        ('strategy = "double diagonal box"\n', 1, "no such strategy"),
        ('strategy = "iron condor"\nlegs = "+P1 -P2"', 1, "new name"),
        ('strategy = "x"\nlegs = "+P1 -Z2"', 2, "misspelt"),
        ('strategy = "x"\nlegs = "+P1 -P2"', 2, "have a name already"),
        ('strategy = "x"\nlegs = "+P1 -P2 +P3 -2P4 +C5"', 2, "at most 4"),
        ('strategy = "x"\nlegs = "+2P1 -P2"\nwings = "odd"', 3, "wings are"),
        (SHORT + 'name = "Loud!"', 2, "small letters"),
        (SHORT + 'description = "a\\nb"', 2, "one line"),
        (SHORT + 'symbols = "SPY"', 2, "list"),
        (SHORT + 'symbols = ["SPY 2026"]', 2, "tickers"),
        (SHORT + "symbols = [1]", 2, "list"),
        (SHORT + 'symbols = ["SPY"]\nwatchlist = "Tech"', 3, "either"),
        (SHORT + "top = 0", 2, "whole number from 1"),
        (SHORT + "top = true", 2, "whole number"),
        (SHORT + 'every = "5s"', 2, '"30s" to "1d"'),
        (SHORT + 'every = "soon"', 2, '"30s" to "1d"'),
        (SHORT + 'distribution = "mine"', 2, "market or realised"),
        (SHORT + "slippage = 2", 2, "from 0 to 1"),
        (SHORT + "chane = 1", 2, "did you mean chain"),
        (SHORT + "\n[rules]\n\ncredit = 3", 5, "min = 1"),
        (SHORT + "[rules]\ncredit = {}", 3, "min = 1"),
        (SHORT + "[rules]\ncredit = { min = true }", 3, "min = 1"),
        (SHORT + "[rules]\ncredit = { min = 1e300 }", 3, "min = 1"),
        (SHORT + "[rules]\ncredit = { least = 1 }", 3, "min = 1"),
        (SHORT + "[rules]\ncredit = { min = 3, max = 2 }", 3, "min 3 is above max 2"),
        (SHORT + "[rules]\n# first\ncredits = { min = 3 }", 4, "did you mean credit"),
        (SHORT + "[rules]\nzzzzz = { min = 3 }", 3, "docs/scans.md"),
        (SHORT + '[rules]\n"<b>" = { min = 3 }', 3, "that key"),
        (SHORT + "[rules]\ndays = { min = 3 }", 3, "[chain]"),
        (SHORT + "[rules]\nmax_loss = { max = 0 }", 3, "0.005 at least"),
        (SHORT + "rules = 3", 2, "[rules]"),
        (SHORT + "[chain]\ndays = { min = -3 }", 3, "more than 0"),
        (SHORT + "[chain]\nstrikes = { max = 0 }", 3, "more than 0"),
        (SHORT + "[chain]\nfar_days = { min = 3 }", 3, "one expiration"),
        (SHORT + "[chain]\nsold = { min = 16 }", 3, "0 to 1"),
        (SHORT + "[chain]\nwings = 3", 3, "did you mean wing"),
        (SHORT + "[underlying]\niv_rank = 0.3", 3, "min = 1"),
        (SHORT + '[underlying]\nliquidity = ["superb"]', 3, "good, fair, poor"),
        (SHORT + "[underlying]\nno_earnings = 1", 3, "true or false"),
        (SHORT + "[underlying]\nivrank = { min = 0.3 }", 3, "did you mean iv_rank"),
        (SHORT + "[caps]\nper_symbol = 0", 3, "whole number"),
        (SHORT + "[caps]\nper_sector = 1", 3, "[sectors]"),
        (SHORT + "[caps]\ncorrelation = 2", 3, "from -1 to 1"),
        (SHORT + "[portfolio]\nloss_share = 2", 3, "from 0 to 1"),
        (SHORT + "[portfolio]\nmax = 2", 3, "known are"),
        (SHORT + "[portfolio]\naccount = 5", 3, "text of 1 to 64"),
        (SHORT + "[rank]\ncredit = 0", 3, "not 0"),
        (SHORT + "[rank]\ngain = 1", 3, "unknown"),
    ],
)
def test_a_mistake_is_refused_with_its_line(text: str, line: int, word: str) -> None:
    """A rule that was dropped in silence would let through what its owner ruled out."""
    with pytest.raises(BadScanError) as refused:
        scan_of(text)

    assert (refused.value.line, word in refused.value.problem) == (line, True), refused.value


def test_what_was_written_is_not_repeated() -> None:
    """A secret that was pasted would come back, into a chat and a log."""
    with pytest.raises(BadScanError) as refused:
        scan_of(SHORT + '[rules]\n"sk-live-Hunter2" = { min = 3 }')

    assert "Hunter2" not in str(refused.value)


def test_ten_starters_load_and_say_where_they_are_known_from() -> None:
    """Each under the name of its file, with symbols, rules and an order of its own."""
    assert len(starters()) == 10
    assert [*starters()] == sorted(starters())
    for name, scan in starters().items():
        assert scan.name == name
        assert scan.description
        assert scan.source
        assert scan.universe.symbols
        assert scan.rules
        assert "[rank]" in starter_texts()[name]


def test_the_page_about_scans_names_everything_that_can_be_said() -> None:
    """Its example loads, and a measure or starter that is added gets its line."""
    page = (Path(__file__).parents[2] / "docs" / "scans.md").read_text(encoding="utf-8")
    example = page.split("```toml\n")[1].split("```")[0]
    names = [*Measure, *UnderlyingFact, *starters(), *WORDS[UnderlyingFact.LIQUIDITY]]

    assert [name for name in names if f"`{name}`" not in page] == []

    assert scan_of(example).portfolio.any
    for measure, meaning in MEANINGS.items():
        assert f"| `{measure}` | {meaning.unit} |" in page


@pytest.mark.parametrize(
    ("bounds", "inside", "outside", "said"),
    [
        (Bounds(low=1.0), 1.0, 0.99, ">= 1"),
        (Bounds(high=0.5), 0.5, 0.51, "<= 0.5"),
        (Bounds(low=1, high=2), 1.5, 2.5, "1 to 2"),
    ],
)
def test_bounds_hold_at_their_ends(
    bounds: Bounds, inside: float, outside: float, said: str
) -> None:
    assert bounds.hold(inside)
    assert not bounds.hold(outside)
    assert str(bounds) == said


@pytest.mark.parametrize("unknown", [None, float("nan")])
def test_what_is_not_known_is_within_no_bounds(unknown: float | None) -> None:
    """A check that lacks its fact denies."""
    assert not Bounds(low=0.0).hold(unknown)
    assert not Bounds(low=-1e9, high=1e9).hold(unknown)
