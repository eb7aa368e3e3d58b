"""Symbols: every usual spelling in, one out."""

import pickle
import subprocess
import sys
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.domain.errors import Denied
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import (
    EquitySymbol,
    OptionSymbol,
    Right,
    parse_equity,
    parse_option,
    parse_symbol,
)
from strikedesk.domain.untraded import UntradedName, untraded_name

AAPL_CALL = OptionSymbol("AAPL", date(2026, 12, 18), Right.CALL, Decimal(200))

roots = st.from_regex(r"[A-Z][A-Z0-9]{0,5}", fullmatch=True)
contracts = st.builds(
    OptionSymbol,
    roots,
    st.dates(date(2000, 1, 1), date(2099, 12, 31)),
    st.sampled_from(Right),
    st.integers(1, 99_999_999).map(lambda thousandths: Decimal(thousandths) / 1000),
)


@pytest.mark.parametrize(
    "text",
    [
        "AAPL261218C00200000",
        "AAPL  261218C00200000",
        "aapl  261218c00200000",
        " AAPL261218C00200000 ",
        "AAPL 2026-12-18 200 C",
        "AAPL 2026-12-18 200C",
        "aapl 2026-12-18 200.000 call",
        "AAPL 2026-12-18 C 200",
    ],
)
def test_every_usual_spelling_is_the_same_contract(text: str) -> None:
    assert parse_symbol(text) == AAPL_CALL
    assert parse_symbol(text).compact == "AAPL261218C00200000"


@given(contracts)
def test_every_spelling_of_a_contract_reads_back_as_itself(contract: OptionSymbol) -> None:
    """A contract that changes on its way through the house would be another man's order."""
    spellings = (contract.compact, contract.padded, contract.words)

    assert [parse_symbol(text) for text in spellings] == [contract] * 3
    assert len(contract.padded) == 21


def test_an_adjusted_contract_follows_the_same_underlying() -> None:
    """The digit counts adjustments; the class of a share lies behind a root of its own."""
    adjusted = [replace(AAPL_CALL, root=root).underlying for root in ("AAPL1", "BRKB2")]

    assert adjusted == ["AAPL", "BRK.B"]


@given(contracts, contracts)
def test_two_contracts_never_share_a_spelling(one: OptionSymbol, other: OptionSymbol) -> None:
    assert (one == other) == (one.compact == other.compact)
    assert (one == other) == (one.words == other.words)


@given(st.text(max_size=60))
def test_any_text_is_a_symbol_or_denied_in_our_words(text: str) -> None:
    """Whatever a model writes, the desk answers; it never crashes and never echoes raw bytes."""
    denied = denial_of(text)

    if denied is not None:
        assert denied.reason is Reason.INVALID_SYMBOL
        assert str(denied.facts["symbol"]).isascii()
        assert len(str(denied.facts["symbol"])) <= 40


def denial_of(text: str) -> Denied | None:
    try:
        parse_symbol(text)
    except Denied as denied:
        return denied
    return None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "AAPL261318C00200000",
        "AAPL261218X00200000",
        "AAPL261218C00000000",
        "TOOLONGROOT",
        "A" * 99,
        "AAPL 2026-02-30 200 C",
        "AAPL 1999-12-18 200 C",
        "AAPL\u0660",
        "\uff21\uff21\uff30\uff2c",
        "BRK//B",
        "$SPX",
    ],
)
def test_what_is_no_symbol_is_denied(text: str) -> None:
    with pytest.raises(Denied) as denied:
        parse_symbol(text)

    assert denied.value.reason is Reason.INVALID_SYMBOL


def test_classes_of_shares_are_written_with_a_dot() -> None:
    assert parse_symbol("BRK/B") == parse_symbol("brk.b") == EquitySymbol("BRK.B")


def test_a_weekly_root_follows_its_index() -> None:
    assert parse_option("SPXW261218P05000000").underlying == "SPX"


def test_a_symbol_of_the_wrong_kind_is_denied() -> None:
    with pytest.raises(Denied):
        parse_option("AAPL")
    with pytest.raises(Denied):
        parse_equity("AAPL261218C00200000")


def test_an_adjusted_root_follows_the_share_that_it_was_made_from() -> None:
    """After an uneven split the old contracts trade on as AAPL1: their risk is still AAPL's."""
    assert parse_option("AAPL1 2026-12-18 200 C").underlying == "AAPL"
    assert parse_option("AAPL1261218C00200000").compact == "AAPL1261218C00200000"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("/ESZ6", "future"),
        ("/esz26", "future"),
        ("./ESZ6 ESZ6  261218P6300", "future_option"),
        ("./MESU5EXQ5  250829P6430", "future_option"),
        ("BTC/USD", "cryptocurrency"),
        ("doge/usdc", "cryptocurrency"),
    ],
)
def test_what_the_desk_does_not_trade_is_refused_by_its_kind(text: str, kind: str) -> None:
    """That is no spelling to mend, as `INVALID_SYMBOL` would have it."""
    with pytest.raises(Denied) as refused:
        parse_symbol(text)

    assert refused.value.reason is Reason.INSTRUMENT_NOT_TRADED
    assert refused.value.facts["kind"] == kind


@pytest.mark.parametrize(
    ("text", "name", "kind"),
    [
        (" /esz6 ", "/ESZ6", "future"),
        ("btc/usd", "BTC/USD", "cryptocurrency"),
        ("./ESZ6 ESZ6 261218P6300", "./ESZ6 ESZ6  261218P6300", "future_option"),
        ("./esz6  e1an6   261218p63.5", "./ESZ6 E1AN6 261218P63.5", "future_option"),
        ("./MESU5EXQ5  250829P6430", "./MESU5EXQ5  250829P6430", "future_option"),
    ],
)
def test_what_is_not_traded_is_named_as_brokers_space_it(text: str, name: str, kind: str) -> None:
    """A future is padded to five and the option on it to six: nobody types that by heart."""
    assert untraded_name(text) == UntradedName(name, kind)


@pytest.mark.parametrize("text", ["AAPL", "BRK/B", "AAPL261218C00200000", "/ES", "./", ""])
def test_what_is_traded_or_nothing_at_all_is_no_such_name(text: str) -> None:
    assert untraded_name(text) is None


@pytest.mark.parametrize(
    "text", ["/ES", "/", "./", "BTC/", "/USD", "BTC/USDXX", "/ESZ6/", "A" * 41]
)
def test_what_only_looks_like_a_future_or_a_coin_is_no_symbol(text: str) -> None:
    with pytest.raises(Denied) as refused:
        parse_symbol(text)

    assert refused.value.reason is Reason.INVALID_SYMBOL


def test_a_class_of_shares_is_no_coin() -> None:
    assert parse_symbol("BRK/B") == EquitySymbol("BRK.B")


@pytest.mark.parametrize("symbol", [AAPL_CALL, EquitySymbol("BRK.B")])
def test_a_symbol_is_found_again_in_another_process(symbol: OptionSymbol | EquitySymbol) -> None:
    """There a text hashes differently, so that a hash that came along would not find it."""
    code = (
        "import pickle, sys\n"
        "from strikedesk.domain.symbols import parse_symbol\n"
        "symbol = pickle.load(sys.stdin.buffer)\n"
        "print(symbol in {parse_symbol(symbol.compact)})"
    )

    said = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONHASHSEED": "1"},
        input=pickle.dumps(symbol),
        capture_output=True,
        check=True,
        timeout=60,
    )

    assert said.stdout == b"True\n"
