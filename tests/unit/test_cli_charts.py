"""`market smile` and `paper chart`: what a person would rather look at, as files."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from strikedesk.cli.charts import draw_account
from strikedesk.domain.errors import Denied
from strikedesk.domain.reasons import Reason
from strikedesk.server.pictures import easel
from tests.unit.cli_door import call

BEGINS = "stepped:2026-07-20T14:30:00+00:00"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STRIKEDESK_HOME", str(tmp_path / "desk"))
    monkeypatch.setenv("STRIKEDESK_PAPER__CLOCK", BEGINS)
    return tmp_path


def size_of(file: Path) -> tuple[int, int]:
    return Image.open(BytesIO(file.read_bytes()), formats=["PNG"]).size


def test_a_smile_is_drawn_and_nothing_is_drawn_of_what_is_not_listed(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that is left behind by a refusal would be taken for an answer."""
    out, nothing = home / "smile.png", home / "nothing.png"

    drawn = call(capsys, "market", "smile", "spy", "--out", str(out))
    refused = call(capsys, "market", "smile", "ZZZZ", "--out", str(nothing))

    assert (drawn.code, size_of(out)) == (0, (easel.WIDTH, easel.HEIGHT))
    assert "the smile of SPY, simulated prices" in drawn.out
    assert (refused.code, nothing.exists()) == (1, False)
    assert "SYMBOL_NOT_FOUND" in refused.err


def test_an_account_is_drawn_once_there_are_days_to_draw(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line through one point would say nothing, and look as if it did."""
    out = home / "account.png"
    call(capsys, "market", "step", "15m")

    early = call(capsys, "paper", "chart", "paper-margin", "--out", str(out))
    call(capsys, "market", "step", "4d")
    drawn = call(capsys, "paper", "chart", "paper-margin", "--out", str(out))

    assert (early.code, drawn.code) == (1, 0)
    assert "two finished sessions" in early.err
    assert size_of(out) == (easel.WIDTH, easel.HEIGHT)


async def test_nothing_is_drawn_of_an_account_or_a_world_that_is_not_there(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Denied) as no_world:
        await draw_account("paper-margin", home / "x.png")

    assert no_world.value.reason is Reason.INVALID_ARGUMENT
