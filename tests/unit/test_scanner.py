"""The scanner on the simulated market, held to an oracle that looks at every trade by itself."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import combinations
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from strikedesk.domain.accounts import Balances, Position
from strikedesk.domain.errors import Denied, Unavailable
from strikedesk.domain.ports import Watchlist
from strikedesk.domain.quotes import Bar, ChainRow, Expiration, Quote
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Right, Symbol, parse_symbol
from strikedesk.domain.underlying_facts import Known, UnderlyingFact
from strikedesk.market.slices import ChainSlice
from strikedesk.quant.candidates.measures import Measure
from strikedesk.scan.definition import Scan
from strikedesk.scan.picks import Pick
from strikedesk.scan.reading import scan_of
from strikedesk.scan.scanner import TELLS_WHY_UP_TO, Scanner
from strikedesk.scan.verdicts import SymbolVerdict, Verdict
from tests.builders import NOON
from tests.tools.paper_desk import PaperDesk

AAPL: Final = EquitySymbol("AAPL")
HALF: Final = Decimal("0.5")
PUT_SPREADS: Final = """\
strategy = "bull put spread"
symbols = ["AAPL"]
[chain]
days = { min = 20, max = 40 }
strikes = { min = 0.85, max = 1.05 }
"""


@pytest.fixture(scope="module")
def desk() -> PaperDesk:
    """Return a desk whose chains the tests of this module share."""
    return PaperDesk()


@pytest.fixture
def scanner(desk: PaperDesk) -> Scanner:
    return desk.opened.scanner


@dataclass
class Facts:
    """Says what it was told of every underlying."""

    told: dict[UnderlyingFact, Known] = field(default_factory=dict[UnderlyingFact, Known])

    async def facts(
        self, underlying: EquitySymbol, wanted: Collection[UnderlyingFact]
    ) -> Mapping[UnderlyingFact, Known]:
        return {fact: self.told[fact] for fact in wanted}


@dataclass
class Account:
    """An account that is worth, and holds, what it was told."""

    worth: Decimal | None = Decimal(100_000)
    power: Decimal | None = Decimal(50_000)
    symbols: tuple[str, ...] = ()
    asked: list[str] = field(default_factory=list[str])

    async def balances(self, handle: str) -> Balances:
        self.asked.append(handle)
        return Balances(
            account_id="1", as_of=NOON, net_liquidation=self.worth, option_buying_power=self.power
        )

    async def held(self, handle: str) -> tuple[Position, ...]:
        self.asked.append(handle)
        return tuple(
            Position(
                account_id="1",
                symbol=parse_symbol(each),
                quantity=1,
                multiplier=100,
                average_price=Decimal(1),
            )
            for each in self.symbols
        )


@dataclass
class Broken:
    """A market of which some part fails."""

    inner: Scanner
    quoteless: bool = False
    at: datetime = NOON

    def now(self) -> datetime:
        return self.at

    async def ready(self) -> None:
        return None

    async def quotes(self, symbols: Collection[Symbol]) -> Mapping[Symbol, Quote]:
        return {}

    async def expirations(self, underlying: EquitySymbol) -> tuple[Expiration, ...]:
        if underlying.ticker == "MSFT":
            raise Unavailable(Reason.BROKER_UNAVAILABLE)
        return await self.inner.market.expirations(underlying)

    async def slices(
        self, underlying: EquitySymbol, days: Collection[date]
    ) -> tuple[ChainSlice, ...]:
        found = await self.inner.market.slices(underlying, days)
        rows = [each for piece in found for each in piece.rows]
        bare = [replace(each, quote=replace(each.quote, bid=None)) for each in rows]
        first = found[0]
        assert isinstance(first, ChainSlice)
        return (replace(first, rows=tuple(bare)),)

    async def daily_bars(self, symbol: EquitySymbol, start: datetime) -> tuple[Bar, ...]:
        return ()

    async def why_unquoted(self, symbol: Symbol) -> Reason:
        return Reason.NO_QUOTE


@dataclass(frozen=True)
class Spread:
    """A bull put spread as an accountant reckons it."""

    bought: ChainRow
    sold: ChainRow

    @property
    def words(self) -> str:
        return f"+1 {self.bought.contract.compact} -1 {self.sold.contract.compact}"

    @property
    def mid(self) -> Decimal:
        return _mid(self.bought) - _mid(self.sold)

    @property
    def natural(self) -> Decimal:
        assert self.bought.quote.ask is not None
        assert self.sold.quote.bid is not None
        return self.bought.quote.ask - self.sold.quote.bid

    @property
    def price(self) -> Decimal:
        return self.mid + HALF * (self.natural - self.mid)

    @property
    def width(self) -> Decimal:
        return self.sold.contract.strike - self.bought.contract.strike

    def measures(self) -> dict[Measure, float]:
        credit, loss = -self.price, self.width + self.price
        interests = [row.quote.open_interest or 0 for row in (self.bought, self.sold)]
        return {
            Measure.CREDIT: float(credit),
            Measure.WIDTH: float(self.width),
            Measure.CREDIT_TO_WIDTH: float(credit / self.width),
            Measure.MAX_PROFIT: float(credit),
            Measure.MAX_LOSS: float(loss),
            Measure.RETURN_ON_RISK: float(credit / loss),
            Measure.OPEN_INTEREST: float(min(interests)),
            Measure.SPREAD_SHARE: float(2 * (self.natural - self.mid) / credit),
        }


def _mid(row: ChainRow) -> Decimal:
    mid = row.quote.mid
    assert mid is not None
    return mid


async def every_spread(scanner: Scanner, scan: Scan) -> list[Spread]:
    """Return every bull put spread within the limits, one by one."""
    listed = [e for e in await scanner.market.expirations(AAPL) if scan.chain.days.hold(e.days)]
    found: list[Spread] = []
    for piece in await scanner.market.slices(AAPL, {each.day for each in listed}):
        spot = piece.spot.mark
        assert spot is not None
        puts = [
            row
            for row in piece.rows
            if row.contract.right is Right.PUT
            and row.quote.bid
            and scan.chain.strikes.hold(float(row.contract.strike / spot))
        ]
        found += [Spread(*pair) for pair in combinations(puts, 2)]
    return [each for each in found if each.price < 0 < each.width + each.price]


def kept(spread: Spread, scan: Scan) -> bool:
    told = spread.measures()
    return all(bounds.hold(told[measure]) for measure, bounds in scan.rules.items())


def near_an_end(spread: Spread, scan: Scan) -> bool:
    """Whether a figure is so near a bound that the last digit decides."""
    told = spread.measures()
    ends = [(told[m], end) for m, b in scan.rules.items() for end in (b.low, b.high) if end]
    return any(abs(figure - end) < 1e-5 * max(abs(end), 1.0) for figure, end in ends)


RULES = st.fixed_dictionaries(
    {},
    optional={
        "credit_to_width": st.tuples(st.floats(0.05, 0.4), st.floats(0.0, 0.4)),
        "width": st.tuples(st.floats(1, 10), st.floats(0, 20)),
        "credit": st.tuples(st.floats(0.1, 2), st.floats(0, 3)),
        "max_loss": st.tuples(st.floats(0.5, 10), st.floats(0, 10)),
        "return_on_risk": st.tuples(st.floats(0.05, 1), st.floats(0, 2)),
        "open_interest": st.tuples(st.integers(0, 3_000), st.integers(0, 100_000)),
        "spread_share": st.tuples(st.floats(0.01, 0.2), st.floats(0, 1)),
    },
)


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rules=RULES)
async def test_whatever_is_found_keeps_every_rule_and_nothing_better_was_missed(
    scanner: Scanner, rules: dict[str, tuple[float, float]]
) -> None:
    """Each spread of the chain is reckoned by itself, in Decimal, off the same quotes."""
    ends = {name: (low, low + more) for name, (low, more) in rules.items()}
    written = [f"{name} = {{ min = {low}, max = {high} }}" for name, (low, high) in ends.items()]
    scan = scan_of("\n".join([PUT_SPREADS, "[rank]", "return_on_risk = 1", "[rules]", *written]))

    report = await scanner(scan)

    every = {each.words: each for each in await every_spread(scanner, scan)}
    sure = {words: each for words, each in every.items() if not near_an_end(each, scan)}
    best = sorted(
        (each.measures()[Measure.RETURN_ON_RISK] for each in sure.values() if kept(each, scan)),
        reverse=True,
    )
    for pick in report.picks:
        own = every[pick.words]
        assert kept(own, scan) or near_an_end(own, scan)
        check_figures(pick, own)
    found = [pick.measures[Measure.RETURN_ON_RISK] or 0.0 for pick in report.picks]
    assert found == pytest.approx(sorted(found, reverse=True))  # Equals come in any order.
    assert all(ours >= theirs - 1e-9 for ours, theirs in zip(found, best, strict=False))
    assert len(found) >= min(len(best), scan.top)


def check_figures(pick: Pick, own: Spread) -> None:
    """Prices and bounds are exact; the kernel's figures are those, in floats."""
    assert (pick.mid, pick.natural, pick.price) == (own.mid, own.natural, own.price)
    assert (pick.max_profit, pick.max_loss) == (-own.price * 100, (own.width + own.price) * 100)
    assert pick.exact
    for measure, figure in own.measures().items():
        assert pick.measures[measure] == pytest.approx(figure, rel=1e-9, abs=1e-9), measure


