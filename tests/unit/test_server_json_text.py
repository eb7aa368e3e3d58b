"""JSON from a stranger: its depth and its id are found without walking into it."""

import json
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.server.json_text import DEPTH_MAX, read_json, request_id, too_deep

SCALARS = st.none() | st.booleans() | st.integers()


def values(texts: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """Return anything that JSON can say, with these texts in it."""
    return st.recursive(
        SCALARS | texts, lambda inner: st.lists(inner) | st.dictionaries(texts, inner)
    )


VALUES = values(st.text())
UNBRACKETED = values(st.text(st.characters(exclude_characters="{}[]")))


def depth_of(value: object) -> int:
    if not isinstance(value, list | dict):
        return 0
    within = cast("list[object]", [*value.values()] if isinstance(value, dict) else value)
    return 1 + max((depth_of(each) for each in within), default=0)


@given(value=VALUES, most=st.integers(0, 6))
def test_depth_is_counted_as_the_parser_would_descend(value: object, most: int) -> None:
    """Brackets inside texts count for nothing, however they are escaped."""
    assert too_deep(json.dumps(value).encode(), most) == (depth_of(value) > most)
    assert too_deep(
        json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass"), most
    ) == (depth_of(value) > most)


def test_a_bomb_of_brackets_is_seen_as_one() -> None:
    assert too_deep(b"[" * 100_000 + b"]" * 100_000)
    assert too_deep(b'{"a":' * (DEPTH_MAX + 1))
    assert not too_deep(b"[" * DEPTH_MAX + b"]" * DEPTH_MAX)
    assert not too_deep(b"[]" * 100_000)


@pytest.mark.parametrize("hostile", [b'\\"', b'"', b'"\\', b'a"\\"', b'"[\\"'])
def test_a_hostile_text_is_read_once(hostile: bytes) -> None:
    """Two million characters that a backtracking pattern would read a million times each."""
    bomb = b'{"a":"' + hostile * 400_000 + b"[" * 100

    assert too_deep(bomb) in {True, False}


@given(
    identity=st.integers(-(2**53), 2**53) | st.text("abc-09", min_size=1, max_size=20),
    arguments=st.dictionaries(st.sampled_from(["id", "x", "a"]), UNBRACKETED, max_size=3),
    last=st.booleans(),
)
def test_an_id_is_found_where_programs_write_it(
    identity: int | str, arguments: dict[str, Any], last: bool
) -> None:
    """First or last in the outermost object; an argument called id is not mistaken for it."""
    params = {"name": "get_quotes", "arguments": arguments}
    head = {"jsonrpc": "2.0", "id": identity, "method": "tools/call", "params": params}
    tail = {"method": "tools/call", "params": params, "jsonrpc": "2.0", "id": identity}

    assert request_id(json.dumps(tail if last else head).encode()) == identity


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"[]",
        b"nothing",
        b'{"jsonrpc":"2.0","method":"tools/call","params":{"id":5}}',
        b'{"params":{"arguments":{"id":5}}}',
        b'{"params":[{"id":5}',
        b'{"id":1.5}',
        b'{"id":null}',
        b'{"id":{"id":5}}',
        b'{"id":"' + b"x" * 300 + b'"}',
    ],
)
def test_what_is_no_id_is_not_taken_for_one(message: bytes) -> None:
    """An answer under a wrong id would be an answer to somebody else's question."""
    assert request_id(message) is None


@given(value=VALUES)
def test_json_is_read_as_json(value: object) -> None:
    text = json.dumps(value)

    assert read_json(text, len(text)) == value
    assert read_json(text, len(text) - 1) is None


@pytest.mark.parametrize(
    "text", ["NaN", "[Infinity]", "[-Infinity]", "[", "nope", "9" * 5000, "[" * 9000]
)
def test_what_is_not_json_is_nothing(text: str) -> None:
    assert read_json(text, 10_000) is None
