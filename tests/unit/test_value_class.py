"""A value class against the frozen dataclass that it stands for."""

import copy
import inspect
import pickle
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, cast, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.pretty import pretty_repr

from strikedesk.domain.value_class import key_class, settled, value_class


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """What the standard library makes."""

    name: str
    count: int = 1
    marks: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        if self.count < 0:
            raise ValueError("a count is not negative")


@value_class
class Value:
    """The same, made faster."""

    name: str
    count: int = 1
    marks: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        if self.count < 0:
            raise ValueError("a count is not negative")


@value_class
class Guarded:
    """One that keeps something to itself."""

    name: str
    hidden: str = field(repr=False)


@key_class
class Key:
    """One that things are looked up by."""

    name: str
    count: int = 1

    def __post_init__(self) -> None:
        """Write a name in one way."""
        settled(self, "name", self.name.lower())


@value_class
class Counted:
    """One that works something out once."""

    name: str

    @cached_property
    def length(self) -> list[int]:
        """A new list at every working out."""
        return [len(self.name)]


said = st.fixed_dictionaries(
    {"name": st.text()},
    optional={"count": st.integers(min_value=0), "marks": st.lists(st.text())},
)


@given(said, said)
def test_a_value_is_what_the_plain_class_would_be(one: dict[str, Any], two: dict[str, Any]) -> None:
    value, plain = Value(**one), Plain(**one)

    assert repr(value) == repr(plain).replace("Plain", "Value")
    assert (value == Value(**two)) == (plain == Plain(**two))
    assert [getattr(value, each.name) for each in fields(value)] == [
        getattr(plain, each.name) for each in fields(plain)
    ]
    assert replace(value, **two) == Value(**{**one, **two})
    assert pickle.loads(pickle.dumps(value)) == value == copy.deepcopy(value)  # noqa: S301 -- ours


@pytest.mark.parametrize(
    ("given", "error"),
    [
        pytest.param({}, TypeError, id="nothing"),
        pytest.param({"name": "a", "other": 1}, TypeError, id="a field that it has not"),
        pytest.param({"name": "a", "count": -1}, ValueError, id="what cannot be"),
    ],
)
def test_a_value_that_cannot_be_is_refused_alike(
    given: dict[str, Any], error: type[Exception]
) -> None:
    for kind in (Value, Plain):
        with pytest.raises(error):
            kind(**given)


def test_a_value_takes_its_fields_by_name_alone() -> None:
    make = cast("Callable[..., object]", Value)

    with pytest.raises(TypeError):
        make("a")


def test_nobody_sets_what_is_made() -> None:
    value = Value(name="a", count=2)

    for name in ("name", "count", "other", "_other"):
        with pytest.raises(AttributeError):  # What `FrozenInstanceError` is one of.
            setattr(value, name, "b")
    with pytest.raises((AttributeError, TypeError)):
        delattr(value, "name")
    assert value == Value(name="a", count=2)


def test_a_value_of_another_class_is_another_value() -> None:
    assert Value(name="a") != Guarded(name="a", hidden="b")
    assert Value(name="a") != Plain(name="a")


def test_values_that_are_the_same_are_one_key() -> None:
    assert len({Guarded(name="a", hidden="b"), Guarded(name="a", hidden="b")}) == 1
    assert Guarded(name="a", hidden="b") != Guarded(name="a", hidden="c")


def test_what_a_value_keeps_to_itself_is_not_shown() -> None:
    value = Guarded(name="a", hidden="hush")

    assert repr(value) == str(value) == f"{value}" == "Guarded(name='a')"
    assert pretty_repr(value) == "Guarded(name='a')"


@pytest.mark.parametrize(
    "told",
    [
        pytest.param({"more": field(init=False)}, id="a field that nobody tells"),
        pytest.param({"more": field(compare=False)}, id="a field that is not compared"),
    ],
)
def test_what_a_struct_would_take_otherwise_is_refused(told: dict[str, object]) -> None:
    with pytest.raises(TypeError, match="Odd: no base, and every field"):
        value_class(type("Odd", (), {"__annotations__": {"more": int}, **told}))


def test_a_value_class_with_a_base_is_refused() -> None:
    base = type("Base", (), {})

    with pytest.raises(TypeError, match="no base"):
        value_class(type("Wider", (base,), {"__annotations__": {"more": int}}))


def test_what_is_made_anew_for_each_is_nobody_else_s() -> None:
    one, other = Value(name="a"), Value(name="a")
    one.marks.append("x")

    assert other.marks == []


def test_whoever_asks_how_it_is_made_is_told() -> None:
    """As is done by whatever builds examples of it."""
    asked = inspect.signature(Value)

    assert list(asked.parameters) == ["name", "count", "marks"]
    assert {each.kind for each in asked.parameters.values()} == {inspect.Parameter.KEYWORD_ONLY}
    assert asked.parameters["count"].default == 1
    assert get_type_hints(Value) == {"name": str, "count": int, "marks": list[str]}
    assert (Value.__qualname__, Value.__module__) == ("Value", __name__)


def test_what_a_value_works_out_is_kept_with_it_and_is_no_part_of_it() -> None:
    value = Counted(name="abc")

    assert value.length is value.length
    assert value == Counted(name="abc")
    assert replace(value, name="a").length == [1]
    with pytest.raises(AttributeError):
        setattr(value, "other", 1)  # noqa: B010 -- to the type checker it has no such thing


def test_a_key_takes_its_fields_in_order_and_is_ordered_by_them() -> None:
    assert Key("a", 2) == Key("a", count=2) == Key(name="A", count=2)
    assert sorted([Key("b", 1), Key("a", 2), Key("a", 1)]) == [
        Key("a", 1),
        Key("a", 2),
        Key("b", 1),
    ]


@given(st.text(), st.integers())
def test_a_key_is_the_same_however_it_came_about(name: str, count: int) -> None:
    key = Key(name, count)

    for other in (Key(name, count), pickle.loads(pickle.dumps(key)), copy.deepcopy(key)):  # noqa: S301 -- ours
        assert (other, hash(other)) == (key, hash(key))


def test_nobody_sets_a_field_of_a_key() -> None:
    with pytest.raises(AttributeError):
        setattr(Key("a"), "name", "b")  # noqa: B010 -- to the type checker it is no error to be had
