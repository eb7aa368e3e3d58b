"""Settings: what the owner wrote is what the desk does, or the desk does not start."""

import os
import subprocess
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk import settings as reader
from strikedesk.domain.accounts import Environment
from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.reasons import Reason
from strikedesk.domain.secret import Secret
from strikedesk.risk.limits import Limits
from strikedesk.settings import ClockMode, KeySource, MarketClock, Settings, Toolset, load

UNREADABLE = [
    ("READ_ONLY", "maybe"),
    ("READ_ONLY", ""),
    ("BROKER", "live"),
    ("BROKER", "Paper"),
    ("BROKER", ""),
    ("BROKER", "alpaca"),
    ("TASTYTRADE__ENVIRONMENT", "production"),
    ("TASTYTRADE__ENVIRONMENT", "paper"),
    ("TASTYTRADE__ORIGIN", "https://api.tastyworks.com"),
    ("TASTYTRADE__ORIGIN", "http://127.0.0.1.example.org"),
    ("TASTYTRADE__ORIGIN", "http://127.0.0.1:8770/oauth"),
    ("CONSENT", "none"),
    ("CONSENT", ""),
    ("CONSENT__PAPER", "anybody"),
    ("CONSENT__LIVE", "model"),
    ("CONSENT__SANDBOX", "model"),
    ("CONSENT__CLICK_ABOVE_USD", "-1"),
    ("CONSENT__CLICK_ABOVE_USD", "1e99"),
    ("CONSENT__TTL_S", "5"),
    ("TOOLSETS", ""),
    ("TOOLSETS", "orders,everything"),
    ("HOST", ""),
    ("PORT", "70000"),
    ("PORT", "http"),
    ("DATABASE_URL", "mysql://user:hunter2@db/desk"),
    ("DATABASE_URL", ""),
    ("REDIS_URL", "http://cache"),
    ("ORDER__PREVIEW_TTL_S", "0"),
    ("ORDER__PREVIEW_TTL_S", "2.5"),
    ("LIMITS__CONTRACTS_MAX", "-1"),
    ("LIMITS__LOSS_USD_MAX", "NaN"),
    ("LIMITS__LOSS_USD_MAX", "1e400"),
    ("LIMITS__COLLAR_FRACTION", "1.5"),
    ("LIMITS__ALLOW_UNDEFINED_RISK", "2"),
    ("LIMITS__QUOTE_AGE_S_MAX", ""),
    ("PAPER__WORLD", "../elsewhere"),
    ("PAPER__SEED", "-1"),
    ("PAPER__TAPE", "chain.csv"),
    ("PAPER__ACCOUNTS", "margin"),
    ("PAPER__INTRADAY_MARGIN", "often"),
    ("PAPER__LATENCY_MS", "-1"),
    ("PAPER__LATENCY_MS", "60001"),
    ("PAPER__LATENCY_MS", "1.5"),
    ("PAPER__LATENCY_MS", "fast"),
    ("PAPER__CLOCK", "yesterday"),
    ("PAPER__CLOCK", "real:2026-11-20T15:00:00Z"),
    ("PAPER__CLOCK", "offset:2026-11-20T15:00:00"),
    ("PAPER__CLOCK", "stepped:2026-11-20T15:00:00"),
    ("PAPER__CLOCK", "frozen"),
    ("PAPER__CLOCK", "speed"),
    ("PAPER__CLOCK", "speed:1"),
    ("PAPER__CLOCK", "speed:3601"),
    ("PAPER__CLOCK", "speed:2.5"),
    ("PAPER__CLOCK", "speed:60 from yesterday"),
    ("PAPER__CLOCK", "speed:60 from 2026-11-20T15:00:00"),
    ("VAULT__KEY_SOURCE", "plain"),
    ("VAULT__KEY_FILE", "key"),
]


def an_account(**odd: str) -> str:
    """Return an account as the file names it, with some keys other than they should be."""
    keys = {"handle": "'mine'", "kind": "'cash'", "deposit": "5"} | odd
    return "[[paper.accounts]]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items())


