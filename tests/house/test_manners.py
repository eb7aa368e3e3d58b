"""House rules that no single tool checks."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HOUSE = ROOT / "src" / "strikedesk"
LINES_MAX = 400

SUPPRESSION = re.compile(r"#\s*(noqa|type: ignore|pyright: ignore|pragma: no)")
WITH_REASON = re.compile(
    r"#\s*(noqa: [A-Z0-9]+(, ?[A-Z0-9]+)*|(type|pyright): ignore\[[\w, -]+\]|pragma: no \w+)"
    r" -- \S"
)

# Greeks and volatilities are statistics, and a JSON document may hold any number: no money.
MONEY_ROOMS = ("domain", "orders", "risk")
NOT_MONEY = {
    "domain/greeks.py",
    "domain/canonical.py",
    "domain/underlying_facts.py",
    "domain/volatility.py",
}
SECONDS = re.compile(r"(?<=_s): (?:Final\[)?float\]?")

UNWANTED = {
    "a path of one machine": re.compile(
        r"(?<![\w./-])/(?:work|root|(?:home|Users)/(?!owner/)\w+)/"
    ),
    "unfinished": re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b"),
    "a merge left open": re.compile(r"^(?:<{7}|={7}|>{7})(?: |$)", re.MULTILINE),
    "a mock": re.compile(r"\b(?:MagicMock|AsyncMock|mocker)\b"),
}
HOMELESS_NAMES = {"utils", "util", "helpers", "misc", "common", "base"}


def modules(*rooms: str) -> Iterator[tuple[str, str]]:
    """Yield (path inside the house, text) of every module."""
    for room in rooms or ("",):
        for path in sorted((HOUSE / room).rglob("*.py")):
            yield path.relative_to(HOUSE).as_posix(), path.read_text(encoding="utf-8")


def tracked() -> Iterator[Path]:
    """Yield every text file that belongs to the project."""
    for folder in ("src", "tests", "docs", "migrations", "benchmarks"):
        yield from sorted((ROOT / folder).rglob("*.py"))
        yield from (p for p in sorted((ROOT / folder).rglob("*.md")) if not vendored(p))
    for name in ("Makefile", "pyproject.toml", ".ci/run", "mcp.json.example"):
        yield ROOT / name
    yield from sorted(ROOT.glob("*.md"))


def vendored(path: Path) -> bool:
    return "node_modules" in path.parts


def test_every_suppression_names_its_rule_and_its_reason() -> None:
    """An exception without a reason is a rule that nobody keeps."""
    unexplained = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked()
        if path.suffix == ".py" and path != Path(__file__)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if SUPPRESSION.search(line) and not WITH_REASON.search(line)
    ]

    assert unexplained == []


def test_no_float_where_money_lives() -> None:
    """0.1 + 0.2 is not 0.3 there. Seconds may be floats: what waits takes them."""
    floats = [
        f"{path}:{node.lineno}"
        for path, text in modules(*MONEY_ROOMS)
        if path not in NOT_MONEY
        for node in ast.walk(ast.parse(SECONDS.sub("", text)))
        if (isinstance(node, ast.Name) and node.id == "float")
        or (isinstance(node, ast.Constant) and isinstance(node.value, float))
    ]

    assert floats == []


def test_no_module_outgrows_a_reader() -> None:
    """What does not fit in a head hides its mistakes."""
    long = {path: lines for path, text in modules() if (lines := text.count("\n")) > LINES_MAX}

    assert long == {}


def test_every_module_has_a_name_that_says_what_lives_there() -> None:
    """A thing that wants to live in `utils` is still looking for its name."""
    assert [path for path, _ in modules() if Path(path).stem in HOMELESS_NAMES] == []


@pytest.mark.parametrize("what", UNWANTED)
def test_nothing_unfinished_or_private_is_left_lying_about(what: str) -> None:
    """The project speaks of itself alone, and of what it does today."""
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in tracked()
        if path != Path(__file__)
        for match in UNWANTED[what].finditer(path.read_text(encoding="utf-8"))
    ]

    assert found == []


def test_what_is_built_or_private_is_not_tracked() -> None:
    """A clone holds the project and nothing of the machine it was made on."""
    listed = subprocess.run(
        ["git", "ls-files"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    strange = re.compile(r"(^|/)(node_modules|__pycache__|\.venv|\.tools)/|\.(pyc|db|sqlite|pem)$")

    assert [name for name in listed.stdout.splitlines() if strange.search(name)] == []
