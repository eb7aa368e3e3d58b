"""`strikedesk sandbox`: what a person sees who starts it, and how it ends."""

import json
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.patience import patience
from tests.unit.cli_door import call

PORTS = ("--port", "0", "--control-port", "0")


def test_it_says_how_to_be_reached_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a client needs is on the screen, and a world without an owner is litter."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    process = subprocess.Popen(
        [sys.executable, "-m", "strikedesk", "sandbox", *PORTS, "--seed", "7"],
        stdout=subprocess.PIPE,
    )
    with process, patience(process):
        assert process.stdout is not None
        told: list[str] = []
        while not told or not told[-1].startswith("Ctrl-C"):
            told.append(process.stdout.readline().decode())
        screen = "".join(told)
        (address,) = re.findall(r"REST and OAuth +(\S+)", screen)
        (secret,) = re.findall(r"client secret +(\S+)", screen)
        (refresh,) = re.findall(r"refresh token +(\S+)", screen)
        body = {"grant_type": "refresh_token", "client_secret": secret, "refresh_token": refresh}
        request = urllib.request.Request(  # noqa: S310 -- the address just printed
            f"{address}/oauth/token",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:  # noqa: S310 -- same
            assert json.load(answer)["expires_in"] == 900
        process.send_signal(signal.SIGINT)
        assert process.wait() == 0
    assert "seed 7" in screen
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    ("option", "value", "named"),
    [("--clock", "yesterday", "--clock"), ("--host", "no.such.host.invalid", "--host")],
)
def test_an_option_that_cannot_be_read_is_named(
    capsys: pytest.CaptureFixture[str], option: str, value: str, named: str
) -> None:
    done = call(capsys, "sandbox", *PORTS, option, value)

    assert done.code == 2
    assert named in done.err