STRANGE_FILES = [
    ("read_only = 'perhaps'", "read_only in config.toml"),
    ("readonly = true", "readonly in config.toml"),
    ("[limits]\ncontracts = 5", "limits.contracts in config.toml"),
    ("[limits]\ncontracts_max = true", "limits.contracts_max in config.toml"),
    ("[limits]\nloss_usd_max = nan", "limits.loss_usd_max in config.toml"),
    ("limits = 5", "limits in config.toml"),
    (an_account(kind="'offshore'"), "paper.accounts.kind in config.toml"),
    (an_account(deposit="-5"), "paper.accounts.deposit in config.toml"),
    (an_account(deposit="0.001"), "paper.accounts.deposit in config.toml"),
    (an_account(handle="'My account'"), "paper.accounts.handle in config.toml"),
    (an_account(level="'spreads'"), "paper.accounts in config.toml"),
    (an_account(leverage="4"), "paper.accounts.leverage in config.toml"),
    (an_account() * 2, "paper.accounts in config.toml"),
    ("toolsets = []", "toolsets in config.toml"),
    ("toolsets = 5", "toolsets in config.toml"),
    ("database_url = 5", "database_url in config.toml"),
    ("vault_key = 'c2VjcmV0'", "vault_key in config.toml"),
    ("folders = {}", "folders in config.toml"),
]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("STRIKEDESK_")]:  # noqa: TID251 -- the test prepares what settings read
        monkeypatch.delenv(name)
    monkeypatch.setenv("STRIKEDESK_HOME", str(tmp_path))
    return tmp_path


def refusal(**overrides: object) -> str:
    with pytest.raises(Misconfigured) as refused:
        load(**overrides)
    assert refused.value.reason is Reason.CONFIGURATION_UNREADABLE
    assert "\n" not in str(refused.value)
    return str(refused.value.facts["setting"])


@pytest.mark.promise("paper")
def test_no_configuration_means_paper_on_sqlite_in_the_data_folder(home: Path) -> None:
    """Promise 8: an absent setting never means live."""
    settings = load()

    assert (settings.broker, settings.consent.paper, settings.read_only) == (
        "paper",
        "model",
        False,
    )
    assert (settings.consent.live, settings.consent.sandbox) == ("ask", "ask")
    assert settings.database == Secret(f"sqlite+aiosqlite:///{home / 'data' / 'strikedesk.db'}")
    assert settings.toolsets is None
    assert settings.order.preview_ttl_s == 120
    assert settings.host == "127.0.0.1"
    assert settings.key_source is KeySource.KEYRING


