"""One entry in somebody else's JSON file: added or replaced, and nothing else touched."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, NoReturn, TypeAlias, cast

from strikedesk.cli.whole_file import back_up, replace_whole
from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.ledger import Json
from strikedesk.domain.reasons import Reason

Tree: TypeAlias = dict[str, Json]

_COMMENT: Final = re.compile(r'"(?:[^"\\\n]|\\.)*"|(//|/\*)')
_INDENT: Final = re.compile(r"^\{\r?\n([ \t]+)\"")


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What became of the file: changed or already so, and where the old one is kept."""

    path: Path
    changed: bool
    backup: Path | None = None


def merge_entry(path: Path, *, key: str, name: str, entry: Tree, now: datetime) -> Merged:
    """Set `name` to `entry` in the object `key` of a JSON file, which need not exist yet.

    The old file is kept beside it; a link stays a link; doing it twice changes nothing.

    Raises:
        Misconfigured: CLIENT_CONFIG_UNREADABLE, and the file is as it was.
    """
    real = path.resolve()
    text = _text(real)
    tree = parse(text, path) if text.strip() else Tree()
    servers = tree.get(key, Tree())
    if not isinstance(servers, dict):
        _refuse(path, f"`{key}` is no object")
    if servers.get(name) == entry:
        return Merged(path=path, changed=False)
    tree[key] = servers | {name: entry}
    backup = back_up(real, now) if real.exists() else None
    replace_whole(real, _written(tree, like=text).encode())
    return Merged(path=path, changed=True, backup=backup)


def parse(text: str, path: Path) -> Tree:
    """Read a client's file strictly: what we would lose by writing it back is refused.

    Raises:
        Misconfigured: it is no JSON object, says something twice, or holds comments.
    """
    try:
        tree = cast("Json", json.loads(text.removeprefix("\ufeff"), object_pairs_hook=_once))
    except (ValueError, RecursionError) as error:
        if any(match.group(1) for match in _COMMENT.finditer(text)):
            _refuse(path, "it has comments, which would be lost: add the entry of --print by hand")
        _refuse(path, _problem(error))
    if not isinstance(tree, dict):
        _refuse(path, "it is no JSON object")
    return tree


def _problem(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"it is not JSON (line {error.lineno}, column {error.colno})"
    return "it names a key twice, or nests or counts further than can be kept"


def _once(pairs: list[tuple[str, Json]]) -> Tree:
    tree = dict(pairs)
    if len(tree) != len(pairs):
        raise ValueError("a key is named twice")
    return tree


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        _refuse(path, f"it cannot be read ({type(error).__name__})")


def _written(tree: Mapping[str, Json], *, like: str) -> str:
    indent = match.group(1) if (match := _INDENT.match(like)) else "  "
    return json.dumps(tree, indent=indent, ensure_ascii=False) + "\n"


def _refuse(path: Path, problem: str) -> NoReturn:
    raise Misconfigured(Reason.CLIENT_CONFIG_UNREADABLE, file=str(path), problem=problem)