async def test_a_report_adds_up_and_says_under_what_it_reckoned(scanner: Scanner) -> None:
    scan = scan_of(PUT_SPREADS + "[rules]\ncredit_to_width = { min = 0.3 }\n[caps]\nper_symbol = 2")

    report = await scanner(scan)

    (verdict,) = report.verdicts
    assert verdict.verdict is Verdict.SCANNED
    assert (verdict.enumerated, verdict.passed) == (report.enumerated, report.passed)
    assert 0 < report.passed < report.enumerated
    assert len(report.picks) == 2
    assert report.removed["credit_to_width"] > 0
    assert report.unseen == ()
    assert "market's own distribution" in report.distribution
    for near in report.near:
        assert near.measure is Measure.CREDIT_TO_WIDTH
        assert not near.asked.hold(near.pick.measures[near.measure])
    for pick in report.picks:
        assert NOON - pick.quoted_at < timedelta(minutes=1)
        assert 0.0 < (pick.measures[Measure.PROFIT_PROBABILITY] or 0.0) < 1.0


async def test_a_scan_of_many_symbols_finds_the_same_without_saying_what_nearly_did(
    scanner: Scanner,
) -> None:
    """What is told of trades that are left out takes most of the time of a search."""
    scan = scan_of(PUT_SPREADS + "[rules]\ncredit_to_width = { min = 0.3 }")
    strangers = [EquitySymbol(f"ZZ{first}{last}") for first in "ABCDEFG" for last in "ABCDEFGH"]

    alone = await scanner(scan)
    wide = await scanner(scan, symbols=[AAPL, *strangers])

    assert len(strangers) + 1 > TELLS_WHY_UP_TO
    assert wide.picks == alone.picks
    assert (wide.enumerated, wide.passed) == (alone.enumerated, alone.passed)
    assert alone.near
    assert wide.near == ()
    assert "credit_to_width" not in wide.removed


