"""How what is asked of tastytrade goes on the wire."""

from urllib.parse import quote, urlencode

import pytest

from strikedesk.brokers.tastytrade.calls import Call, bracketed, path_of, plain, repeated


@pytest.mark.parametrize(
    "query",
    [
        repeated("equity-option", ["SPY   261218C00600000", "AAPL  261218P00200000"]),
        repeated("equity", ["BRK/B", "", " "]),
        bracketed("status", ["In Flight", "Live"]),
        plain(start_at="2026-11-20T16:00:00+00:00", per_page=200),
        (("q", "a&b=c%20d"), ("q", "\u0662\u00e9\U0001f4c8"), ("q", "._-~")),
    ],
)
def test_arguments_are_written_as_any_library_writes_them(
    query: tuple[tuple[str, str], ...],
) -> None:
    """Symbols take a shorter way to the same text; a digit of another script is no digit here."""
    call = Call(path=path_of("market-data", "by-type"), query=query)

    assert call.target == f"/market-data/by-type?{urlencode(query, quote_via=quote)}"


def test_a_call_without_arguments_is_its_path() -> None:
    assert Call(path=path_of("accounts", "/ESZ6")).target == "/accounts/%2FESZ6"
