"""`strikedesk tape`: what the owner hears about recorded chains."""

import gzip
from pathlib import Path

import pytest

from tests.unit.cli_door import call

DATA = Path(__file__).parents[3] / "shared" / "data"
HEADER = "session,time,expiry,strike,right,bid,ask,last,volume,open_interest,underlying"


@pytest.fixture
def chains() -> list[str]:
    found = sorted((DATA / "chains" / "aapl").glob("*.csv"))[:2]
    if not found:
        pytest.skip("the sample data is not beside this checkout")
    return [*map(str, found), str(DATA / "underlyings" / "aapl.zip")]


def test_real_chains_become_a_tape_and_their_oddities_are_told(
    chains: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody should trust such data more than it deserves."""
    out = tmp_path / "aapl.csv.gz"

    made = call(capsys, "tape", "import", *chains, "--out", str(out))
    told = call(capsys, "tape", "info", str(out))

    assert (made.code, told.code) == (0, 0), made.err + told.err
    assert "in 2 sessions, from 3 files" in made.out
    assert "odd: " in made.out
    assert "AAPL" in told.out
    assert "2014-06-02" in told.out
    assert gzip.decompress(out.read_bytes()).startswith(b"#")


@pytest.mark.parametrize("every", ["15", "0m", "1d", "-5m", "m"])
def test_a_stretch_is_minutes_or_hours(
    every: str, chains: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A misread stretch would throw the wrong quotes away."""
    out = tmp_path / "aapl.csv"

    done = call(capsys, "tape", "import", *chains, "--out", str(out), "--every", every)

    assert done.code == 1
    assert "2003 INVALID_ARGUMENT" in done.err
    assert not out.exists()


def test_a_tape_is_checked_whole_and_its_oddities_and_gaps_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A tape with oddities is a tape: only what cannot be read leaves with another code."""
    path = tmp_path / "tape.csv"
    rows = [
        "2026-11-18,10:00:00,,,,10.30,10.20,,,,AAA",
        "2026-11-20,10:00:00,,,,10.10,10.20,,,,AAA",
    ]
    path.write_text("\n".join([HEADER, *rows]) + "\n")

    checked = call(capsys, "tape", "check", str(path))
    told = call(capsys, "tape", "info", str(path))

    assert (checked.code, told.code) == (0, 0), checked.err + told.err
    assert checked.out.splitlines() == [
        f"{path}: 2 rows in 2 sessions, every one read.",
        "  odd: 1 sessions missing in between, the first on 2026-11-19",
        "  odd: 1 quotes whose bid is above their ask",
    ]
    assert "1 sessions missing in between" in told.out
    assert "2026-11-20   15:00:00" in told.out


def test_a_tape_without_anything_odd_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "tape.csv"
    path.write_text(f"{HEADER}\n2026-11-18,10:00:00,,,,10.10,10.20,,,,AAA\n")

    assert call(capsys, "tape", "check", str(path)).out.endswith("Nothing is odd about it.\n")


@pytest.mark.parametrize("command", ["check", "info"])
@pytest.mark.parametrize("text", ["", "nonsense\n", f"{HEADER}\n2014-06-02,1,2\n"])
def test_a_file_that_is_no_tape_is_refused_with_its_line(
    text: str, command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole file is read, or nothing of it."""
    path = tmp_path / "tape.csv"
    path.write_text(text)

    done = call(capsys, "tape", command, str(path))

    assert (done.code, done.out) == (2, "")
    assert "5008 TAPE_UNREADABLE" in done.err


def test_a_file_that_is_not_there_is_wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Said before anything is read or written."""
    gone, out = str(tmp_path / "gone.csv"), str(tmp_path / "tape.csv")

    assert call(capsys, "tape", "info", gone).code == 2
    assert call(capsys, "tape", "import", gone, "--out", out).code == 2
    assert list(tmp_path.iterdir()) == []
