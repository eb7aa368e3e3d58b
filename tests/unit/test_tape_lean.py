"""A conversion keeps what was recorded, says what was odd, and leaves nothing behind on failure."""

import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from strikedesk.domain.errors import Denied, Misconfigured
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, parse_option
from strikedesk.exchange.tape.layout import MISSING, Source
from strikedesk.exchange.tape.lean.convert import convert
from strikedesk.exchange.tape.lean.report import Odd, Report
from strikedesk.exchange.tape.market import TapeMarket
from strikedesk.exchange.tape.reader import read_tape
from strikedesk.exchange.tape.tape import Record, Track, dollars
from tests.builders import a_contract

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
needs_data = pytest.mark.skipif(not SHARED.is_dir(), reason="the sample data is not here")

CHAIN_HEADER = (
    "#expiry,strike,right,open,high,low,close,volume,open_interest,"
    "implied_volatility,delta,gamma,vega,theta,rho"
)
AAPL, GOOG = EquitySymbol("AAPL"), EquitySymbol("GOOG")
JUNE_2 = datetime(2014, 6, 2, 20, tzinfo=UTC)
CHRISTMAS_EVE = date(2015, 12, 24)


def a_chain(folder: Path, *lines: str, day: str = "20140602") -> Path:
    (folder / "aapl").mkdir(exist_ok=True)
    path = folder / "aapl" / f"{day}.csv"
    path.write_text("\n".join((CHAIN_HEADER, *lines)) + "\n", encoding="ascii")
    return path


def a_line(strike: str, right: str, close: str, *, volume: str = "3", interest: str = "9") -> str:
    return f"20140621,{strike},{right},1,1,1,{close},{volume},{interest},0.2,0,0,0,0,0"