async def test_realised_volatility_gives_another_expectation(scanner: Scanner) -> None:
    market = await scanner(scan_of(PUT_SPREADS))
    realised = await scanner(scan_of('distribution = "realised"\n' + PUT_SPREADS))

    assert "60 sessions" in realised.distribution
    by_words = {pick.words: pick.measures[Measure.EXPECTED_VALUE] for pick in market.picks}
    both = [p for p in realised.picks if p.words in by_words]
    assert all(p.measures[Measure.EXPECTED_VALUE] != by_words[p.words] for p in both)


async def test_a_calendar_has_two_expirations_and_says_that_it_is_not_exact(
    scanner: Scanner,
) -> None:
    report = await scanner(
        scan_of(
            'strategy = "call calendar"\nsymbols = ["AAPL"]\ntop = 1\n'
            "[chain]\ndays = { min = 20, max = 40 }\nfar_days = { min = 45, max = 80 }\n"
            "sold = { min = 0.4, max = 0.6 }"
        )
    )

    (pick,) = report.picks
    days = [leg.symbol.expiration for leg in pick.legs if isinstance(leg.symbol, OptionSymbol)]
    assert days == sorted(set(days))
    assert not pick.exact
    assert pick.max_loss is not None
    assert abs(pick.max_loss - pick.price * 100) < 5


async def test_what_moves_like_a_better_one_is_kept_off_the_list(scanner: Scanner) -> None:
    """Two index funds are one bet; how they moved is read off their daily closes."""
    both = PUT_SPREADS.replace('["AAPL"]', '["SPY", "QQQ"]') + "[caps]\nper_symbol = 1\n"

    alike = await scanner(scan_of(both + "correlation = 0.2"))
    any_way = await scanner(scan_of(both + "correlation = 1"))

    assert (len(alike.picks), len(any_way.picks)) == (1, 2)
    assert alike.removed["correlation"] == 1


async def test_a_strike_window_without_an_end_is_open_there(scanner: Scanner) -> None:
    scan = scan_of(PUT_SPREADS.replace("min = 0.85, max = 1.05", "min = 1.0"))

    report = await scanner(scan)

    strikes = [
        leg.symbol.strike
        for pick in report.picks
        for leg in pick.legs
        if isinstance(leg.symbol, OptionSymbol)
    ]
    spot = (await scanner.market.quotes([AAPL]))[AAPL].mark
    assert spot is not None
    assert min(strikes) >= spot


