"""What no tool lets its caller choose: a host, a path, a limit, a command."""

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest

from strikedesk.server.menu import MENU
from strikedesk.server.strict import strict_tool
from strikedesk.settings.sections import LimitSettings

# Words of an argument's name, between underscores, by which it would choose more than an order.
FORBIDDEN: Final = frozenset(
    {
        "url", "uri", "host", "hostname", "port", "proxy", "endpoint", "address", "webhook", "ip",
        "path", "file", "filename", "folder", "directory", "dir", "home",
        "limit", "limits", "max", "cap", "collar", "threshold", "allow", "override", "force",
        "command", "cmd", "shell", "exec", "eval", "script", "code", "args", "env",
        "consent", "approve", "approval", "resume", "release", "policy", "config", "setting",
        "settings", "secret", "password", "key", "broker", "environment", "live",
    }
)  # fmt: skip
# Names with such a word that choose rows of an answer, or a part of an order.
HARMLESS: Final = frozenset(
    {
        "confirm_order.code",  # The owner's one-time code, which the owner gave.
        "get_option_chain.days_max",
        "get_option_chain.delta_max",
        "get_option_chain.strike_max",
        "preview_close.time_in_force",
        "preview_group.time_in_force",
        "preview_order.time_in_force",
        "preview_replace.time_in_force",
        "preview_roll.time_in_force",
        "search_symbols.limit",
    }
)


def names_of(schema: Any) -> Iterator[str]:
    """Yield the name of every argument, however deep, of a JSON schema."""
    if isinstance(schema, list):
        for each in schema:  # pyright: ignore[reportUnknownVariableType] -- of JSON
            yield from names_of(each)
    if isinstance(schema, dict):
        for name, inner in schema.items():  # pyright: ignore[reportUnknownVariableType] -- of JSON
            if name == "properties":
                yield from inner
            yield from names_of(inner)


def arguments() -> dict[str, set[str]]:
    return {item.name: set(names_of(strict_tool(item).parameters)) for item in MENU}


@pytest.mark.promise("limits")
def test_no_tool_chooses_a_host_a_path_a_limit_or_a_command() -> None:
    """Whoever speaks to the model could else move what the owner set, or where data goes."""
    chosen = {
        f"{tool}.{name}"
        for tool, names in arguments().items()
        for name in names
        if FORBIDDEN & set(re.split(r"[_\W]+", name.lower()))
    }

    assert chosen == HARMLESS


@pytest.mark.promise("limits")
def test_no_tool_takes_an_argument_named_like_a_limit() -> None:
    every = {name for names in arguments().values() for name in names}

    assert every & set(LimitSettings.model_fields) == set()
    assert {"account", "legs", "symbol", "quantity", "nonce"} <= every


def test_no_tool_takes_what_its_schema_does_not_name() -> None:
    """An argument that nobody listed could not have been looked at here."""
    open_ended = [
        item.name
        for item in MENU
        if strict_tool(item).parameters.get("additionalProperties") is not False
    ]

    assert open_ended == []