def a_zip(path: Path, members: Mapping[str, Sequence[str]]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, lines in members.items():
            archive.writestr(name, "\n".join(lines) + "\n")
    return path


def bars(folder: Path, *lines: str, ticker: str = "aapl") -> Path:
    return a_zip(folder / f"{ticker}.zip", {f"{ticker}.csv": lines})


JUNE_BARS = (
    "20140530 00:00,6379800,6441700,6289000,6330000,19661438",
    "20140602 00:00,6340000,6348300,6225000,6286500,12991558",
)


def minutes(folder: Path, members: Mapping[str, Sequence[str]]) -> Path:
    named = {
        f"20151224_goog_minute_quote_american_{name}.csv": lines for name, lines in members.items()
    }
    return a_zip(folder / "goog_20151224_quote_american.zip", named)


def a_minute(minute: int, bid: str, ask: str) -> str:
    """Return a quote for the minute that begins so long after half past nine."""
    sides = (f"{side},{side},{side},{side},{7 if side else 0}" for side in (bid, ask))
    return ",".join((str((34_200 + 60 * minute) * 1000), *sides))


def records(track: Track) -> list[Record]:
    return [track.record(place) for place in range(len(track.instants))]


def refusal(out: Path, *paths: Path) -> dict[str, object]:
    with pytest.raises(Misconfigured) as refused:
        convert(paths, out)
    assert refused.value.reason is Reason.TAPE_UNREADABLE
    assert not out.exists()
    return dict(refused.value.facts)


def test_a_daily_price_is_a_last_price_and_no_quote(tmp_path: Path) -> None:
    """One number has no two sides: bid and ask stay unknown, so nothing fills on it."""
    out = tmp_path / "out.csv"

    convert([a_chain(tmp_path, a_line("490", "C", "138.3250")), bars(tmp_path, *JUNE_BARS)], out)

    market = TapeMarket(read_tape(out))
    contract = parse_option("AAPL 2014-06-21 490 C")
    quote = market.quotes([contract], JUNE_2)[contract]
    assert (quote.bid, quote.ask, quote.last) == (None, None, Decimal("138.325"))
    assert (quote.volume, quote.open_interest, quote.at) == (3, 9, JUNE_2)
    assert market.quotes([AAPL], JUNE_2)[AAPL].last == Decimal("628.65")
    assert market.settlement(a_contract("AAPL", JUNE_2.date())) == Decimal("628.65")


CLOSED = "AAPL closed at 628.65 that day and at 633.00 on 2014-05-30"
OWN_DAY = "which is nearer the close of its own day"


def test_what_is_odd_in_a_chain_is_counted(tmp_path: Path) -> None:
    """Whoever relies on the data has read how far it can be relied on."""
    chain = a_chain(
        tmp_path,
        ",,,633.49,633.5,633.28,649.56,131,,,,,,,",
        a_line("500", "C", "0", interest=""),
        a_line("510", "C", "0", volume="0"),
        a_line("490", "C", "85.70", volume="0"),
        a_line("630", "C", "7.1250").replace(",0.2,", ",0,"),
        a_line("630", "P", "9.00"),
        a_line("100", "P", "101"),
    )

    report = convert([chain, bars(tmp_path, *JUNE_BARS)], tmp_path / "out.csv")

    assert report == Report(
        files=2,
        sessions=1,
        contracts=5,
        rows=6,
        odd={
            Odd.NO_FIGURES: 1,
            Odd.NOT_TRADED: 1,
            Odd.OFF_TICK: 1,
            Odd.BELOW_EXERCISE: 1,
            Odd.ABOVE_ALL: 1,
            Odd.NO_VOLATILITY: 1,
            Odd.SATURDAY: 5,
            Odd.OWN_BAR_ELSEWHERE: 1,
            Odd.OWN_BAR_IMPOSSIBLE: 1,
        },
        remarks=(
            f"20140602.csv: its own line says 649.56; {CLOSED}. Not used.",
            f"20140602.csv: its calls and puts agree on 628.12, {OWN_DAY}.",
        ),
    )


def test_a_file_of_another_day_is_noticed(tmp_path: Path) -> None:
    """Calls and puts know which day's price they are made of, whatever the file is called."""
    chain = a_chain(tmp_path, a_line("630", "C", "11.00"), a_line("630", "P", "8.00"))

    report = convert([chain, bars(tmp_path, *JUNE_BARS)], tmp_path / "out.csv")

    assert report.odd[Odd.OTHER_DAY] == 1
    assert report.remarks[0].endswith("nearer the close of another day.")


def test_without_a_daily_bar_the_price_of_the_underlying_stays_unknown(tmp_path: Path) -> None:
    """The file's own line is not it, and nothing is put in its place."""
    out = tmp_path / "out.csv"
    chain = a_chain(tmp_path, ",,,633,633,633,633,131,,,,,,,", a_line("490", "C", "138.32"))

    report = convert([chain], out)

    assert report.odd[Odd.NO_DAILY_BAR] == 1
    assert AAPL not in read_tape(out).tracks


def test_a_split_between_sessions_is_noticed(tmp_path: Path) -> None:
    jump = "20140609 00:00,926900,938800,917500,937000,72875948"
    chain = a_chain(tmp_path, a_line("90", "C", "5.00"), day="20140609")

    report = convert([chain, bars(tmp_path, *JUNE_BARS, jump)], tmp_path / "out.csv")

    assert report.odd[Odd.JUMP] == 1
    assert "2014-06-09: AAPL went from 628.65 to 93.70." in report.remarks[-1]


def test_a_minutes_quote_is_dated_at_its_end(tmp_path: Path) -> None:
    """At half past nine nobody knows what will be bid at twenty-nine seconds to."""
    out = tmp_path / "out.csv.gz"
    quotes = minutes(tmp_path, {"call_7500000_20160115": [a_minute(0, "131000", "133000")]})

    convert([quotes], out)

    contract = parse_option("GOOG 2016-01-15 750 C")
    market = TapeMarket(read_tape(out))
    known_at = datetime(2015, 12, 24, 14, 31, tzinfo=UTC)
    assert market.quotes([contract], known_at - timedelta(seconds=1)) == {}
    quote = market.quotes([contract], known_at)[contract]
    assert (quote.bid, quote.ask, quote.at) == (Decimal("13.10"), Decimal("13.30"), known_at)


def test_sides_that_were_not_recorded_are_not_written(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    quotes = minutes(
        tmp_path,
        {
            "put_7500000_20160115": [
                a_minute(0, "", "133000"),
                a_minute(1, "131000", ""),
                a_minute(2, "", ""),
                a_minute(3, "131000", "131000"),
                a_minute(4, "131100", "131000"),
                a_minute(210, "0", "131000"),
            ]
        },
    )

    report = convert([quotes], out)

    assert report.odd == {
        Odd.NO_DAILY_BAR: 1,
        Odd.NO_BID: 1,
        Odd.NO_ASK: 1,
        Odd.NO_SIDE: 1,
        Odd.LOCKED: 1,
        Odd.CROSSED: 1,
        Odd.AFTER_CLOSE: 1,
    }
    track = read_tape(out).tracks[parse_option("GOOG 2016-01-15 750 P")]
    sides = [(dollars(record.bid), dollars(record.ask)) for record in records(track)]
    assert sides == [
        (None, Decimal("13.30")),
        (Decimal("13.10"), None),
        (None, None),
        (Decimal("13.10"), Decimal("13.10")),
        (Decimal("13.11"), Decimal("13.10")),
        (Decimal(0), Decimal("13.10")),
    ]


def parity_members(call: str = "131000") -> dict[str, list[str]]:
    """Return a pair of the first expiration after the session, and one of another."""
    return {
        "call_7500000_20151231": [a_minute(0, call, call), a_minute(1, call, call)],
        "put_7500000_20151231": [a_minute(0, "120000", "122000"), a_minute(1, "120000", "")],
        "call_7500000_20160115": [a_minute(0, "999000", "999000")],
        "put_7500000_20160115": [a_minute(0, "100", "100")],
    }


GOOG_BAR = "20151224 00:00,7495500,7513000,7465600,7484000,517084"


def test_a_derived_price_says_that_it_is_derived(tmp_path: Path) -> None:
    """Strike + call - put of the first expiration after the session, where both are quoted."""
    out = tmp_path / "out.csv"

    convert([minutes(tmp_path, parity_members()), bars(tmp_path, GOOG_BAR, ticker="goog")], out)

    derived, recorded = [
        line
        for line in out.read_text().splitlines()
        if line.startswith("2015-12-24") and ",,,,,,7" in line
    ]
    assert derived == "2015-12-24,09:31:00,,,,,,751.00,,,GOOG,parity"
    assert recorded == "2015-12-24,13:00:00,,,,,,748.40,517084,,GOOG,"
    assert read_tape(out).tracks[GOOG].source is Source.PARITY
    assert any("source=parity" in note for note in read_tape(out).notes)


def test_a_derived_price_is_held_against_the_daily_bar(tmp_path: Path) -> None:
    files = [
        minutes(tmp_path, parity_members(call="145000")),
        bars(tmp_path, GOOG_BAR, ticker="goog"),
    ]

    assert convert(files, tmp_path / "out.csv").odd[Odd.OUT_OF_RANGE] == 1


def test_thinning_keeps_the_last_quote_of_each_stretch(tmp_path: Path) -> None:
    """The quote that stood when the five minutes were over."""
    out = tmp_path / "out.csv"
    quotes = minutes(
        tmp_path,
        {"call_7500000_20160115": [a_minute(n, str(1000 + n), "2000") for n in range(12)]},
    )

    convert([quotes], out, every=timedelta(minutes=5))

    track = read_tape(out).tracks[parse_option("GOOG 2016-01-15 750 C")]
    shown = [
        (datetime.fromtimestamp(at, UTC).minute, track.record(n).bid)
        for n, at in enumerate(track.instants)
    ]
    assert shown == [(35, 1004), (40, 1009), (42, 1011)]


def test_progress_is_told_to_its_end(tmp_path: Path) -> None:
    told: list[tuple[int, int, str]] = []
    quotes = minutes(tmp_path, parity_members())
    chain = a_chain(tmp_path, a_line("490", "C", "138.32"))

    def tell(done: int, of: int, file: str) -> None:
        told.append((done, of, file))

    convert([quotes, chain], tmp_path / "out.csv", progress=tell)

    assert [(done, of) for done, of, _ in told] == [(n, 5) for n in range(1, 6)]
    assert told[0][2] == "20140602.csv"


def test_the_same_files_make_the_same_bytes(tmp_path: Path) -> None:
    quotes = minutes(tmp_path, parity_members())

    for name in ("a.csv.gz", "b.csv.gz"):
        convert([quotes], tmp_path / name)

    assert (tmp_path / "a.csv.gz").read_bytes() == (tmp_path / "b.csv.gz").read_bytes()


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("20140621,490,C,1,1,1,5,3,9,0.2,0,0,0,0", None),
        ("20140699,490,C,1,1,1,5,3,9,0.2,0,0,0,0,0", "1"),
        ("20140621,x,C,1,1,1,5,3,9,0.2,0,0,0,0,0", "2"),
        ("20140621,490,Q,1,1,1,5,3,9,0.2,0,0,0,0,0", "2"),
        ("20140621,490,C,1,1,1,-5,3,9,0.2,0,0,0,0,0", "7"),
        ("20140621,490,C,1,1,1,nan,3,9,0.2,0,0,0,0,0", "7"),
        ("20140621,490,C,1,1,1,5,3.5,9,0.2,0,0,0,0,0", "8"),
        ("20140621,490,C,1,1,1,5,3,x,0.2,0,0,0,0,0", "9"),
    ],
)
def test_a_bad_line_of_a_chain_is_named(tmp_path: Path, line: str, column: str | None) -> None:
    told = refusal(tmp_path / "out.csv", a_chain(tmp_path, a_line("490", "C", "5"), line))

    assert (told["file"], told["line"], told.get("column")) == ("20140602.csv", 3, column)


