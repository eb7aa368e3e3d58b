"""What the documents say is what is so."""

import re
import tomllib
from pathlib import Path
from typing import Any

from docs.write_reasons import PAGE, page

from strikedesk.domain.reasons import Reason

ROOT = Path(__file__).parents[2]
REQUIREMENT = re.compile(r"^[A-Za-z0-9._-]+")
LISTED = re.compile(r"^\| `([\w-]+)` \|", re.MULTILINE)
PROMISED = re.compile(r"^(?:- |\| )`([a-z][a-z0-9_-]*)`", re.MULTILINE)
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
