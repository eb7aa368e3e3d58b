"""`strikedesk future-options`: what is listed, and what each strike is called."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from rich.console import Console

from strikedesk.cli.future_chains import shown
from strikedesk.domain.errors import Denied
from strikedesk.domain.future_chains import FutureExpiration, FutureStrike
from strikedesk.domain.reasons import Reason
from tests.unit.cli_door import call

DAY = date(2026, 12, 18)
CALL, PUT = "./ESZ6 ESZ6  261218C6300", "./ESZ6 ESZ6  261218P6300"
LISTED = (
    FutureExpiration(
        future="/ESZ6",
        root="ES",
        day=DAY,
        style="american",
        settlement="AM",
        strikes=(FutureStrike(strike=Decimal("6.3E+3"), call=CALL, put=PUT),),
    ),
    FutureExpiration(future="/ESH7", root=None, day=date(2027, 3, 19)),
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIKEDESK_HOME", str(tmp_path / "desk"))


def printed(day: date | None) -> list[str]:
    console = Console(width=100)
    with console.capture() as said:
        console.print(shown(LISTED, day))
    return said.get().splitlines()


def test_every_expiration_has_a_line_and_what_is_unknown_none_of_its_own() -> None:
    lines = [" ".join(line.split()) for line in printed(None)]

    assert "2026-12-18 /ESZ6 ES american AM 1" in lines
    assert any(line.startswith("2027-03-19 /ESH7") and line.endswith(" 0") for line in lines)


def test_a_day_tells_its_strikes_and_the_names_to_ask_quotes_by() -> None:
    """With the spaces that are part of the name."""
    (line,) = [line for line in printed(DAY) if "6300" in line.split()]

    assert CALL in line
    assert PUT in line


def test_a_day_without_an_expiration_is_refused() -> None:
    with pytest.raises(Denied) as denied:
        shown(LISTED, date(2026, 12, 19))

    assert denied.value.reason is Reason.EXPIRATION_NOT_FOUND


@pytest.mark.parametrize(
    ("product", "reason"), [("ES", "INSTRUMENT_NOT_TRADED"), ("E S", "INVALID_ARGUMENT")]
)
def test_a_market_without_futures_and_a_word_that_is_no_code_fail_by_name(
    capsys: pytest.CaptureFixture[str], product: str, reason: str
) -> None:
    done = call(capsys, "future-options", product)

    assert (done.code, done.out, reason in done.err) == (1, "", True)