@pytest.mark.parametrize(
    ("name", "lines", "line"),
    [
        ("call_7500000_20160115", ["34200000,1,1,1"], 1),
        ("call_7500000_20160115", [a_minute(1, "1", "2"), a_minute(1, "1", "2")], 2),
        ("call_7500000_20160115", [a_minute(0, "x", "2")], 1),
        ("call_7500000_20160115", [a_minute(0, "-1", "2")], 1),
        ("call_7500000_20160115", [",1,1,1,1,1,1,1,1,1,1"], 1),
        ("call_0_20160115", [a_minute(0, "1", "2")], None),
        ("call_7500000_20160199", [a_minute(0, "1", "2")], None),
        ("cull_7500000_20160115", [a_minute(0, "1", "2")], None),
    ],
)
def test_a_bad_line_of_quotes_is_named(
    tmp_path: Path, name: str, lines: list[str], line: int | None
) -> None:
    told = refusal(tmp_path / "out.csv", minutes(tmp_path, {name: lines}))

    assert told.get("line") == line
    assert name in str(told["file"])


def test_a_bad_daily_bar_is_named(tmp_path: Path) -> None:
    chain = a_chain(tmp_path, a_line("490", "C", "5"))
    for bad in ("2014 00:00,1,1,1,1,1", "20140602 00:00,1,,1,1,1", "20140602 00:00,1"):
        assert refusal(tmp_path / "out.csv", chain, bars(tmp_path, bad))["line"] == 1
    backwards = bars(tmp_path, *reversed(JUNE_BARS))
    assert refusal(tmp_path / "out.csv", chain, backwards)["why"] == "its days do not ascend"


