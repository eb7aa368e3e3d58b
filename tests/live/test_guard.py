"""The guard of the live tests, which is tried where nothing is live."""

import pytest

from strikedesk.brokers.tastytrade.sites import on_this_machine
from strikedesk.brokers.tastytrade.token_desk import TOKEN_PATH
from strikedesk.brokers.tastytrade.wire import Answer, Wire
from tests.live.conftest import reading_only


async def test_only_reads_and_the_request_for_a_token_go_out() -> None:
    """Whoever asks to look at a live account is promised that nothing changes there."""
    gone: list[tuple[str, str]] = []

    async def exchange(_: Wire, method: str, target: str) -> Answer:
        gone.append((method, target))
        return Answer(status=200, body=b"")

    guarded, wire = reading_only(exchange), Wire(on_this_machine("http://127.0.0.1:9"))
    for method, target in (("GET", "/orders"), ("POST", TOKEN_PATH)):
        await guarded(wire, method, target)
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        with pytest.raises(AssertionError):
            await guarded(wire, method, "/accounts/1/orders/dry-run")

    assert gone == [("GET", "/orders"), ("POST", TOKEN_PATH)]
