"""`strikedesk limits`: the owner sees and sets them; a loosening never goes unnoticed."""

import sqlite3
import stat
from dataclasses import fields, replace
from decimal import Decimal
from pathlib import Path

import pytest

from strikedesk.domain.accounts import OptionLevel
from strikedesk.domain.errors import DeskError
from strikedesk.risk.direction import loosened
from strikedesk.risk.limits import Limits
from strikedesk.settings import load
from strikedesk.settings.writing import with_limit
from tests.limits import LIMITS
from tests.unit.cli_door import call

OWN_FILE = """# mine
read_only = true

[limits]   # careful
contracts_max = 5
loss_usd_max = 500.50  # a month's coffee

[paper]
seed = 7
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STRIKEDESK_HOME", str(tmp_path / "desk"))
    (tmp_path / "desk").mkdir()
    return tmp_path / "desk"


def noted(home: Path) -> list[str]:
    with sqlite3.connect(home / "data" / "strikedesk.db") as connection:
        rows = connection.execute("SELECT body FROM order_events WHERE kind = 'limit_set'")
        return [body for (body,) in rows]


def test_every_limit_is_shown_with_its_default_and_the_day_s_use(
    capsys: pytest.CaptureFixture[str],
) -> None:
    done = call(capsys, "limits", "show")

    assert done.code == 0
    assert all(field.name in done.out for field in fields(Limits))
    assert "0 of 300" in done.out
    assert "0 of 100000" in done.out


@pytest.mark.promise("limits")
def test_a_looser_limit_is_said_and_noted_and_the_old_file_is_kept(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever reads the trail later sees who let more pass, and since when."""
    file = home / "config.toml"
    file.write_text(OWN_FILE)
    file.chmod(0o640)

    done = call(capsys, "limits", "set", "contracts_max", "50")

    assert done.code == 0
    assert "contracts_max: 5 -> 50. LOOSER" in done.out
    assert "started again" in done.out
    assert file.read_text() == OWN_FILE.replace("contracts_max = 5\n", "contracts_max = 50\n")
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    (backup,) = home.glob("config.toml.backup-*")
    assert backup.read_text() == OWN_FILE
    assert noted(home) == ['{"after":"50","before":"5","limit":"contracts_max","looser":true}']
    assert load().limits.contracts_max == 50


def test_a_tighter_limit_says_so_and_a_file_is_made_where_there_was_none(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = call(capsys, "limits", "set", "loss_usd_day_max", "750.50")

    assert "lets nothing pass that was denied" in done.out
    assert (home / "config.toml").read_text() == "[limits]\nloss_usd_day_max = 750.50\n"
    assert stat.S_IMODE((home / "config.toml").stat().st_mode) == 0o600
    assert list(home.glob("*backup*")) == []
    assert load().limits.loss_usd_day_max == Decimal("750.50")


def test_setting_what_is_set_changes_nothing(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = call(capsys, "limits", "set", "contracts_max", "20")

    assert (done.code, done.out.strip()) == (0, "contracts_max is 20 already. Nothing was changed.")
    assert not (home / "config.toml").exists()
    assert noted(home) == []


@pytest.mark.promise("limits")
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("contracts", "5"),
        ("contracts_max", "0"),
        ("contracts_max", "-1"),
        ("contracts_max", "1.5"),
        ("contracts_max", "true"),
        ("contracts_max", ""),
        ("contracts_max", "5\nloss_usd_max = 9"),
        ("loss_usd_max", "NaN"),
        ("loss_usd_max", "1e99"),
        ("collar_fraction", "1.01"),
        ("closing_only", "perhaps"),
        ("allowed_symbols", "AAPL,two words"),
        ("allowed_symbols", "AAPL261218C00200000"),
        ("option_level_max", "everything"),
        ("duplicate_window_s", "-1"),
    ],
)
def test_nonsense_is_refused_and_changes_nothing(
    home: Path, capsys: pytest.CaptureFixture[str], name: str, said: str
) -> None:
    """A limit that means nothing must not become one that stops nothing."""
    (home / "config.toml").write_text(OWN_FILE)

    done = call(capsys, "limits", "set", "--", name, said)

    assert done.code == 1
    assert "INVALID_ARGUMENT" in done.err
    assert (home / "config.toml").read_text() == OWN_FILE
    assert list(home.glob("*backup*")) == []
    assert noted(home) == []