def test_files_of_no_known_layout_are_refused(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    broken = tmp_path / "goog_20151224_quote_american.zip"
    broken.write_bytes(b"PK\x03\x04 and no more")
    foreign = tmp_path / "aapl"
    foreign.mkdir()
    (foreign / "20140602.csv").write_text("expiry;strike\n")

    assert refusal(out, tmp_path / "README.md")["file"] == "README.md"
    assert refusal(out, broken)["why"] == "the archive is damaged, locked or of an unknown kind"
    assert refusal(out, foreign / "20140602.csv")["line"] == 1
    assert refusal(out, foreign / "20140603.csv")["why"] == "it cannot be opened"
    assert refusal(out, tmp_path / "goog_20151399_quote_american.zip") == {
        "file": "goog_20151399_quote_american.zip",
        "why": "its name holds no ticker or no day",
    }


def test_a_failed_conversion_leaves_the_old_tape(tmp_path: Path) -> None:
    """A bad file changes nothing, not even what an earlier conversion made."""
    out = tmp_path / "out.csv"
    convert([a_chain(tmp_path, a_line("490", "C", "5"))], out)
    before = out.read_bytes()

    with pytest.raises(Misconfigured):
        convert([a_chain(tmp_path, a_line("490", "C", "5"), "rubbish")], out)

    assert out.read_bytes() == before
    assert not list(tmp_path.glob("*.partial"))


def test_what_cannot_become_a_tape_is_denied(tmp_path: Path) -> None:
    chain = a_chain(tmp_path, a_line("490", "C", "5"))
    for paths, every in (
        ([], None),
        ([bars(tmp_path, *JUNE_BARS)], None),
        ([chain, chain], None),
        ([chain], timedelta(seconds=59)),
    ):
        with pytest.raises(Denied) as denied:
            convert(paths, tmp_path / "out.csv", every=every)
        assert denied.value.reason is Reason.INVALID_ARGUMENT


@needs_data
def test_the_sample_chains_become_a_tape(tmp_path: Path) -> None:
    """Every chain of the sample, with what is odd in them."""
    chains = sorted((SHARED / "chains" / "aapl").glob("*.csv"))
    out = tmp_path / "aapl.csv"

    report = convert([*chains, SHARED / "underlyings" / "aapl.zip"], out)

    assert (report.sessions, report.contracts, report.rows) == (7, 4532, 17487)
    assert report.odd == {
        Odd.NO_FIGURES: 9368,
        Odd.NOT_TRADED: 10228,
        Odd.OFF_TICK: 8544,
        Odd.BELOW_EXERCISE: 3083,
        Odd.ABOVE_ALL: 862,
        Odd.NO_VOLATILITY: 11132,
        Odd.SATURDAY: 9936,
        Odd.OWN_BAR_ELSEWHERE: 7,
        Odd.OWN_BAR_IMPOSSIBLE: 1,
        Odd.JUMP: 1,
    }
    assert sum("nearer the close of its own day" in remark for remark in report.remarks) == 6
    contracts = [t for t in read_tape(out).tracks.values() if isinstance(t.symbol, OptionSymbol)]
    assert {(r.bid, r.ask) for track in contracts for r in records(track)} == {(MISSING, MISSING)}


@needs_data
def test_the_sample_quotes_become_a_market(tmp_path: Path) -> None:
    """A half day of real quotes on which the desk can work: spot, chain, Greeks, settlement."""
    out = tmp_path / "goog.csv.gz"
    files = [
        SHARED / "minute" / "goog_20151224_quote_american.zip",
        SHARED / "underlyings" / "goog.zip",
    ]
    at = datetime(2015, 12, 24, 16, tzinfo=UTC)

    report = convert(files, out, every=timedelta(minutes=5))
    market = TapeMarket(read_tape(out))
    chain = market.chain(GOOG, [date(2016, 1, 15)], at)

    assert (report.sessions, report.contracts) == (1, 2192)
    assert Odd.OUT_OF_RANGE not in report.odd
    assert [each.day for each in market.expirations(GOOG, at) if each.standard][:2] == [
        date(2016, 1, 15),
        date(2016, 2, 19),
    ]
    assert chain.spot.last is not None
    assert Decimal("746.56") <= chain.spot.last <= Decimal("751.30")
    near = [row for row in chain.rows if abs(row.contract.strike - chain.spot.last) < 30]
    solved = [row.greeks.implied_volatility for row in near if row.greeks is not None]
    assert len(solved) > 20
    assert all(volatility is not None and 0.15 < volatility < 0.25 for volatility in solved)
    assert market.settlement(a_contract("GOOG", CHRISTMAS_EVE)) == Decimal("748.40")
