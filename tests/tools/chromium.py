"""A real browser, driven over the WebDriver protocol: what a page is to whoever looks at it."""

import base64
import shutil
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from subprocess import DEVNULL
from typing import Any, Final

import anyio
import httpx2
import pytest

ELEMENT: Final = "element-6066-11e4-a52e-4f735466cecf"
needs_chromium = pytest.mark.skipif(
    shutil.which("chromedriver") is None or shutil.which("chromium") is None,
    reason="chromium and chromedriver are not installed",
)
ARGUMENTS: Final = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--window-size=900,1000",
)


@dataclass(frozen=True)
class Browser:
    """One session of it."""

    http: httpx2.AsyncClient
    session: str

    async def go(self, url: str) -> None:
        """Open an address."""
        await self._say("POST", "url", {"url": url})

    async def address(self) -> str:
        """Return what the address bar says."""
        return await self._say("GET", "url")

    async def text(self, css: str = "body") -> str:
        """Return what a person reads there."""
        return await self._say("GET", f"element/{await self._found(css)}/text")

    async def press(self, css: str) -> None:
        """Press a button that leads to a page, and wait until that is there."""
        await self.run("window.left = true")
        await self._say("POST", f"element/{await self._found(css)}/click", {})
        with anyio.fail_after(60):
            while True:
                if await self._arrived():
                    return
                await anyio.sleep(0.02)

    async def _arrived(self) -> bool:
        """Whether the page that was left is gone and the next one is whole."""
        try:
            return await self.run("return !window.left && document.readyState === 'complete'")
        except httpx2.HTTPStatusError:  # Between two pages there is nothing to ask.
            return False

    async def run(self, script: str) -> Any:
        """Run a script as the page itself would."""
        return await self._say("POST", "execute/sync", {"script": script, "args": []})

    async def picture(self) -> bytes:
        """Return a PNG of what is seen."""
        return base64.b64decode(await self._say("GET", "screenshot"))

    async def _found(self, css: str) -> str:
        found = await self._say("POST", "element", {"using": "css selector", "value": css})
        return found[ELEMENT]

    async def _say(self, method: str, path: str, body: Any = None) -> Any:
        answer = await self.http.request(method, f"/session/{self.session}/{path}", json=body)
        return answer.raise_for_status().json()["value"]


@asynccontextmanager
async def chromium() -> AsyncGenerator[Browser]:
    """Start a headless browser with a profile of its own; it ends with the block."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    driver = await anyio.open_process(
        ["chromedriver", f"--port={port}"], stdout=DEVNULL, stderr=DEVNULL
    )
    try:
        address = f"http://127.0.0.1:{port}"
        async with httpx2.AsyncClient(base_url=address, timeout=60) as http:
            await _ready(http)
            wanted = {"browserName": "chrome", "goog:chromeOptions": {"args": [*ARGUMENTS]}}
            asked = {"capabilities": {"alwaysMatch": wanted}}
            started = (await http.post("/session", json=asked)).raise_for_status().json()
            browser = Browser(http, started["value"]["sessionId"])
            try:
                yield browser
            finally:
                await http.delete(f"/session/{browser.session}")
    finally:
        driver.terminate()
        await driver.wait()


async def _ready(http: httpx2.AsyncClient) -> None:
    with anyio.fail_after(30):
        while True:
            try:
                if (await http.get("/status")).json()["value"]["ready"]:
                    return
            except httpx2.TransportError:
                await anyio.sleep(0.05)
