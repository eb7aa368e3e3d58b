"""A tape is read whole or not at all, and whoever wrote it hears which line to look at."""

import gzip
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Right, Symbol, parse_symbol
from strikedesk.exchange.tape.layout import Source
from strikedesk.exchange.tape.reader import read_tape
from strikedesk.exchange.tape.tape import Record, dollars
from strikedesk.exchange.tape.writer import Row, new_tape

HEADER = "session,time,expiry,strike,right,bid,ask,last,volume,open_interest,underlying"
GOOD = "2026-11-20,10:00:00,2026-12-18,200,C,5.1,5.25,,12,340,AAPL"


def a_file(folder: Path, *rows: str, header: str = HEADER, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return path


def facts_of(path: Path) -> dict[str, object]:
    with pytest.raises(Misconfigured) as refused:
        read_tape(path)
    assert refused.value.reason is Reason.TAPE_UNREADABLE
    return dict(refused.value.facts)


def test_rows_become_records(tmp_path: Path) -> None:
    """Every figure arrives exactly; an empty cell stays unknown and is never 0."""
    path = a_file(
        tmp_path,
        "2026-11-20,10:00:00,,,,,,201.37,,,AAPL",
        "2026-11-20,10:00:00,2026-12-18,200.5,P,0,0.05,,,,AAPL",
        "2026-11-20,10:01:00,2026-12-18,200.5,P,,0.0525,0.05,7,40,AAPL",
    )

    tape = read_tape(path)

    put = OptionSymbol("AAPL", date(2026, 12, 18), Right.PUT, Decimal("200.5"))
    ten = int(datetime(2026, 11, 20, 15, tzinfo=UTC).timestamp())
    assert set(tape.tracks) == {EquitySymbol("AAPL"), put}
    assert tape.tracks[put].record(0) == Record(ten, 0, 500, -1, -1, -1)
    assert tape.tracks[put].record(1) == Record(ten + 60, -1, 525, 500, 7, 40)
    assert [dollars(number) for number in (0, 500, 525, -1)] == [
        Decimal(0),
        Decimal("0.05"),
        Decimal("0.0525"),
        None,
    ]
    assert tape.begins_at == datetime(2026, 11, 20, 15, tzinfo=UTC)
    assert tape.ends_at == datetime(2026, 11, 20, 15, 1, tzinfo=UTC)


def test_times_are_those_of_new_york(tmp_path: Path) -> None:
    """Ten o'clock is another instant in July than in December."""
    path = a_file(
        tmp_path,
        "2026-07-20,10:00:00,,,,,,1,,,AAPL",
        "2026-12-21,10:00:00,,,,,,1,,,AAPL",
    )

    tape = read_tape(path)

    assert [tape.begins_at.hour, tape.ends_at.hour] == [14, 15]
    assert [session.day for session in tape.sessions] == [date(2026, 7, 20), date(2026, 12, 21)]


def test_several_underlyings_and_roots_share_a_tape(tmp_path: Path) -> None:
    path = a_file(
        tmp_path,
        GOOD,
        "2026-11-20,10:00:00,2026-12-18,5000,C,50,51,,,,SPXW",
        "2026-11-20,10:00:00,,,,,,5100,,,SPX",
    )

    assert {symbol.underlying for symbol in read_tape(path).tracks} == {"AAPL", "SPX"}


def test_notes_stand_before_the_header(tmp_path: Path) -> None:
    path = a_file(tmp_path, GOOD, header=f"# from a friend\n#\n{HEADER}")

    assert read_tape(path).notes == ("from a friend", "")


def test_a_packed_tape_is_the_same_tape(tmp_path: Path) -> None:
    """A world knows its tape by the digest, however the file is called and packed."""
    plain = a_file(tmp_path, GOOD)
    packed = tmp_path / "b.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))

    assert read_tape(packed).digest == read_tape(plain).digest
    assert read_tape(packed).tracks.keys() == read_tape(plain).tracks.keys()


def test_another_figure_is_another_tape(tmp_path: Path) -> None:
    one = a_file(tmp_path, GOOD)
    two = a_file(tmp_path, GOOD.replace("5.25", "5.26"), name="b.csv")

    assert read_tape(one).digest != read_tape(two).digest


BAD_ROWS = {
    "2026-11-31,10:00:00,2026-12-18,200,C,5,6,,,,AAPL": "session",
    "20261120,10:00:00,2026-12-18,200,C,5,6,,,,AAPL": "session",
    "2026-11-20,10:00,2026-12-18,200,C,5,6,,,,AAPL": "time",
    "2026-11-20,25:00:00,2026-12-18,200,C,5,6,,,,AAPL": "time",
    "2026-11-20,10:00:00,soon,200,C,5,6,,,,AAPL": "expiry",
    "2026-11-20,10:00:00,2026-11-19,200,C,5,6,,,,AAPL": "expiry",
    "2026-11-20,10:00:00,2026-12-18,0,C,5,6,,,,AAPL": "strike",
    "2026-11-20,10:00:00,2026-12-18,-200,C,5,6,,,,AAPL": "strike",
    "2026-11-20,10:00:00,2026-12-18,200.0001,C,5,6,,,,AAPL": "strike",
    "2026-11-20,10:00:00,2026-12-18,200,call,5,6,,,,AAPL": "right",
    "2026-11-20,10:00:00,2026-12-18,200,,5,6,,,,AAPL": "right",
    "2026-11-20,10:00:00,2026-12-18,200,C,-5,6,,,,AAPL": "bid",
    "2026-11-20,10:00:00,2026-12-18,200,C,nan,6,,,,AAPL": "bid",
    "2026-11-20,10:00:00,2026-12-18,200,C,1e9,6,,,,AAPL": "bid",
    "2026-11-20,10:00:00,2026-12-18,200,C,5,0,,,,AAPL": "ask",
    "2026-11-20,10:00:00,2026-12-18,200,C,5,6.00001,,,,AAPL": "ask",
    "2026-11-20,10:00:00,2026-12-18,200,C,5,6, 7,,,AAPL": "last",
    "2026-11-20,10:00:00,2026-12-18,200,C,5,6,,1.5,,AAPL": "volume",
    "2026-11-20,10:00:00,2026-12-18,200,C,5,6,,,-1,AAPL": "open_interest",
    "2026-11-20,10:00:00,2026-12-18,200,C,5,6,,,,aapl": "underlying",
    "2026-11-20,10:00:00,2026-12-18,200,C,5,6,,,,": "underlying",
    "2026-11-20,10:00:00,,,,,,5,,,": "underlying",
    GOOD: "time",
    GOOD.replace("10:00:00", "09:59:59"): "time",
    "2026-11-20,10:00:00,2026-12-18,200,C,\u0665,6,,,,AAPL": "bid",
}


@pytest.mark.parametrize(("row", "column"), BAD_ROWS.items())
def test_a_bad_cell_is_named_by_line_and_column(tmp_path: Path, row: str, column: str) -> None:
    """The reader says what a person needs to find it: the file, the line, the column and why."""
    told = facts_of(a_file(tmp_path, GOOD, row))

    assert (told["file"], told["line"], told["column"]) == ("a.csv", 3, column)
    assert isinstance(told["why"], str)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", None),
        (HEADER + "\n", None),
        ("expiry,strike\n", 1),
        ("# only notes\n", None),
        (f"{HEADER}\n{GOOD},\n", 2),
        (f"{HEADER}\n{GOOD[:30]}\n", 2),
        (f"{HEADER}\n\n{GOOD}\n", 2),
        (f"{HEADER}\n{GOOD}{'0' * 1000}\n", 2),
    ],
)
def test_a_file_that_is_no_tape_is_refused(tmp_path: Path, text: str, line: int | None) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")

    assert facts_of(path).get("line") == line


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe" + HEADER.encode(),
        b"\x1f\x8b\x08broken",
        gzip.compress(b"x" * 99, mtime=0)[:-9],
        b"\0" * 9,
    ],
)
def test_a_file_that_is_no_text_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)

    assert facts_of(path)["file"] == "a.csv"


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert facts_of(tmp_path / "none.csv")["why"] == "it cannot be opened"
    assert facts_of(tmp_path)["why"] == "it cannot be opened"


