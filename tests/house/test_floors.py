"""Who may import whom: the contracts of pyproject.toml, and what they cannot say."""

import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import grimp

ROOT = Path(__file__).parents[2]
DOORS = {"strikedesk.cli", "strikedesk.__main__"}


@cache
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("strikedesk", include_external_packages=True, cache_dir=None)


def libraries() -> set[str]:
    """Third-party packages that some module imports."""
    return {
        module
        for module in graph().modules
        if graph().is_module_squashed(module)
        and module not in sys.stdlib_module_names
        and graph().find_modules_that_directly_import(module)
    }


def contracts() -> list[dict[str, Any]]:
    read = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return read["tool"]["importlinter"]["contracts"]


def test_the_floors_hold() -> None:
    """Imports go down; what a room needs of another goes through a port."""
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_domain_imports_the_standard_library_alone_but_where_its_values_are_made() -> None:
    """Whatever the domain needed would be needed by everything. See docs/decisions/0022."""
    needed = {
        (module, imported)
        for module in graph().find_descendants("strikedesk.domain")
        for imported in graph().find_modules_directly_imported_by(module)
        if graph().is_module_squashed(imported) and imported not in sys.stdlib_module_names
    }

    assert needed == {
        ("strikedesk.domain.canonical", "msgspec"),
        ("strikedesk.domain.value_class", "msgspec"),
    }


def test_every_library_has_a_room_that_it_stays_in() -> None:
    """A new library needs a decision about where it may be imported."""
    kept_in = {
        library
        for contract in contracts()
        if contract["type"] == "protected"
        for library in contract["protected_modules"]
    }
    anywhere = {"anyio", "structlog"}  # Waiting and logging are how any room above the pure works.

    assert libraries() == kept_in | (anywhere & libraries())


def test_every_module_can_be_reached_from_a_door() -> None:
    """Code that nothing reaches is code that nobody tends."""
    reached = set(DOORS)
    for door in DOORS & graph().modules:
        reached |= graph().find_upstream_modules(door, as_package=True)
        reached |= graph().find_descendants(door)
    packages = {parent for module in reached for parent in parents(module)}
    own = {name for name in graph().modules if name.split(".")[0] == "strikedesk"}

    assert own - reached - packages == set()


def parents(module: str) -> list[str]:
    parts = module.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts))]
