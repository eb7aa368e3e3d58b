"""What the broker's own sandbox was recorded to answer, field by field: ours has the same forms."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

import httpx2
import pytest

RECORDED = Path(__file__).parents[3] / "shared" / "payloads"
ORDERS = "/accounts/5WS00001/orders"

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not RECORDED.is_dir(), reason="the recordings are not beside the checkout"),
]

FORMS = {
    "decimal": re.compile(r"-?\d+\.\d+"),
    "date": re.compile(r"\d{4}-\d\d-\d\d"),
    "instant with an offset": re.compile(r"\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}\+00:00"),
    "instant in Zulu time": re.compile(r"\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z"),
    "whole number": re.compile(r"\d+"),
}


def recorded(name: str) -> list[dict[str, Any]]:
    read = json.loads((RECORDED / f"tastytrade_{name}.json").read_text(encoding="utf-8"))
    return read.get("items", [read])


def form_of(value: Any) -> str:
    """Say what a JSON value looks like."""
    if not isinstance(value, str):
        return type(value).__name__
    return next((name for name, form in FORMS.items() if form.fullmatch(value)), "text")


def forms_of(documents: Iterable[Mapping[str, Any]], inside: str = "") -> dict[str, set[str]]:
    """Return the forms that each field has, those of lists and objects within too."""
    found: dict[str, set[str]] = {}
    for document in documents:
        for name, value in document.items():
            path = f"{inside}{name}"
            found.setdefault(path, set()).add(form_of(value))
            inner = cast("list[Any]", value if isinstance(value, list) else [value])
            objects = [cast("dict[str, Any]", each) for each in inner if isinstance(each, dict)]
            for deeper, forms in forms_of(objects, f"{path}/").items():
                found.setdefault(deeper, set()).update(forms)
    return found


def compare(theirs: list[dict[str, Any]], ours: list[dict[str, Any]], lacks: set[str]) -> None:
    """Every field of theirs is among ours, in the same form, but for those that we lack."""
    told, known = forms_of(theirs), forms_of(ours)
    different = {
        path: (forms, known[path])
        for path, forms in told.items()
        if path in known and not forms & known[path]
    }

    assert {path for path in told if path not in known} == lacks
    assert different == {}


async def items(http: httpx2.AsyncClient, path: str) -> list[dict[str, Any]]:
    data = (await http.get(path)).json()["data"]
    return data.get("items", [data])


async def placed(http: httpx2.AsyncClient, path: str, document: dict[str, Any]) -> dict[str, Any]:
    answer = await http.post(path, json=document)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


async def test_orders_have_the_recorded_forms(http: httpx2.AsyncClient) -> None:
    """A replaced order and its replacement, cancelled, and both sides of an OCO."""
    leg = {"instrument-type": "Equity", "symbol": "AAPL", "quantity": 1}
    buy, sell = {**leg, "action": "Buy to Open"}, {**leg, "action": "Sell to Close"}
    market = {"order-type": "Market", "time-in-force": "Day", "legs": [buy]}
    limit = {
        "order-type": "Limit",
        "time-in-force": "Day",
        "price": "226.5",
        "price-effect": "Debit",
    }
    await placed(http, ORDERS, market)
    resting = (await placed(http, ORDERS, {**limit, "legs": [buy]}))["order"]["id"]
    changed = await http.put(f"{ORDERS}/{resting}", json={**limit, "price": "226.4"})
    await http.delete(f"{ORDERS}/{changed.json()['data']['id']}")
    gtc = {"time-in-force": "GTC", "legs": [sell]}
    sides = [
        {**gtc, "order-type": "Limit", "price": "300", "price-effect": "Credit"},
        {**gtc, "order-type": "Stop", "stop-trigger": "200"},
    ]
    path = "/accounts/5WS00001/complex-orders"
    group = await placed(http, path, {"type": "OCO", "orders": sides})
    await http.delete(f"{path}/{group['complex-order']['id']}")

    told = [order for order in await items(http, f"{ORDERS}/live") if order["status"] != "Filled"]
    compare(recorded("get_live_orders"), told, set())


async def test_transactions_have_the_recorded_forms(http: httpx2.AsyncClient) -> None:
    leg = {"instrument-type": "Equity Option", "symbol": "SPY   261218C00540000"}
    legs = [{**leg, "action": "Buy to Open", "quantity": 1}]
    await placed(http, ORDERS, {"order-type": "Market", "time-in-force": "Day", "legs": legs})

    told = await items(http, "/accounts/5WS00001/transactions")
    compare(recorded("get_transactions"), told, set())


async def test_quotes_have_the_recorded_forms(http: httpx2.AsyncClient) -> None:
    """What this market has no idea of is not made up."""
    told = await items(http, "/market-data/by-type?equity=META,AAPL&index=VIX,SPX")
    beyond = {"beta", "volume-ext", "year-high-price", "year-low-price"}
    beyond |= {"dividend-amount", "dividend-frequency", "high-limit-price", "low-limit-price"}

    compare(recorded("get_quote"), told, beyond)


async def test_chains_have_the_recorded_forms(http: httpx2.AsyncClient) -> None:
    told = await items(http, "/option-chains/AAPL/nested")

    compare(recorded("get_option_chain_nested"), told, set())


async def test_rates_have_the_recorded_forms(http: httpx2.AsyncClient) -> None:
    told = await items(http, "/accounts/5WS00001/margin-requirements/AAPL/effective")

    compare(recorded("get_margin_requirements"), told, set())


async def test_metrics_have_the_recorded_forms(http: httpx2.AsyncClient) -> None:
    told = await items(http, "/market-metrics?symbols=AAPL")
    theirs = forms_of(recorded("get_market_metrics"))
    ours = forms_of(told)
    shared = theirs.keys() & ours.keys()

    assert shared > {"symbol", "implied-volatility-index", "market-cap", "earnings/visible"}
    assert ours.keys() - theirs.keys() <= {"earnings/time-of-day"}
    assert {path: (theirs[path], ours[path]) for path in shared if theirs[path] != ours[path]} == {}