async def test_a_covered_call_buys_a_hundred_shares(scanner: Scanner) -> None:
    report = await scanner(
        scan_of(
            'strategy = "covered call"\nsymbols = ["AAPL"]\ntop = 1\n[rank]\nannualised = 1\n'
            "[chain]\ndays = { min = 20, max = 40 }\nsold = { min = 0.2, max = 0.4 }"
        )
    )

    (pick,) = report.picks
    assert pick.words.startswith("+100 AAPL -1 AAPL")
    assert pick.max_loss == pick.price * 100


async def test_what_cannot_be_seen_is_said_symbol_by_symbol(scanner: Scanner) -> None:
    """The others are scanned all the same, and each is told of once, as it is done."""
    heard: list[tuple[SymbolVerdict, int, int]] = []
    symbols = [EquitySymbol(each) for each in ("AAPL", "ZZZZ", "AAPL")]

    report = await scanner(
        scan_of(PUT_SPREADS),
        symbols=symbols,
        progress=lambda verdict, done, of: heard.append((verdict, done, of)),
    )

    assert [(each.symbol, each.rule) for each in report.unseen] == [("ZZZZ", "SYMBOL_NOT_FOUND")]
    assert report.picks
    assert [(done, of) for _, done, of in heard] == [(1, 2), (2, 2)]
    assert {verdict.symbol for verdict, _, _ in heard} == {"AAPL", "ZZZZ"}


@pytest.mark.parametrize(
    ("at", "reason"), [(NOON, "NO_QUOTE"), (NOON + timedelta(hours=10), "MARKET_CLOSED")]
)
async def test_a_market_that_quotes_nothing_or_cannot_be_asked_is_told_from_an_empty_one(
    scanner: Scanner, at: datetime, reason: str
) -> None:
    """An empty list would say that no trade fits."""
    blind = replace(scanner, market=Broken(inner=scanner, at=at))

    report = await blind(scan_of(PUT_SPREADS), symbols=[AAPL, EquitySymbol("MSFT")])

    assert [(each.symbol, each.rule) for each in report.unseen] == [
        ("AAPL", reason),
        ("MSFT", "BROKER_UNAVAILABLE"),
    ]
    assert (report.picks, report.enumerated) == ((), 0)


async def test_the_symbols_of_a_watchlist_are_scanned_by_their_underlyings(
    desk: PaperDesk, scanner: Scanner
) -> None:
    """A list may hold contracts; each underlying is looked at once."""
    found = (parse_symbol("AAPL261218C00200000"), parse_symbol("AAPL"))
    desk.lists.lists["Tech"] = Watchlist(name="Tech", symbols=found, updated_at=NOON)
    scan = scan_of(PUT_SPREADS.replace('symbols = ["AAPL"]', 'watchlist = "tech"'))

    report = await scanner(scan)

    assert [each.symbol for each in report.verdicts] == ["AAPL"]


async def test_a_scan_of_nothing_is_refused(scanner: Scanner) -> None:
    with pytest.raises(Denied) as denied:
        await scanner(scan_of('strategy = "short put"'))

    assert denied.value.facts["argument"] == "symbols"


@pytest.mark.parametrize(
    ("rules", "known", "rule"),
    [
        ("iv_rank = { min = 0.3 }", Known(value=0.2), "iv_rank"),
        ("iv_rank = { min = 0.3 }", Known(value=None, why="no history"), "iv_rank"),
        ('liquidity = ["good"]', Known(value="fair"), "liquidity"),
        ("no_earnings = true", Known(value=None, why="unknown"), "days_to_earnings"),
        ("no_earnings = true", Known(value=5.0), "no earnings"),
        ("no_ex_dividend = true", Known(value=12.0), "no ex-dividend"),
        ("iv_rank = { min = 0.1 }", Known(value=0.2), None),
        ('liquidity = ["good", "fair"]', Known(value="fair"), None),
        ("no_earnings = true", Known(value=float("inf")), None),
    ],
)
async def test_an_underlying_that_breaks_a_rule_is_not_searched(
    scanner: Scanner, rules: str, known: Known, rule: str | None
) -> None:
    """What is not known of it counts as broken: a check that lacks its fact denies."""
    told = replace(scanner, facts=Facts(told=dict.fromkeys(UnderlyingFact, known)))

    report = await told(scan_of(PUT_SPREADS + "[underlying]\n" + rules))

    (verdict,) = report.verdicts
    assert verdict.rule == rule
    assert bool(report.picks) == (rule is None)
    assert report.removed.get(rule or "", 0) == (0 if rule is None else 1)


