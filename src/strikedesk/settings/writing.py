"""Writing one limit into the text of `config.toml`, everything else in it left as it is.

Law: what is written reads back as the old table with that one change, or nothing is written.
"""

import re
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, TypeAlias

from pydantic import ValidationError

from strikedesk.domain.account_kinds import OptionLevel
from strikedesk.domain.errors import Denied
from strikedesk.domain.reasons import Reason
from strikedesk.settings.environment import is_set, not_toml, unreadable, variable_of
from strikedesk.settings.sections import LimitSettings

SECTION: Final = "limits"
DEFAULT: Final = "default"

Table: TypeAlias = dict[str, Any]

_HEAD: Final = re.compile(r"^\s*\[\s*limits\s*\]\s*(#.*)?$")
_ANY_HEAD: Final = re.compile(r"^\s*\[")


def with_limit(text: str, name: str, said: str) -> tuple[str, LimitSettings]:
    """Return the text with the limit set as `said`, and all limits as the file has them then.

    `default` takes the line out.

    Raises:
        Denied: INVALID_ARGUMENT, where there is no such limit, its value means nothing, or the
            environment sets it and would go on to win.
        Misconfigured: the file cannot be read, or is written in a way that we would not keep.
    """
    if name not in LimitSettings.model_fields:
        raise Denied(Reason.INVALID_ARGUMENT, limit=name[:40], problem="there is no such limit")
    if is_set(variable := variable_of((SECTION, name))):
        raise Denied(Reason.INVALID_ARGUMENT, limit=name, problem=f"{variable} sets it")
    table = _parsed(text)
    given = table.get(SECTION, {})
    kept = {key: value for key, value in given.items() if key != name}
    asked = kept if said == DEFAULT else kept | {name: said}
    limits = _read(name, asked)
    value = getattr(limits, name)
    wanted = table | {SECTION: kept if said == DEFAULT else kept | {name: _plain(value)}}
    line = None if said == DEFAULT else f"{name} = {_toml(value)}"
    written = _edited(text, name, line)
    if _parsed(written) != wanted and not (
        wanted[SECTION] == {} == _parsed(written).get(SECTION, {})
    ):
        raise unreadable(f"{SECTION}.{name}", "the file is written in a way of its own: edit it")
    return written, limits


def _parsed(text: str) -> Table:
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise not_toml("config.toml", error) from None


def _read(name: str, asked: Mapping[str, object]) -> LimitSettings:
    try:
        return LimitSettings.model_validate(asked)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]["msg"]
        problem = problem.removeprefix("Value error, ")
        raise Denied(Reason.INVALID_ARGUMENT, limit=name, problem=problem) from None


def _edited(text: str, name: str, line: str | None) -> str:
    """Put `line` where the limit is, at the end of its section, or in a new section."""
    lines = text.splitlines()
    head = next((n for n, each in enumerate(lines) if _HEAD.match(each)), None)
    if head is None:
        return (
            text if line is None else _joined([*lines, *([""] if lines else []), "[limits]", line])
        )
    end = head + 1
    while end < len(lines) and not _ANY_HEAD.match(lines[end]):
        end += 1
    own = re.compile(rf"^\s*{re.escape(name)}\s*=")
    at = next((n for n in range(head + 1, end) if own.match(lines[n])), None)
    new = [] if line is None else [line]
    if at is not None:
        return _joined([*lines[:at], *new, *lines[at + 1 :]])
    while not lines[end - 1].strip():
        end -= 1
    return _joined([*lines[:end], *new, *lines[end:]])


def _joined(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _plain(value: object) -> object:
    """Return a value as TOML gives it back."""
    if isinstance(value, OptionLevel):
        return value.value
    return list(value) if isinstance(value, tuple) else value  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] -- of tickers


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, OptionLevel):
        return f'"{value.value}"'
    if isinstance(value, tuple):
        return "[" + ", ".join(f'"{ticker}"' for ticker in value) + "]"  # pyright: ignore[reportUnknownVariableType] -- of tickers
    return str(value)