@pytest.mark.promise("paper")
@pytest.mark.parametrize(("name", "value"), UNREADABLE)
def test_a_value_that_cannot_be_read_stops_the_start_and_is_named(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A typing error must not choose a broker, loosen a limit or open the desk to writes."""
    monkeypatch.setenv(f"STRIKEDESK_{name}", value)

    assert refusal() == f"STRIKEDESK_{name}"


def test_a_refusal_does_not_repeat_the_value(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistyped URL still holds its password."""
    monkeypatch.setenv("STRIKEDESK_DATABASE_URL", "mysql://user:hunter2@db/desk")

    with pytest.raises(Misconfigured) as refused:
        load()

    assert "hunter2" not in str(refused.value)
    assert refused.value.__suppress_context__


@pytest.mark.parametrize("variable", sorted(reader.variables() - {"STRIKEDESK_HOME"}))
def test_garbage_in_any_variable_is_refused_or_kept_as_text_but_never_crashes(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The settings library decodes some types as JSON and fails in a way of its own."""
    monkeypatch.setenv(variable, '{"[')

    try:
        load()
    except Misconfigured as refused:
        assert refused.facts["setting"] == variable  # noqa: PT017 -- acceptance is lawful too
    else:
        assert variable.removeprefix("STRIKEDESK_") in {
            "ALLOWED_HOSTS", "ALLOWED_ORIGINS", "HOST", "VAULT_KEY",
        }  # fmt: skip


@pytest.mark.parametrize(("text", "setting"), STRANGE_FILES)
def test_what_the_file_says_is_known_or_refused_by_its_key(
    text: str, setting: str, home: Path
) -> None:
    """A misspelt safety switch must not be a switch that is off."""
    (home / "config.toml").write_text(text)

    assert refusal() == setting


def test_a_file_that_is_no_toml_is_refused_with_its_line(home: Path) -> None:
    """The owner finds the line, and no half of the file counts."""
    (home / "config.toml").write_text("read_only = true\nhost = \n")

    with pytest.raises(Misconfigured, match="line 2"):
        load()


def test_a_file_that_cannot_be_read_is_not_a_file_that_is_absent(home: Path) -> None:
    """What it holds may be the limits."""
    (home / "config.toml").mkdir()

    assert refusal() == str(home / "config.toml")


def test_bytes_that_are_no_text_are_refused(home: Path) -> None:
    """Same."""
    (home / "config.toml").write_bytes(b"\xff\xfe")

    assert refusal() == str(home / "config.toml")


@pytest.mark.parametrize("name", ["STRIKEDESK_READONLY", "STRIKEDESK_LIMITS", "strikedesk_brokr"])
def test_a_variable_that_is_no_setting_is_refused(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """STRIKEDESK_READONLY=1 would otherwise leave the desk open to writes."""
    monkeypatch.setenv(name, "1")

    assert refusal() == name


def test_variables_for_tests_are_nobodys_business(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test run itself is told where PostgreSQL is by such a variable."""
    monkeypatch.setenv("STRIKEDESK_TEST_POSTGRES_URL", "postgresql://db/test")

    assert load().broker == "paper"


def test_the_environment_wins_over_the_file_and_the_command_line_over_both(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One order of precedence, key by key, also inside a section."""
    (home / "config.toml").write_text(
        "port = 1000\nhost = '::1'\nread_only = true\n"
        "[limits]\ncontracts_max = 5\nshares_max = 7\ncollar_fraction = 0.25\n"
    )
    monkeypatch.setenv("STRIKEDESK_PORT", "2000")
    monkeypatch.setenv("STRIKEDESK_LIMITS__SHARES_MAX", "8")

    settings = load(port=3000, toolsets="lite,orders", host=None)

    assert (settings.port, settings.host, settings.read_only) == (3000, "::1", True)
    assert settings.toolsets == (Toolset.LITE, Toolset.ORDERS)
    assert settings.limits.limits() == Limits(
        contracts_max=5, shares_max=8, collar_fraction=Decimal("0.25")
    )


def test_the_command_line_is_named_when_it_is_wrong() -> None:
    """The line says where to look."""
    assert refusal(broker="alpaca") == "--broker"


@pytest.mark.promise("breaker")
def test_the_breaker_cannot_be_turned_off(home: Path) -> None:
    """A desk that never stops by itself is what the owner would not want when it matters."""
    assert load().safety.failures_in_row_max == 5
    for said in ("0", "-1", "101", "true", "5.5"):
        (home / "config.toml").write_text(f"[safety]\nfailures_in_row_max = {said}\n")
        with pytest.raises(Misconfigured):
            load()


def test_every_limit_of_the_risk_room_can_be_set_and_has_its_default() -> None:
    """A limit that no setting reaches would be a limit that the owner does not own."""
    assert load().limits.model_dump() == asdict(Limits())


@given(st.decimals(min_value=0, max_value=10**9, places=2))
def test_money_in_the_file_is_the_money_that_counts(amount: Decimal) -> None:
    """TOML floats are read as decimals: 0.1 is 0.1."""
    settings = Settings.model_validate(
        {"folders": reader.Folders.find(), "limits": {"loss_usd_max": str(amount)}}
    )

    assert settings.limits.loss_usd_max == amount


def test_the_vault_key_is_read_once_and_leaves_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Children of the server and crash dumps of the environment must not find it."""
    monkeypatch.setenv("STRIKEDESK_VAULT_KEY", "c2VjcmV0")

    settings = load()

    assert settings.vault_key == Secret("c2VjcmV0")
    assert settings.key_source is KeySource.ENV
    assert "STRIKEDESK_VAULT_KEY" not in os.environ  # noqa: TID251 -- the test looks at what settings left
    assert "c2VjcmV0" not in repr(settings)
    assert load().vault_key is None


def test_a_vault_key_beside_another_source_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two answers to "which key" are none."""
    monkeypatch.setenv("STRIKEDESK_VAULT_KEY", "c2VjcmV0")
    monkeypatch.setenv("STRIKEDESK_VAULT__KEY_SOURCE", "keyring")

    assert refusal() == "STRIKEDESK_VAULT_KEY"


def test_a_key_file_must_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no default place for a key on disk: it is an explicit choice."""
    monkeypatch.setenv("STRIKEDESK_VAULT__KEY_SOURCE", "file")

    assert refusal() == "vault.key_file"


def test_a_key_file_alone_says_where_the_key_is(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Naming the file is the explicit choice; beside another source it is a contradiction."""
    monkeypatch.setenv("STRIKEDESK_VAULT__KEY_FILE", str(home / "key"))

    assert load().key_source is KeySource.FILE
    monkeypatch.setenv("STRIKEDESK_VAULT_KEY", "c2VjcmV0")
    assert refusal() == "vault.key_file"


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("stepped", MarketClock(ClockMode.STEPPED)),
        (
            "stepped:2026-11-20T15:00:00+00:00",
            MarketClock(ClockMode.STEPPED, datetime(2026, 11, 20, 15, tzinfo=UTC)),
        ),
        ("speed:60", MarketClock(ClockMode.SPEED, None, 60)),
        (
            "speed:3600 from 2026-11-20T15:00:00+00:00",
            MarketClock(ClockMode.SPEED, datetime(2026, 11, 20, 15, tzinfo=UTC), 3600),
        ),
    ],
)
def test_the_market_clock_may_be_stepped_or_accelerated(
    text: str, clock: MarketClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no instant is given, the world begins with its tape, or now."""
    monkeypatch.setenv("STRIKEDESK_PAPER__CLOCK", text)

    assert load().paper.clock == clock


def test_the_command_line_names_world_tape_and_speed(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It wins over the environment, key by key; what it does not say stays."""
    monkeypatch.setenv("STRIKEDESK_PAPER__WORLD", "elsewhere")
    monkeypatch.setenv("STRIKEDESK_PAPER__SEED", "7")

    settings = load(world="goog", tape="/tapes/goog.csv", speed="60")

    paper = settings.paper
    assert (paper.world, paper.seed, paper.tape) == ("goog", 7, Path("/tapes/goog.csv"))
    assert (paper.clock, settings.clock_insisted) == (MarketClock(ClockMode.SPEED, None, 60), True)
    assert load().clock_insisted is False


@pytest.mark.parametrize(
    ("option", "value"), [("world", "../up"), ("speed", "fast"), ("speed", "0"), ("tape", "a.csv")]
)
def test_an_option_that_cannot_be_read_is_named_as_it_was_written(option: str, value: str) -> None:
    assert refusal(**{option: value}) == f"--{option}"


def test_the_market_clock_is_real_or_frozen_or_offset(monkeypatch: pytest.MonkeyPatch) -> None:
    """Instants carry their zone: noon is not the same moment everywhere."""
    monkeypatch.setenv("STRIKEDESK_PAPER__CLOCK", "offset:2026-11-20T10:00:00-05:00")
    at = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)

    assert load().paper.clock == MarketClock(ClockMode.OFFSET, at)
    monkeypatch.setenv("STRIKEDESK_PAPER__CLOCK", "real")
    assert load().paper.clock == MarketClock()


def test_one_variable_moves_everything_into_one_folder(home: Path) -> None:
    """A second desk, a demo or a test never touches the owner's."""
    folders = load().folders
    folders.make()

    assert folders == reader.Folders(config=home, data=home / "data", logs=home / "logs")
    assert [path.stat().st_mode & 0o777 for path in (folders.data, folders.logs)] == [0o700] * 2


def test_without_it_the_platform_says_where(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where a person would look for an application's files."""
    monkeypatch.delenv("STRIKEDESK_HOME")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "c"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "d"))

    folders = reader.Folders.find()

    assert "strikedesk" in folders.config.parts
    assert "strikedesk" in folders.data.parts
    assert folders.config != folders.data


def test_a_relative_home_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients start servers in any directory: it would be another desk each time."""
    monkeypatch.setenv("STRIKEDESK_HOME", "desk")

    assert refusal() == "STRIKEDESK_HOME"


def test_reading_the_settings_imports_nothing_heavy() -> None:
    """They are read before the server answers its first message."""
    heavy = "numpy sqlalchemy alembic matplotlib rich typer cryptography keyring"
    code = (
        f"import sys, strikedesk.settings; print([m for m in {heavy.split()} if m in sys.modules])"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout == "[]\n"


@pytest.mark.promise("secrets")
@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("redis_url = redis://:hunter2@db/0\n", "line 1, column 13"),
        ('read_only = true\nhunter2 = "a\n', "line 2, column 13"),
        ("[hunter2]\n[hunter2]\n", "line 2, column 9"),
        ('redis_url = "hunter2', "end of document"),
    ],
)
def test_a_file_that_is_no_toml_is_refused_by_its_place_alone(text: str, place: str) -> None:
    """The parser quotes what stands there, and a password may."""
    file = reader.Folders.find().config_file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)

    with pytest.raises(Misconfigured) as refused:
        load()

    assert refused.value.facts["problem"] == f"not TOML at {place}"
    assert "hunter2" not in str(refused.value)


@pytest.mark.promise("paper")
@pytest.mark.parametrize(
    ("written", "environment", "name"),
    [
        ("", Environment.PAPER, "paper"),
        ('[tastytrade]\nenvironment = "live"', Environment.PAPER, "paper"),
        ('broker = "tastytrade"', Environment.SANDBOX, "tastytrade"),
        (
            'broker = "tastytrade"\n[tastytrade]\nenvironment = "live"',
            Environment.LIVE,
            "tastytrade",
        ),
        (
            'broker = "tastytrade"\n[tastytrade]\norigin = "http://127.0.0.1:8770"',
            Environment.SANDBOX,
            "tastytrade-here",
        ),
    ],
)
def test_production_is_what_two_settings_say_and_nothing_less(
    home: Path, written: str, environment: Environment, name: str
) -> None:
    (home / "config.toml").write_text(written, encoding="utf-8")

    settings = load()

    assert (settings.environment, settings.broker_name) == (environment, name)


def test_a_sandbox_of_this_machine_is_not_production(home: Path) -> None:
    table = '[tastytrade]\nenvironment = "live"\norigin = "http://127.0.0.1:8770"'
    (home / "config.toml").write_text(table, encoding="utf-8")

    with pytest.raises(Misconfigured):
        load()
