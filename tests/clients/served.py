"""The real server as a process on a real port, with a token to call it."""

import json
import re
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import urlopen

from tests.patience import patience

COMMAND = (sys.executable, "-m", "strikedesk")
OPENED_AT = "offset:2026-11-20T16:00:00+00:00"  # An open market, two hours after its start.
TRIES = 200
TRY_EVERY_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A home of its own, its port, and its callers' tokens by scope."""

    home: Path
    port: int
    tokens: dict[str, str] = field(repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def settings(home: Path) -> dict[str, str]:
    return {"STRIKEDESK_HOME": str(home), "STRIKEDESK_PAPER__CLOCK": OPENED_AT}


def make_token(home: Path, scope: str) -> str:
    """Make a token as the owner does."""
    words = ("token", "create", f"the {scope}er", "--scope", scope)
    done = subprocess.run(
        [*COMMAND, *words],
        env=settings(home),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    (token,) = re.findall(r"^sdt_\S+$", done.stdout, re.MULTILINE)
    return token


@contextmanager
def served(home: Path, transport: str) -> Generator[Desk]:
    """Start `strikedesk serve`, wait until it is ready, and stop it as a service manager does."""
    tokens = {scope: make_token(home, scope) for scope in ("read", "trade")}
    desk = Desk(home=home, port=free_port(), tokens=tokens)
    words = ("serve", "--transport", transport, "--port", str(desk.port))
    with (home / "server.log").open("w") as log:
        server = subprocess.Popen([*COMMAND, *words], env=settings(home), stderr=log)
        try:
            wait_until_ready(server, desk)
            yield desk
        finally:
            server.terminate()
            with patience(server):
                ended = server.wait()
            assert ended == 0, (home / "server.log").read_text()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def wait_until_ready(server: "subprocess.Popen[bytes]", desk: Desk) -> None:
    for _ in range(TRIES):
        if is_ready(desk):
            return
        try:
            server.wait(timeout=TRY_EVERY_S)
        except subprocess.TimeoutExpired:
            continue
        break
    raise AssertionError((desk.home / "server.log").read_text())


def is_ready(desk: Desk) -> bool:
    try:
        with urlopen(f"{desk.url}/health/ready", timeout=5) as answer:  # noqa: S310 -- our own port
            return json.load(answer)["status"] == "ready"
    except OSError:
        return False
