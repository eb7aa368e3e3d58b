"""What a stranger gets who installs the wheel: no checkout, no home, no configuration."""

import json
import re
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
ASKED = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "a stranger", "version": "1"},
    },
}


def uv(*words: str | Path, project_environment: Path | None = None) -> None:
    """Run uv from its cache, and over the network only where that is not enough."""
    found = shutil.which("uv") or shutil.which("uv", path=ROOT / ".tools" / "bin")
    if found is None:
        pytest.skip("uv builds and installs the wheel; `make test` brings it")
    setting = f"UV_PROJECT_ENVIRONMENT={project_environment}" if project_environment else "_="
    asked = ["env", "-u", "VIRTUAL_ENV", setting, found, *map(str, words), "--quiet"]
    offline = subprocess.run(
        [*asked, "--offline"], cwd=ROOT, capture_output=True, check=False, timeout=60
    )
    if offline.returncode:
        subprocess.run(asked, cwd=ROOT, check=True, timeout=100)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    uv("build", "--wheel", "--out-dir", folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the command of an environment that holds the wheel and what it needs, no more."""
    venv = tmp_path_factory.mktemp("stranger") / "venv"
    python = ("--python", sys.executable)
    packages = ("--frozen", "--no-dev", "--no-install-project", "--compile-bytecode")
    uv("sync", *packages, *python, project_environment=venv)
    uv("pip", "install", "--no-deps", wheel, "--python", venv)
    uv("pip", "check", "--python", venv)
    return venv / "bin" / "strikedesk"


def run(
    command: Path, *words: str, home: Path, typed: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run it as a client would: an empty home, no PATH, any directory."""
    return subprocess.run(
        [command, *words],
        input=typed,
        env={"HOME": str(home), "STRIKEDESK_HOME": str(home / "desk")},
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_wheel_holds_the_package_its_migrations_and_nothing_else(wheel: Path) -> None:
    """Without its migrations an installed desk could not make its first database."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()

    tops = {name.split("/")[0] for name in names}
    assert {top.split("-")[0] for top in tops} == {"strikedesk"}
    assert {"strikedesk/py.typed", "strikedesk/migrations/env.py"} <= set(names)
    assert [name for name in names if name.startswith("strikedesk/migrations/versions/0001")]
    starters = [name for name in names if name.startswith("strikedesk/scan/starters/")]
    assert len([name for name in starters if name.endswith(".toml")]) == 10
    assert [name for name in names if name.endswith("licenses/LICENSE")]


def test_nothing_in_the_wheel_can_be_told_to_die(wheel: Path) -> None:
    """The points at which proofs kill a process are in the tests: no switch brings them back."""
    deadly = re.compile(r"os\.(_exit|abort|kill|killpg)\(|SIGKILL|raise_signal")
    with zipfile.ZipFile(wheel) as archive:
        found = {
            (name, line.strip())
            for name in archive.namelist()
            if name.endswith(".py")
            for line in archive.read(name).decode().splitlines()
            if deadly.search(line)
        }
        assert not [name for name in archive.namelist() if "proofs" in name or "tests/" in name]

    # Over stdio a signal ends the desk once what is on its way was waited for.
    assert found == {("strikedesk/server/stdio.py", "os._exit(0)")}


def test_the_installed_command_tells_its_version(installed: Path, tmp_path: Path) -> None:
    """The smallest thing that can be asked."""
    done = run(installed, "--version", home=tmp_path)

    assert (done.returncode, done.stdout) == (0, "strikedesk 0.1.0\n")


def test_it_answers_initialize_over_stdio_and_leaves_when_the_client_does(
    installed: Path, tmp_path: Path
) -> None:
    """Stdout carries protocol only, from the first byte to the last."""
    done = run(installed, "serve", home=tmp_path, typed=json.dumps(ASKED) + "\n")

    (line,) = done.stdout.splitlines()
    answer: dict[str, Any] = json.loads(line)
    assert done.returncode == 0, done.stderr
    assert answer["result"]["serverInfo"]["name"] == "strikedesk"
    assert answer["result"]["protocolVersion"] == "2025-11-25"


def test_its_doctor_finds_a_sound_desk(installed: Path, tmp_path: Path) -> None:
    """The database is made from the migrations in the wheel, and the paper market quotes."""
    done = run(installed, "doctor", "--json", home=tmp_path)

    checks = {check["name"]: check["outcome"] for check in json.loads(done.stdout)["checks"]}
    assert done.returncode == 0, done.stdout + done.stderr
    assert {checks[name] for name in ("configuration", "database", "migrations", "tools")} == {"ok"}


def test_the_command_opens_the_door_it_names() -> None:
    """The script that an installer writes calls this function."""
    (script,) = entry_points(group="console_scripts", name="strikedesk")

    assert script.value == "strikedesk.cli:main"
    assert callable(script.load())
