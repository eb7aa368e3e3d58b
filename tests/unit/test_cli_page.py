"""The owner's page as processes serve it: alone, and beside the protocol."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.patience import patience
from tests.unit.test_cli_consent import at_desk, held, preview

LINK = re.compile(rb"approve orders at (http://127\.0\.0\.1:\d+)(/approvals\?key=\S+)")
FIELD = re.compile(r'name="(token|order|digest)" value="([^"]+)"')


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STRIKEDESK_HOME", str(tmp_path / "desk"))
    monkeypatch.setenv("STRIKEDESK_CONSENT", "click")
    monkeypatch.setenv("STRIKEDESK_PAPER__CLOCK", "frozen:2026-11-20T16:00:00+00:00")
    return tmp_path / "desk"


@contextmanager
def served(*words: str) -> Generator[tuple[str, str]]:
    """Run a command that serves the page; yield its origin, and the link from there."""
    with subprocess.Popen(
        [sys.executable, "-m", "strikedesk", *words],
        env=dict(os.environ),  # noqa: TID251 -- handed on
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            assert process.stderr is not None
            with patience(process, 60):
                told = next(found for line in process.stderr if (found := LINK.search(line)))
            yield told[1].decode(), told[2].decode()
            process.send_signal(signal.SIGTERM)
            with patience(process, 60):
                process.communicate()
        finally:
            process.kill()


def test_the_page_alone_sends_what_a_stdio_desk_previewed() -> None:
    """Whoever works over stdio has no address; the owner's page needs none of it."""
    at_desk(preview)

    with (
        served("approvals", "--serve") as (origin, link),
        httpx2.Client(base_url=origin, follow_redirects=True, timeout=30) as browser,
    ):
        shown = browser.get(link)
        form = dict(FIELD.findall(shown.text)) | {"act": "approve"}
        done = browser.post("/approvals", data=form, headers={"Origin": origin})
        strange = httpx2.get(f"{origin}/approvals")

    assert "is filled: 1 of 1 units filled" in done.text
    assert strange.status_code == 403
    assert held() == [1]


def test_a_server_on_the_network_has_the_page_beside_the_protocol() -> None:
    """The page needs no bearer token and gives none; the protocol's paths still want theirs."""
    at_desk(preview)

    with (
        served("serve", "--transport", "http", "--port", "0") as (origin, link),
        httpx2.Client(base_url=origin, timeout=30) as browser,
    ):
        let_in = browser.get(link)
        shown = browser.get("/approvals")
        protocol = browser.post("/mcp", json={})

    assert (let_in.status_code, shown.status_code, protocol.status_code) == (303, 200, 401)
    assert "Approve and send" in shown.text
