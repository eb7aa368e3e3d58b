"""One door for orders: nothing else in the tree can send."""

import ast
from pathlib import Path

import pytest

import strikedesk

HOUSE = Path(strikedesk.__file__).parent
DOOR = "orders/submit.py"
SENDS = {"submit"}


def calls_of(path: Path) -> list[ast.Call]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def sends(call: ast.Call) -> bool:
    """Whether a call is `something.broker.submit(...)` or `broker.submit(...)`."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in SENDS:
        return False
    owner = call.func.value
    name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
    return "broker" in name


@pytest.mark.promise("one-door")
def test_one_call_in_the_whole_tree_sends_anything_to_a_broker() -> None:
    """A second call site would be a second door, with none of the first one's locks."""
    places = [
        path.relative_to(HOUSE).as_posix()
        for path in sorted(HOUSE.rglob("*.py"))
        for call in calls_of(path)
        if sends(call)
    ]

    assert places == [DOOR]


@pytest.mark.promise("one-door")
def test_only_confirming_reaches_the_submitter() -> None:
    """The submitter is a part of the confirmer, and of nothing else that could call it."""
    users = {
        path.relative_to(HOUSE).as_posix()
        for path in HOUSE.rglob("*.py")
        if "Submitter" in path.read_text(encoding="utf-8")
    }

    assert users == {DOOR, "orders/confirm.py", "wiring/desk.py"}


@pytest.mark.promise("halt")
def test_only_a_withdrawal_asks_for_what_a_halt_lets_out() -> None:
    """Elsewhere the word would be a way around the halt."""
    users = {
        path.relative_to(HOUSE).as_posix()
        for path in HOUSE.rglob("*.py")
        if "withdraws=True" in path.read_text(encoding="utf-8")
    }

    assert users == {"orders/withdraw.py"}


@pytest.mark.promise("halt")
def test_only_the_owner_s_command_and_page_release_a_halt() -> None:
    """A tool, a worker or a start that could would undo what the owner wanted."""
    users = {
        path.relative_to(HOUSE).as_posix()
        for path in HOUSE.rglob("*.py")
        if ".halt.release(" in path.read_text(encoding="utf-8")
    }

    assert users == {"cli/stopping.py", "web/halting.py"}
