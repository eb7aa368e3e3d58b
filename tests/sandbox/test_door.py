"""What every request meets, whatever its route."""

import anyio
import httpx2
import pytest

from strikedesk.brokers.paper.broker import PaperBroker
from strikedesk.domain.errors import Denied, Unavailable
from strikedesk.domain.reasons import Reason
from strikedesk.sandbox.door import BODY_MAX
from tests.sandbox.served import Served

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_every_answer_says_that_it_is_simulated(http: httpx2.AsyncClient) -> None:
    """Whoever keeps an answer can still tell what it was."""
    for path in ("/", "/customers/me", "/nowhere"):
        assert (await http.get(path)).headers["x-simulated"].startswith("true")


async def test_without_a_token_there_is_no_answer(sandbox: Served) -> None:
    async with httpx2.AsyncClient(base_url=sandbox.address, trust_env=False) as client:
        for path in ("/customers/me", "/accounts/5WS00001/balances", "/api-quote-tokens"):
            answer = await client.get(path)
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, "token_invalid")


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"User-Agent": ""}, 401, "unauthorized"),
        ({"Accept-Version": "20200101"}, 406, 406),
        ({"Accept-Version": "newest"}, 400, "validation_error"),
    ],
)
async def test_a_request_in_the_wrong_clothes_is_told_so(
    http: httpx2.AsyncClient, headers: dict[str, str], status: int, code: object
) -> None:
    answer = await http.get("/customers/me", headers=headers)

    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


async def test_a_name_that_is_not_ours_is_not_answered(http: httpx2.AsyncClient) -> None:
    """A page in the browser could otherwise call us by a name of its own."""
    answer = await http.get("/", headers={"Host": "elsewhere.example"})

    assert answer.status_code == 400


async def test_balances_have_the_form_of_the_version(http: httpx2.AsyncClient) -> None:
    """A bare object to who names none, a list of currencies to who does."""
    bare = (await http.get("/accounts/5WS00001/balances")).json()["data"]
    listed = await http.get("/accounts/5WS00001/balances", headers={"Accept-Version": "20251101"})

    assert bare["cash-balance"] == "100000.0"
    assert listed.json()["data"]["items"] == [bare]


async def test_a_list_comes_by_its_pages(http: httpx2.AsyncClient) -> None:
    path = "/instruments/equities/active"
    answer = (await http.get(path, params={"per-page": 10, "page-offset": 3})).json()

    assert answer["context"] == path
    assert len(answer["data"]["items"]) == 1
    assert answer["pagination"] == {
        "per-page": 10,
        "page-offset": 3,
        "item-offset": 30,
        "total-items": 31,
        "total-pages": 4,
        "current-item-count": 1,
        "previous-link": None,
        "next-link": None,
        "paging-link-template": None,
    }


@pytest.mark.parametrize(
    "path",
    ["/instruments/futures/%2FESZ6", "/instruments/equity-options/SPY%20%20%20261218C00540000"],
)
async def test_an_answer_tells_the_path_as_it_was_written(
    http: httpx2.AsyncClient, path: str
) -> None:
    """With a slash that belongs to a symbol, and nothing of how that is kept apart inside."""
    assert (await http.get(f"{path}?active=true")).json()["context"] == path


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nowhere", 404),
        ("/instruments/equities/NOSUCH", 404),
        ("/instruments/equities/BRK%2FB", 404),
        ("/instruments/equity-options/SPY%20%20%20261218C99999000", 404),
        ("/option-chains/%00/nested", 404),
        ("/accounts/5WX99999/balances", 403),
        ("/customers/somebody", 403),
        ("/instruments/equities/active?per-page=0", 400),
        ("/instruments/equities/active?per-page=1e3", 400),
        ("/accounts/5WS00001/balance-snapshots", 400),
        ("/accounts/5WS00001/balance-snapshots?time-of-day=EOD&snapshot-date=today", 400),
        ("/market-time/sessions", 400),
        ("/market-data/by-type?equity=" + ",".join(["SPY"] * 101), 400),
    ],
)
async def test_what_is_not_there_is_told_in_the_envelope(
    http: httpx2.AsyncClient, path: str, status: int
) -> None:
    """A client that gets anything else cannot say what went wrong."""
    answer = await http.get(path)

    assert answer.status_code == status, answer.text
    assert answer.json()["error"].keys() >= {"code", "message"}


async def test_a_body_without_end_is_not_read_to_it(http: httpx2.AsyncClient) -> None:
    answer = await http.post("/oauth/token", content=b"x" * (BODY_MAX + 1))

    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "request_too_large")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (RuntimeError("what nobody may read"), 500, "internal_server_error"),
        (Unavailable(Reason.DATABASE_UNAVAILABLE), 503, "service_unavailable"),
        (Denied(Reason.SYMBOL_NOT_FOUND, symbol="X"), 404, "record_not_found"),
        (Denied(Reason.NOT_SUPPORTED, what="that"), 422, "not_supported"),
    ],
)
async def test_what_goes_wrong_inside_is_told_in_the_envelope_and_in_our_words(
    http: httpx2.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    status: int,
    code: str,
) -> None:
    """Whoever asks cannot mend it, and what an exception says may be anything."""

    async def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(PaperBroker, "search", fail)
    answer = await http.get("/symbols/search/SPY")

    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert "nobody" not in answer.text


async def test_many_orders_at_once_are_as_many_orders(http: httpx2.AsyncClient) -> None:
    """Every one is judged and placed by itself; none is lost and none is doubled."""
    leg = {"instrument-type": "Equity", "symbol": "AAPL", "action": "Buy to Open", "quantity": 1}
    order = {"order-type": "Limit", "time-in-force": "Day", "price": "226", "legs": [leg]}
    answers: list[httpx2.Response] = []

    async def place(number: int) -> None:
        tagged = {**order, "price-effect": "Debit", "external-identifier": f"n{number}"}
        answers.append(await http.post("/accounts/5WS00002/orders", json=tagged))

    async with anyio.create_task_group() as group:
        for number in range(25):
            group.start_soon(place, number)
    live = (await http.get("/accounts/5WS00002/orders/live")).json()["data"]["items"]

    assert {answer.status_code for answer in answers} == {201}
    assert sorted(each["external-identifier"] for each in live) == sorted(
        f"n{number}" for number in range(25)
    )
    assert len({each["id"] for each in live}) == 25


async def test_every_spelling_of_a_list_is_read(http: httpx2.AsyncClient) -> None:
    """Three are in use, some at the same endpoint."""
    for asked in ("equity=SPY&equity=QQQ", "equity=SPY,QQQ", "equity[]=SPY&equity[]=QQQ"):
        answer = (await http.get(f"/market-data/by-type?{asked}")).json()
        assert [item["symbol"] for item in answer["data"]["items"]] == ["SPY", "QQQ"]
        assert answer["pagination"] is None


async def test_a_quote_token_opens_the_stream_for_a_day(
    sandbox: Served, http: httpx2.AsyncClient
) -> None:
    told = (await http.get("/api-quote-tokens")).json()["data"]

    assert told["dxlink-url"] == sandbox.address.replace("http", "ws") + "/dxlink"
    assert sandbox.world.access.may_stream(told["token"])
    sandbox.wall.move(24 * 3600)
    assert not sandbox.world.access.may_stream(told["token"])
    assert not sandbox.world.access.may_stream("made up")