def test_what_the_environment_sets_is_not_set_in_vain(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file would not win: an owner who believes it did is worse off than one who is told."""
    monkeypatch.setenv("STRIKEDESK_LIMITS__CONTRACTS_MAX", "3")

    done = call(capsys, "limits", "set", "contracts_max", "2")

    assert done.code == 1
    assert "STRIKEDESK_LIMITS__CONTRACTS_MAX sets it" in done.err
    assert not (home / "config.toml").exists()


@pytest.mark.parametrize(
    ("name", "said", "line"),
    [
        ("allowed_symbols", "spy, aapl,SPY", 'allowed_symbols = ["AAPL", "SPY"]'),
        ("allow_undefined_risk", "true", "allow_undefined_risk = true"),
        ("option_level_max", "spreads", 'option_level_max = "spreads"'),
        ("net_delta_shares_max", "250", "net_delta_shares_max = 250"),
        ("collar_fraction", "0.025", "collar_fraction = 0.025"),
    ],
)
def test_a_limit_of_any_kind_is_written_and_taken_out_again(
    name: str, said: str, line: str
) -> None:
    written, after = with_limit(OWN_FILE, name, said)
    again, default = with_limit(written, name, "default")

    assert written == OWN_FILE.replace("coffee\n", f"coffee\n{line}\n")
    assert getattr(after, name) != getattr(default, name) == getattr(Limits(), name)
    assert again == OWN_FILE


@pytest.mark.parametrize(
    "text",
    [
        "limits.contracts_max = 5\n",
        "limits = { contracts_max = 5 }\n",
        "[limits]\ncontracts_max = 5\n[limits",
        '[limits]\n"contracts_max" = 5\n',
        "[limits]\nallowed_symbols = [\n  'AAPL',\n]\n",
    ],
)
def test_a_file_that_could_not_be_kept_is_left_alone(text: str) -> None:
    name, said = ("allowed_symbols", "SPY") if "AAPL" in text else ("contracts_max", "6")

    with pytest.raises(DeskError) as refused:
        with_limit(text, name, said)

    assert refused.value.reason.name == "CONFIGURATION_UNREADABLE"


@pytest.mark.parametrize("name", [field.name for field in fields(Limits)])
def test_every_limit_knows_which_way_it_loosens(name: str) -> None:
    """From what a strict owner set to what lets everything pass, and never the other way."""
    free = Limits(
        contracts_max=99,
        shares_max=9_999,
        loss_usd_max=Decimal(10**6),
        loss_usd_day_max=Decimal(10**6),
        notional_usd_max=Decimal(10**6),
        notional_usd_day_max=Decimal(10**6),
        allow_undefined_risk=True,
        allow_option_market_orders=True,
        collar_fraction=Decimal(1),
        collar_usd_min=Decimal(1),
        quote_age_s_max=99,
        buying_power_fraction_max=Decimal(1),
        net_delta_shares_max=None,
        allowed_symbols=(),
        forbidden_symbols=(),
        orders_minute_max=99,
        orders_day_max=999,
        duplicate_window_s=0,
        option_level_max=None,
        closing_only=False,
        open_market_only=False,
        expiring_min=0,
        expiring_short_min=0,
        intraday_excess_usd_min=None,
    )
    strict = replace(LIMITS, closing_only=True)

    assert loosened(strict, free, name)
    assert not loosened(free, strict, name)
    assert not loosened(free, free, name)


def test_a_set_figure_is_compared_with_another() -> None:
    levels = replace(LIMITS, option_level_max=OptionLevel.NAKED)
    symbols = replace(LIMITS, allowed_symbols=("AAPL",), forbidden_symbols=("SPY", "QQQ"))

    assert loosened(LIMITS, levels, "option_level_max")
    assert not loosened(LIMITS, symbols, "allowed_symbols")
    assert loosened(symbols, LIMITS, "allowed_symbols")
    assert not loosened(LIMITS, symbols, "forbidden_symbols")
