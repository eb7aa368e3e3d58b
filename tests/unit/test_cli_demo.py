"""`strikedesk demo`: a check of the whole way that a person can watch, and that can fail."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from strikedesk.cli.demo.answer import Answer, Astray
from strikedesk.cli.demo.run import Run
from strikedesk.cli.demo.spread import Spread, choose_expiration, choose_spread
from strikedesk.cli.demo.stage import Stage, simulated
from strikedesk.domain.calendar import is_open
from strikedesk.domain.ledger import Json
from tests.unit.cli_door import call

DATA = Path(__file__).parents[3] / "shared" / "data"
STEPS = 13


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the demo leaves behind would be found here."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def test_every_step_is_what_it_must_be_and_nothing_is_left_behind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first thing that a newcomer runs."""
    done = call(capsys, "demo")

    assert done.code == 0, done.out + done.err
    assert f"\n{STEPS}. " in done.out
    assert "Every step was what it must be." in done.out
    assert list(tmp_path.iterdir()) == []


def test_it_plays_on_real_chains_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same way, where the quotes are those of a day that was."""
    minutes = sorted(map(str, (DATA / "minute").glob("*.zip")))
    if not minutes:
        pytest.skip("the sample data is not beside this checkout")
    tape = str(tmp_path / "tape.csv.gz")
    sources = [*minutes, *map(str, (DATA / "underlyings").glob("*.zip"))]

    made = call(capsys, "tape", "import", *sources, "--every", "15m", "--out", tape)
    done = call(capsys, "demo", "--tape", tape)

    assert "odd:" in made.out
    assert done.code == 0, done.out + done.err
    assert "real chains, replayed from tape.csv.gz" in done.out


def test_a_tape_that_quotes_no_two_sides_cannot_be_played(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Prices at which nobody stood are no market to show an order on."""
    chains = sorted(map(str, (DATA / "chains" / "aapl").glob("*.csv")))[:1]
    if not chains:
        pytest.skip("the sample data is not beside this checkout")
    tape = str(tmp_path / "tape.csv")
    call(capsys, "tape", "import", *chains, "--out", tape)

    done = call(capsys, "demo", "--tape", tape)

    assert done.code == 1
    assert "3005 DATA_UNAVAILABLE" in done.err


async def test_the_first_step_that_goes_astray_ends_it_and_is_named(tmp_path: Path) -> None:
    """A demo that cannot fail would show nothing."""

    class WithoutOrders(Stage):
        @property
        def env(self) -> dict[str, str]:
            return super().env | {"STRIKEDESK_READ_ONLY": "true"}

    with simulated(datetime(2026, 11, 22, tzinfo=UTC)) as stage:
        said = StringIO()
        broken = WithoutOrders(home=tmp_path, underlying="SPY", opens_at=stage.opens_at)
        code = await Run(stage=broken, console=Console(file=said, width=200)).perform()

    assert code == 1
    assert "astray at step 6 (Preview a vertical: nothing is sent)" in said.getvalue()
    assert "Confirm" not in said.getvalue()


@pytest.mark.parametrize("day", [20, 21, 22, 23, 24, 25, 26, 27])
def test_the_market_of_the_demo_is_open(day: int) -> None:
    """Whatever day and hour it is here, Thanksgiving too."""
    with simulated(datetime(2026, 11, day, 3, 0, tzinfo=UTC)) as stage:
        assert is_open(stage.opens_at)


def a_call(strike: int, bid: Json, ask: Json, right: str = "C") -> Answer:
    return Answer(
        {"symbol": f"X{strike}", "right": right, "strike": strike, "bid": bid, "ask": ask}
    )


def test_a_spread_is_chosen_that_costs_something_and_can_gain() -> None:
    """At the price of the quotes themselves, with a nickel of room."""
    rows = [a_call(95, 7, 7.1), a_call(100, 3, 3.2), a_call(105, 1, 1.1), a_call(110, 0.5, 0.6)]

    chosen = choose_spread(rows, Decimal(101))

    expected = Spread(long="X100", short="X105", price=Decimal("2.25"), width=Decimal(5))
    assert chosen == expected


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [a_call(100, 3, 3.2)],
        [a_call(100, 3, None), a_call(105, 1, 1.1)],
        [a_call(100, 3, 3.2, "P"), a_call(105, 1, 1.1, "P")],
        [a_call(100, 1, 9), a_call(105, 1, 9)],
    ],
)
def test_where_no_spread_can_gain_the_demo_ends(rows: list[Answer]) -> None:
    """Real chains have such pages."""
    with pytest.raises(Astray):
        choose_spread(rows, Decimal(100))


@pytest.mark.parametrize(("days", "chosen"), [([0, 7, 28, 60], 28), ([0, 7], 7)])
def test_an_expiration_some_weeks_away_is_chosen(days: list[int], chosen: int) -> None:
    """Where there is one; else the last."""
    rows = [Answer({"days": each, "expiration": f"in {each}"}) for each in days]

    assert choose_expiration(rows) == f"in {chosen}"


@pytest.mark.parametrize(
    "content",
    [{}, {"n": True, "t": 5, "i": []}, {"n": "5", "t": None, "i": "x"}],
)
def test_what_is_not_there_is_not_made_up(content: Mapping[str, Json]) -> None:
    """Reading loosely would let a step pass that should not."""
    answer = Answer(content)

    for read in (lambda: answer.number("n"), lambda: answer.text("t"), lambda: answer.inner("i")):
        with pytest.raises(Astray):
            read()
