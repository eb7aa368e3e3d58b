"""The whole way of a login by browser, on the sandbox: page, answer, code, grant, link."""

import asyncio
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest

from strikedesk.brokers.tastytrade.sites import on_this_machine
from strikedesk.cli import linking
from strikedesk.domain.secret import Secret
from strikedesk.sandbox.access import CLIENT_ID, CLIENT_SECRET
from tests.sandbox.served import served


async def agree(page: str) -> None:
    """Do what a browser does whose person presses Allow."""
    parts = urlsplit(page)
    form = dict(parse_qsl(parts.query)) | {"answer": "allow"}
    own = f"{parts.scheme}://{parts.netloc}"
    async with httpx2.AsyncClient(trust_env=False, follow_redirects=True) as browser:
        await browser.get(page)
        await browser.post(f"{own}{parts.path}", data=form, headers={"Origin": own})


@pytest.mark.parametrize("read_only", [False, True])
async def test_who_agrees_in_the_browser_is_linked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read_only: bool
) -> None:
    visits: list[asyncio.Task[None]] = []

    def opened(page: str) -> None:
        visits.append(asyncio.create_task(agree(page)))

    monkeypatch.setattr(linking, "open_page", opened)
    keys = tmp_path / "keys"
    keys.mkdir(mode=0o700)
    monkeypatch.setenv("STRIKEDESK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("STRIKEDESK_VAULT__KEY_FILE", str(keys / "key"))
    (tmp_path / "world").mkdir()

    async with served(tmp_path / "world") as there, asyncio.timeout(30):
        site = on_this_machine(there.address)
        grant = await linking.consented(
            site, CLIENT_ID, Secret(CLIENT_SECRET), port=0, read_only=read_only
        )
        await visits[0]
        lines = await linking.link("tastytrade", site, grant)

    scopes = "read" if read_only else "read, trade"
    assert lines[0] == f"Linked to tastytrade (a sandbox on this machine). Scopes: {scopes}."
