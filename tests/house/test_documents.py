"""What the documents say is what is so."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from docs.write_reasons import PAGE, page

from strikedesk.domain.reasons import Reason
from strikedesk.server.menu import MENU
from strikedesk.settings import load, variables

ROOT = Path(__file__).parents[2]
REQUIREMENT = re.compile(r"^[A-Za-z0-9._-]+")
LISTED = re.compile(r"^\| `([\w-]+)` \|", re.MULTILINE)
PROMISED = re.compile(r"^(?:- |\| )`([a-z][a-z0-9_-]*)`", re.MULTILINE)
REPORTED = re.compile(r"""\breport\(\s*f?["']([A-Za-z0-9]+)""")
KEPT = re.compile(r"""mark\.promise\(\s*["']([\w-]+)["']\s*\)""")


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def project() -> dict[str, Any]:
    return tomllib.loads(text_of("pyproject.toml"))


def test_the_page_of_reasons_is_the_reasons() -> None:
    """`make docs` writes it again."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_no_two_reasons_share_a_number() -> None:
    """Programs compare numbers; an alias would also merge two members of the enum."""
    codes = [reason.code for reason in Reason]

    assert len(codes) == len(set(codes)) == len(Reason.__members__)


def test_every_dependency_says_what_it_spares_us() -> None:
    """And nothing is listed that is gone."""
    read = project()
    wanted = [*read["project"]["dependencies"], *read["dependency-groups"]["dev"]]
    names = {match.group() for text in wanted if (match := REQUIREMENT.match(text))}

    assert set(LISTED.findall(text_of("docs/dependencies.md"))) == names


def test_every_promise_is_kept_by_a_test_and_every_claim_is_promised() -> None:
    """The README promises, a test keeps each promise, and nothing else is promised."""
    _, _, after = text_of("README.md").partition("## Promises")
    promised = set(PROMISED.findall(after.partition("\n## ")[0]))
    kept = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in KEPT.findall(path.read_text(encoding="utf-8"))
    }

    assert kept == promised
    assert promised


def test_every_tool_is_in_the_readme_and_every_tool_there_is_served() -> None:
    """A person chooses what to let a model do from that table."""
    readme = text_of("README.md")
    tables = re.findall(r"^\| (\w+) \| ((?:`\w+` ?)+)\|$", readme, re.MULTILINE)
    told = {(row, name) for row, names in tables for name in re.findall(r"`(\w+)`", names)}

    assert told == {(item.toolset.value, item.name) for item in MENU}


def test_the_settings_in_the_readme_are_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever copies them starts a desk."""
    blocks = re.findall(r"^```toml\n(.+?)^```", text_of("README.md"), re.MULTILINE | re.DOTALL)
    monkeypatch.setenv("STRIKEDESK_HOME", str(tmp_path))

    for block in blocks:
        (tmp_path / "config.toml").write_text(block, encoding="utf-8")
        assert load().broker == "paper"
    assert blocks


def test_the_example_for_clients_starts_this_program_with_settings_it_has() -> None:
    """It is copied as it is."""
    (server,) = json.loads(text_of("mcp.json.example"))["mcpServers"].values()

    assert server["args"] == ["serve"]
    assert server["env"].keys() <= variables()


def proofs() -> dict[str, set[str]]:
    """Return the proofs that report a figure, by the file that they are in."""
    found: dict[str, set[str]] = {}
    for path in (ROOT / "tests").rglob("test_*.py"):
        text = path.read_text(encoding="utf-8")
        if "from tests.proof import" in text and (names := REPORTED.findall(text)):
            found[path.relative_to(ROOT).as_posix()] = set(names)
    return found


def test_every_proof_has_its_line_in_the_table_of_security() -> None:
    """A figure that nobody can read proves nothing to anybody."""
    _, _, after = text_of("SECURITY.md").partition("## What was proved")
    told = set(re.findall(r"^\| ([A-Za-z0-9]+)[ |]", after.partition("\n## ")[0], re.MULTILINE))

    assert told - {"proof"} == set[str]().union(*proofs().values())


def test_make_proof_runs_every_proof() -> None:
    """One that is left out keeps its short form for ever."""
    (listed,) = re.findall(r"^PROOFS = ((?:.*\\\n)*.*)$", text_of("Makefile"), re.MULTILINE)
    runs = listed.replace("\\\n", " ").split()

    left_out = [path for path in proofs() if not any(path.startswith(name) for name in runs)]
    assert left_out == []
