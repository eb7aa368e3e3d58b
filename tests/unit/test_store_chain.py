"""The chain: any change of any line shows, and where."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta, timezone
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.domain.canonical import Written, canonical_json
from strikedesk.domain.ledger import Json, OrderEvent
from strikedesk.store.chain import (
    GENESIS,
    ChainHead,
    exported,
    first_bad_line,
    head_of,
    seal,
)
from tests.builders import NOON, a_note

scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
)
json_values: st.SearchStrategy[Any] = st.recursive(
    scalars | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def a_chain(length: int) -> list[OrderEvent]:
    events: list[OrderEvent] = []
    head = GENESIS
    for number in range(length):
        note = a_note(f"kind-{number}", seconds=number, number=number)
        events.append(seal(note, order_id=f"order-{number % 2}", behind=head))
        head = head_of(events[-1])
    return events


def bad_line(events: list[OrderEvent], whole: list[OrderEvent]) -> int | None:
    return first_bad_line(events, head=head_of(whole[-1]) if whole else GENESIS)


@pytest.mark.parametrize("length", [0, 1, 5])
def test_a_whole_chain_has_no_bad_line(length: int) -> None:
    chain = a_chain(length)

    assert bad_line(chain, chain) is None


FORGERIES: dict[str, Callable[[OrderEvent], OrderEvent]] = {
    "sequence": lambda line: replace(line, sequence=line.sequence + 1),
    "order_id": lambda line: replace(line, order_id=None),
    "at": lambda line: replace(line, at=line.at + timedelta(microseconds=1)),
    "actor": lambda line: replace(line, actor="someone else"),
    "path": lambda line: replace(line, path=""),
    "kind": lambda line: replace(line, kind="other"),
    "body": lambda line: replace(line, body={**line.body, "more": None}),
    "previous_digest": lambda line: replace(line, previous_digest=GENESIS.digest[::-1] + "1"),
    "digest": lambda line: replace(line, digest="f" * 64),
}


@pytest.mark.parametrize("position", [0, 2, 4])
@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_an_altered_line_is_located(
    forge: Callable[[OrderEvent], OrderEvent], position: int
) -> None:
    whole = a_chain(5)
    forged = [*whole[:position], forge(whole[position]), *whole[position + 1 :]]

    assert bad_line(forged, whole) == position + 1


@pytest.mark.parametrize("position", [0, 2, 4])
def test_a_line_that_was_resealed_breaks_the_next(position: int) -> None:
    """Whoever knows the method can seal one line again, but not those behind it, nor the head."""
    whole = a_chain(5)
    line = whole[position]
    behind = ChainHead(sequence=line.sequence - 1, digest=line.previous_digest)
    note = a_note("forged", seconds=position)
    forged = [
        *whole[:position],
        seal(note, order_id=line.order_id, behind=behind),
        *whole[position + 1 :],
    ]

    assert bad_line(forged, whole) == min(position + 2, 5)


@pytest.mark.parametrize("position", [0, 2, 4])
def test_a_lost_line_is_located(position: int) -> None:
    whole = a_chain(5)

    assert bad_line([*whole[:position], *whole[position + 1 :]], whole) == position + 1


def test_lines_that_changed_places_are_located() -> None:
    whole = a_chain(4)

    assert bad_line([whole[0], whole[2], whole[1], whole[3]], whole) == 2


def test_a_line_beyond_the_head_is_located() -> None:
    longer = a_chain(3)

    assert bad_line(longer, longer[:2]) == 3
    assert bad_line(longer, []) == 1


def test_a_lost_trail_is_noticed() -> None:
    assert bad_line([], a_chain(3)) == 1


def test_a_forged_head_points_at_the_last_line() -> None:
    whole = a_chain(3)

    assert first_bad_line(whole, head=ChainHead(sequence=3, digest="0" * 64)) == 3
    assert first_bad_line([], head=ChainHead(sequence=0, digest="f" * 64)) == 1


@given(json_values)
def test_one_value_has_one_ascii_text(value: Json) -> None:
    text = canonical_json(value)

    assert text.isascii()
    assert canonical_json(json.loads(text)) == text
    assert json.loads(text) == value


def test_keys_are_sorted_and_nothing_is_padded() -> None:
    assert canonical_json({"b": [1, 2.5, None], "a": {"é": True}}) == (
        '{"a":{"\\u00e9":true},"b":[1,2.5,null]}'
    )


def test_a_read_only_mapping_is_a_mapping() -> None:
    assert canonical_json(MappingProxyType({"a": MappingProxyType({"b": (1, 2)})})) == (
        '{"a":{"b":[1,2]}}'
    )


@pytest.mark.parametrize("value", [b"bytes", NOON, {1, 2}, object()])
def test_what_is_no_json_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        canonical_json(value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_json_cannot_say_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical_json({"deep": [value]})


@given(
    st.integers(min_value=-(10**15), max_value=10**15),
    st.integers(min_value=-12 * 60, max_value=12 * 60),
)
def test_a_moment_seals_alike_in_every_zone(microseconds: int, minutes: int) -> None:
    """A line is read back in UTC, whatever zone it was written in."""
    here = NOON + timedelta(microseconds=microseconds)
    there = here.astimezone(timezone(timedelta(minutes=minutes)))
    note = a_note()

    digests = {
        seal(replace(note, at=at), order_id=None, behind=GENESIS).digest for at in (there, here)
    }

    assert len(digests) == 1


objects = st.dictionaries(st.text(), json_values, max_size=4)


@given(objects)
def test_what_is_written_once_is_the_object_that_it_was_written_of(fields: dict[str, Json]) -> None:
    written = Written(fields)

    assert written.text == canonical_json(fields) == canonical_json(written)
    assert canonical_json({"in": [written]}) == canonical_json({"in": [fields]})
    assert written == Written.read(written.text) == json.loads(written.text)
    assert list(written) == list(fields)
    assert len(written) == len(fields)
    assert repr(written) == repr(fields)


@given(objects, objects, st.text(), st.text())
def test_what_is_written_stands_in_a_larger_object_as_the_object_would(
    fields: dict[str, Json], inner: dict[str, Json], one: str, other: str
) -> None:
    with_texts = {**fields, one: Written(inner), other: Written(fields)}

    assert canonical_json(with_texts) == canonical_json({**fields, one: inner, other: fields})
    assert Written(with_texts).text == canonical_json(with_texts)


@pytest.mark.parametrize("text", ["[]", "null", '"{}"', "{", ""])
def test_what_is_no_written_object_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Written.read(text)


@given(objects, st.text(), st.none() | st.text())
def test_a_seal_is_taken_of_the_canonical_text_of_all_that_the_line_tells(
    body: dict[str, Json], word: str, order_id: str | None
) -> None:
    note = replace(a_note(word), body=body, actor=word, path=word)

    event = seal(note, order_id=order_id, behind=ChainHead(sequence=6, digest=word))
    told = {name: value for name, value in exported(event).items() if name != "digest"}

    assert event.digest == hashlib.sha256(canonical_json(told).encode()).hexdigest()
    assert event == seal(
        replace(note, body=Written(body)),
        order_id=order_id,
        behind=ChainHead(sequence=6, digest=word),
    )
