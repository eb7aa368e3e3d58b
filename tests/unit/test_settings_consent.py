"""Whose word an order needs: set by the owner's file, and tightened, never loosened, elsewhere."""

from decimal import Decimal
from pathlib import Path

import pytest

from strikedesk.domain.accounts import Environment
from strikedesk.domain.errors import Misconfigured
from strikedesk.settings import load


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STRIKEDESK_HOME", str(tmp_path))
    return tmp_path


def write(home: Path, text: str) -> None:
    (home / "config.toml").write_text(text, encoding="utf-8")


def policies() -> list[str]:
    return [load().consent.policy(environment).value for environment in Environment]


def refused() -> str:
    with pytest.raises(Misconfigured) as raised:
        load()
    return str(raised.value.facts["setting"])


def test_paper_trusts_the_nonce_and_everything_else_asks() -> None:
    assert policies() == ["model", "ask", "ask"]
    assert (load().consent.click_above_usd, load().consent.ttl_s) == (Decimal(1000), 300)


def test_the_file_sets_each_environment_and_may_loosen(home: Path) -> None:
    write(home, '[consent]\npaper = "code"\nlive = "ask"\nclick_above_usd = 5000.5\nttl_s = 60')

    assert policies() == ["code", "ask", "ask"]
    assert load().consent.click_above_usd == Decimal("5000.5")


@pytest.mark.parametrize("word", ["ask", "code", "click"])
def test_one_variable_tightens_every_environment(
    word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRIKEDESK_CONSENT", word)

    assert policies() == [word, word, word]


def test_the_weakest_word_is_for_paper_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIKEDESK_CONSENT", "model")

    assert policies() == ["model", "ask", "ask"]


def test_the_variable_keeps_the_amount_of_the_file(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One switch must not undo another."""
    write(home, "[consent]\nclick_above_usd = 50")
    monkeypatch.setenv("STRIKEDESK_CONSENT", "ask")

    assert load().consent.click_above_usd == Decimal(50)


@pytest.mark.promise("paper")
@pytest.mark.parametrize("environment", ["live", "sandbox"])
def test_a_nonce_alone_is_refused_for_what_is_no_paper(environment: str, home: Path) -> None:
    write(home, f'[consent]\n{environment} = "model"')

    assert refused() == f"consent.{environment} in config.toml"


@pytest.mark.promise("paper")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STRIKEDESK_CONSENT", "model"),
        ("STRIKEDESK_CONSENT", "ask"),
        ("STRIKEDESK_CONSENT__PAPER", "model"),
        ("STRIKEDESK_CONSENT__LIVE", "ask"),
        ("STRIKEDESK_CONSENT__CLICK_ABOVE_USD", "100.01"),
    ],
)
def test_the_environment_cannot_ask_for_less_than_the_file(
    name: str, value: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client's configuration is often written by an assistant; the owner's file is not."""
    write(home, '[consent]\npaper = "code"\nlive = "code"\nclick_above_usd = 100')
    monkeypatch.setenv(name, value)

    assert refused() == name


@pytest.mark.parametrize("text", ["consent = 5", "[consent]\npaper = 'anybody'"])
def test_a_file_that_cannot_be_read_is_not_hidden_by_a_variable(
    text: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it would have asked for is unknown, and so is whether the variable loosens it."""
    write(home, text)
    monkeypatch.setenv("STRIKEDESK_CONSENT", "click")

    assert refused() == "consent in config.toml"


def test_a_whole_and_a_part_of_it_are_not_set_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """One of them would be ignored, and nobody would know which."""
    monkeypatch.setenv("STRIKEDESK_CONSENT", "ask")
    monkeypatch.setenv("STRIKEDESK_CONSENT__PAPER", "click")

    assert refused() == "STRIKEDESK_CONSENT__PAPER"
