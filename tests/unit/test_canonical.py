"""One text for one JSON value, whichever encoder says it."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.domain.canonical import Json, Written, canonical_json, read_json
from strikedesk.domain.orders import Action

ODD: Final = 'ab\x00\x1f\x7f\n"\\/\u00e9\u2028\ud800\U0001f600'
atoms: Final = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(min_value=-(2**70), max_value=2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(),
    st.text(alphabet=ODD),
    st.sampled_from(Action),
)
values: Final = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.lists(inner),
        st.lists(inner).map(tuple),
        st.dictionaries(st.text() | st.text(alphabet=ODD), inner),
    ),
    max_leaves=20,
)


def plainly(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


@given(values)
def test_a_text_is_what_the_standard_library_says(value: Json) -> None:
    assert canonical_json(value) == plainly(value)


@given(values, values)
def test_what_is_written_stands_in_a_larger_text_as_it_would_be_written_there(
    one: Json, other: Json
) -> None:
    written = Written({"z": one, "a": 1})

    said = canonical_json({"z": written, "b": other, "deep": [{"er": written}]})

    object_ = {"z": one, "a": 1}
    assert said == plainly({"z": object_, "b": other, "deep": [{"er": object_}]})


@given(values)
def test_a_text_is_read_back_as_the_standard_library_reads_it(value: Json) -> None:
    text = canonical_json(value)

    read, plain = read_json(text), json.loads(text)

    assert (read, repr(read)) == (plain, repr(plain))


@pytest.mark.parametrize("text", ["", "{", "[1,]", "{'a': 1}", '"\x01"', "nil", "1 2", "\ud800"])
def test_what_is_no_json_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        read_json(text)

    assert refused.type is json.JSONDecodeError


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(Decimal("1.5"), id="an amount"),
        pytest.param(datetime(2026, 1, 2, tzinfo=UTC), id="an instant"),
        pytest.param(b"bytes", id="bytes"),
        pytest.param({"deep": [{"er": Decimal(1)}]}, id="an amount far inside"),
        pytest.param({1, 2}, id="a set"),
    ],
)
def test_what_is_no_json_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        canonical_json(cast("Json", value))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_json_cannot_say_is_refused(value: float) -> None:
    for where in (value, [value], {"a": {"b": value}}):
        with pytest.raises(ValueError, match="JSON"):
            canonical_json(where)
