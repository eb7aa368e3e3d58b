"""The official conformance suite against the production server, in both protocol eras.

The baselines name what cannot pass without the suite's own fixture tools. A failure outside of
them fails here, and so does an entry that has become stale.
"""

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from tests.clients import node
from tests.clients.bearer_proxy import BearerProxy
from tests.clients.served import served

pytestmark = [pytest.mark.client, pytest.mark.timeout(180), node.installed]

FOLDER = Path(__file__).parent
SUITE_S = 140  # It takes a tenth of that on a quiet machine.


@pytest.mark.parametrize("revision", ["2025-11-25", "2026-07-28"])
async def test_all_that_applies_to_any_server_passes(revision: str, tmp_path: Path) -> None:
    """Their reading of the specification, not ours."""
    with served(tmp_path, "http") as desk:
        proxy = BearerProxy(desk.port, desk.tokens["trade"])
        async with proxy.running() as url:
            code, told = await conformance(revision, f"{url}/mcp", tmp_path)

    assert code == 0, told


async def conformance(revision: str, url: str, home: Path) -> tuple[int | None, str]:
    """Run the suite's frozen requirements of one revision."""
    baseline = FOLDER / f"baseline-{revision}.yml"
    suite = await asyncio.create_subprocess_exec(
        *(node.BINARIES / "conformance", "server", "--url", url, "--requirements", revision),
        *("--expected-failures", baseline, "--output-dir", home / "results"),
        env=node.environment(home),
        cwd=home,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(SUITE_S):
            out, _ = await suite.communicate()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(suite.pid, signal.SIGKILL)  # What it started, too.
    return suite.returncode, out.decode()
