"""One door for orders: nothing else in the tree can send.

The sandbox is no desk: it is a broker's side, which other people's clients send orders to. It has a
world of its own and no way to a broker, and no desk has a way to its back office.
"""

import ast
import re
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


def users_of(words: str) -> set[str]:
    """Return the modules in whose text the words stand."""
    return {
        path.relative_to(HOUSE).as_posix()
        for path in HOUSE.rglob("*.py")
        if words in path.read_text(encoding="utf-8")
    }


@pytest.mark.promise("one-door")
def test_behind_the_paper_broker_s_counter_stands_the_sandbox_alone() -> None:
    """Its clerk takes tickets that no preview was made for: whoever reached it could send."""
    rooms = {path.partition("/")[0] for path in users_of(".back_office")}

    assert rooms == {"brokers", "sandbox"}
    assert users_of("clerk.submit(") == {
        "brokers/paper/broker.py",
        "brokers/tastytrade/broker.py",
        "sandbox/orders/acts.py",
    }
    assert users_of("exchange.place") == {"brokers/paper/clerk.py"}
    acting = {path for path in users_of("keeper.act(") if path.startswith("sandbox/")}
    assert acting == {"sandbox/orders/acts.py"}


@pytest.mark.promise("one-door")
def test_the_sandbox_has_a_world_of_its_own_and_no_way_to_a_desk_s() -> None:
    """Orders of strangers go to play money that no desk knows of, whatever the owner has set."""
    desk = {"wiring.desk", "wiring.open_desk", "wiring.open_practice", "wiring.open_store"}

    assert {path.partition("/")[0] for path in users_of("strikedesk.sandbox")} == {"cli", "sandbox"}
    assert users_of("wiring.sandbox") == {"cli/sandbox.py"}
    for path in [*sorted((HOUSE / "sandbox").rglob("*.py")), HOUSE / "wiring" / "sandbox.py"]:
        text = path.read_text(encoding="utf-8")
        assert "strikedesk.orders" not in text
        assert not any(f"strikedesk.{name}" in text for name in desk), path
        assert "import Settings" not in text, path


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


BROKERS = HOUSE / "brokers"
FRAMES = "tastytrade/dxlink/frames.py"
HTTP_VERBS = {"post", "patch", "delete", "request", "build_request"}


def calls_named(names: set[str]) -> list[tuple[str, ast.Call]]:
    """Return the calls of methods with these names in the room of brokers, with their module."""
    return [
        (path.relative_to(BROKERS).as_posix(), call)
        for path in sorted(BROKERS.rglob("*.py"))
        for call in calls_of(path)
        if isinstance(call.func, ast.Attribute) and call.func.attr in names
    ]


@pytest.mark.promise("one-door")
def test_a_broker_s_wire_reads_fetches_tokens_and_sends_in_one_place_each() -> None:
    """Whatever else could make a request could make one that changes something."""
    requests = {
        module: [ast.unparse(word) for word in call.args[:2]]
        for module, call in calls_named({"exchange"})
    }

    assert len(calls_named({"exchange"})) == len(requests)
    assert requests == {
        "tastytrade/client.py": ["'GET'", "call.target"],
        "tastytrade/token_desk.py": ["'POST'", "TOKEN_PATH"],
        "tastytrade/orders/sending.py": ["method", "path"],
    }
    assert [module for module, _ in calls_named({"stream"})] == ["tastytrade/wire.py"]
    assert calls_named(HTTP_VERBS) == []


@pytest.mark.promise("one-door")
def test_a_broker_s_websockets_say_what_the_protocols_of_streams_know_and_nothing_else() -> None:
    """They ask to be told things: no word of theirs could place an order."""
    assert [module for module, _ in calls_named({"send"})] == [
        "tastytrade/conversing.py",
        "tastytrade/sockets.py",
    ]
    said = {
        word.value
        for word in ast.walk(ast.parse((BROKERS / FRAMES).read_text("utf-8")))
        if isinstance(word, ast.Constant) and re.fullmatch(r"[A-Z_]+", str(word.value))
    }
    actions = [ast.unparse(call.args[0]) for _, call in calls_named({"_message"})]
    assert actions == ["_CONNECT", "_HEARTBEAT"]
    assert said == {
        "AUTH",
        "AUTO",
        "CHANNEL_REQUEST",
        "COMPACT",
        "FEED",
        "FEED_SETUP",
        "FEED_SUBSCRIPTION",
        "KEEPALIVE",
        "SETUP",
    }


@pytest.mark.promise("one-door")
def test_what_is_sent_there_is_a_rehearsal_or_the_act_of_the_one_submit() -> None:
    """A rehearsal goes to a path that changes nothing; the act is named where a ticket comes in."""
    sent = sorted(ast.unparse(call) for _, call in calls_named({"_sent"}))
    acts = {
        f"{path.relative_to(BROKERS).as_posix()}: {function.name}"
        for path in BROKERS.rglob("*.py")
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(function, ast.AsyncFunctionDef | ast.FunctionDef)
        and "sender.act" in ast.unparse(function)
    }
    makes = [module for module, call in calls_named({"submit"}) if "clerk" in ast.unparse(call)]

    assert sent == [
        "self._sent('POST', path + DRY_RUN, body)",
        "self._sent(act.method, act.path, act.body)",
    ]
    assert acts == {"tastytrade/orders/clerk.py: submit"}
    assert makes == ["paper/broker.py", "tastytrade/broker.py"]