async def test_only_what_ends_before_the_event_is_looked_at(scanner: Scanner) -> None:
    facts = Facts(told=dict.fromkeys(UnderlyingFact, Known(value=30.0)))
    told = replace(scanner, facts=facts)

    report = await told(scan_of(PUT_SPREADS + "[underlying]\nno_earnings = true"))

    assert report.picks
    assert all((pick.measures[Measure.DAYS] or 99) < 30 for pick in report.picks)


async def test_no_expiration_within_the_days_is_said(scanner: Scanner) -> None:
    report = await scanner(scan_of(PUT_SPREADS.replace("min = 20, max = 40", "min = 2, max = 2.5")))

    assert [(each.rule, each.why) for each in report.verdicts] == [
        ("days", "no expiration in 2 to 2.5 days")
    ]


async def test_an_account_bounds_what_a_unit_may_lose(scanner: Scanner) -> None:
    """One per cent of 20,000 USD are 200; a tighter rule of the scan's own holds as well."""
    told = replace(scanner, books=Account(worth=Decimal(20_000)))
    share = PUT_SPREADS + "[portfolio]\nloss_share = 0.01\npower_share = 0.5"

    report = await told(scan_of(share), account="a")
    tighter = await told(scan_of(share + "\n[rules]\nmax_loss = { max = 1.5 }"), account="a")

    assert report.picks
    assert all(each.max_loss is not None and each.max_loss <= 200 for each in report.picks)
    assert all(each.max_loss is not None and each.max_loss <= 150 for each in tighter.picks)


@pytest.mark.parametrize(
    ("worth", "rule"), [(Decimal(0), ""), (Decimal(-5), ""), (Decimal(1_000), "min = 3")]
)
async def test_an_account_that_bears_no_loss_of_the_kind_is_offered_nothing(
    scanner: Scanner, worth: Decimal, rule: str
) -> None:
    """A margin call leaves less than nothing, and 10 USD are less than the 300 of the scan."""
    told = replace(scanner, books=Account(worth=worth))
    rules = f"[rules]\nmax_loss = {{ {rule} }}\n" if rule else ""

    report = await told(
        scan_of(PUT_SPREADS + rules + "[portfolio]\nloss_share = 0.01"), account="a"
    )

    assert (report.picks, report.verdicts[0].rule) == ((), "max_loss")


@pytest.mark.parametrize(("most", "searched"), [(1, False), (2, True)])
async def test_an_underlying_of_which_enough_is_held_is_passed_over(
    scanner: Scanner, most: int, *, searched: bool
) -> None:
    held = ("AAPL", "AAPL261218C00200000", "MSFT")
    told = replace(scanner, books=Account(symbols=held))

    report = await told(scan_of(PUT_SPREADS + f"[portfolio]\npositions = {most}"), account="a")

    assert bool(report.picks) == searched
    assert report.verdicts[0].rule == (None if searched else "positions")


@pytest.mark.parametrize(
    ("account", "worth", "reason"),
    [(None, Decimal(1), Reason.INVALID_ARGUMENT), ("a", None, Reason.DATA_UNAVAILABLE)],
)
async def test_rules_about_an_account_are_not_guessed(
    scanner: Scanner, account: str | None, worth: Decimal | None, reason: Reason
) -> None:
    told = replace(scanner, books=Account(worth=worth))

    with pytest.raises(Denied) as denied:
        await told(scan_of(PUT_SPREADS + "[portfolio]\nloss_share = 0.01"), account=account)

    assert denied.value.reason is reason


@pytest.mark.parametrize(("given", "asked"), [(None, "own"), ("other", "other")])
async def test_the_account_that_is_given_goes_before_the_one_that_a_scan_names(
    scanner: Scanner, given: str | None, asked: str
) -> None:
    """A scan that runs by itself has nobody to name one; a name alone is no rule."""
    books = Account(worth=Decimal(20_000))
    told = replace(scanner, books=books)
    named = PUT_SPREADS + '[portfolio]\naccount = "own"\n'

    await told(scan_of(named), account=given)
    assert books.asked == []
    await told(scan_of(named + "loss_share = 0.01"), account=given)
    assert set(books.asked) == {asked}


async def test_more_combinations_than_anybody_waits_for_are_said(
    scanner: Scanner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("strikedesk.scan.hunting.MOST", 10)

    report = await scanner(scan_of(PUT_SPREADS))

    assert report.verdicts[0].rule == "combinations"