def test_an_unknown_source_is_refused(tmp_path: Path) -> None:
    """A price whose origin has no name is not believed."""
    path = a_file(tmp_path, f"{GOOD},hearsay", header=f"{HEADER},source")

    assert facts_of(path)["column"] == "source"


def test_derived_prices_are_told_apart(tmp_path: Path) -> None:
    path = a_file(
        tmp_path,
        f"{GOOD},",
        "2026-11-20,10:00:00,,,,,,201.37,,,AAPL,parity",
        "2026-11-20,16:00:00,,,,,,202.00,,,AAPL,",
        header=f"{HEADER},source",
    )

    tape = read_tape(path)

    assert tape.tracks[EquitySymbol("AAPL")].source is Source.PARITY
    assert tape.tracks[parse_symbol("AAPL 2026-12-18 200 C")].source is Source.RECORDED


prices = st.integers(0, 10**9).map(lambda n: f"{n // 10_000}.{n % 10_000:04d}") | st.just("")
counts = st.integers(0, 10**12).map(str) | st.just("")


@settings(deadline=None)
@given(
    sides=st.tuples(prices, prices.filter(lambda text: text == "" or float(text) > 0)),
    volume=counts,
    strike=st.integers(1, 99_999_999),
    right=st.sampled_from(Right),
)
def test_what_is_written_is_what_is_read(
    tmp_path_factory: pytest.TempPathFactory,
    sides: tuple[str, str],
    volume: str,
    strike: int,
    right: Right,
) -> None:
    """The writer and the reader agree on every cell."""
    (bid, ask), path = sides, tmp_path_factory.mktemp("tape") / "a.csv"
    at = datetime(2026, 11, 20, 15, tzinfo=UTC)
    symbol: Symbol = OptionSymbol("AAPL", date(2026, 12, 18), right, Decimal(strike) / 1000)

    with new_tape(path, []) as writer:
        writer.write(Row(symbol=symbol, at=at, bid=bid, ask=ask, volume=volume))
    record = read_tape(path).tracks[symbol].record(0)

    assert dollars(record.bid) == (Decimal(bid) if bid else None)
    assert dollars(record.ask) == (Decimal(ask) if ask else None)
    assert (record.volume, record.at) == (int(volume) if volume else -1, int(at.timestamp()))


def test_a_tape_that_is_not_finished_never_appears(tmp_path: Path) -> None:
    """An interrupted conversion leaves the old tape as it was, and nothing beside it."""
    path = tmp_path / "a.csv.gz"
    path.write_text("the old one")

    def interrupted() -> None:
        with new_tape(path, []) as writer:
            writer.write(
                Row(symbol=EquitySymbol("AAPL"), at=datetime(2026, 11, 20, 15, tzinfo=UTC))
            )
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert [each.name for each in tmp_path.iterdir()] == ["a.csv.gz"]
    assert path.read_text() == "the old one"


def test_a_tape_that_cannot_be_written_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as refused, new_tape(tmp_path / "no" / "a.csv", []):
        pass
    assert refused.value.facts["why"] == "it cannot be written"
