"""A value class against the frozen dataclass that it stands for."""

import copy
import inspect
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.domain.value_class import value_class


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
class Wider(Value):
    """One that has more."""

    more: tuple[int, ...] = ()


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
    value = Wider(name="a", more=(1,))

    for name in ("name", "more", "other"):
        with pytest.raises((FrozenInstanceError, AttributeError, TypeError)):
            setattr(value, name, "b")
    with pytest.raises(FrozenInstanceError):
        delattr(value, "name")
    assert value == Wider(name="a", more=(1,))


def test_what_is_made_anew_for_each_is_nobody_else_s() -> None:
    one, other = Value(name="a"), Value(name="a")
    one.marks.append("x")

    assert other.marks == []


def test_whoever_asks_how_it_is_made_is_told() -> None:
    """As is done by whatever builds examples of it."""
    asked = inspect.signature(Wider)

    assert list(asked.parameters) == ["name", "count", "marks", "more"]
    assert {each.kind for each in asked.parameters.values()} == {inspect.Parameter.KEYWORD_ONLY}
    assert asked.parameters["count"].default == 1
    assert inspect.get_annotations(Wider.__init__)["more"] == tuple[int, ...]
    assert Wider.__init__.__qualname__ == "Wider.__init__"
