"""Secret: no road but `reveal` leads from the wrapper to the value."""

import copy
import inspect
import io
import json
import logging
import operator
import pickle
import pprint
import traceback
from collections.abc import Callable, Iterable
from dataclasses import asdict, astuple, dataclass, replace
from typing import cast

import pydantic
import pydantic_core
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.domain.secret import RowIdentity, Secret

CANARY = "canary-7f3a91"
SECRET = Secret(CANARY)


# Without slots: early Pythons 3.11 give a dataclass with slots a `__weakref__` that cannot be read.
@dataclass(frozen=True, kw_only=True)
class Login:
    user: str
    token: Secret


class Settings(pydantic.BaseModel):
    token: Secret


LOGIN = Login(user="ann", token=SECRET)


def as_text(value: object) -> Iterable[str]:
    """Every way in which Python turns an object into text without being asked for its value."""
    log = io.StringIO()
    logger = logging.getLogger("t.secret")
    logger.propagate = False
    logger.addHandler(handler := logging.StreamHandler(log))
    logger.warning("%s %r", value, value)
    logger.removeHandler(handler)
    yield log.getvalue()
    yield from (repr(value), str(value), f"{value}", f"{value!r}", f"{value!a}", f"{value!s:>9}")
    yield from ("%s %r" % (value, value), pprint.pformat(value))  # noqa: UP031 -- % is a road too
    yield pprint.pformat([value, {"k": value}])
    yield repr(inspect.getmembers(value))
    yield str(structlog.processors.JSONRenderer()(None, "info", {"event": "x", "told": value}))
    yield json.dumps({"told": value}, default=str)
    yield pydantic_core.to_json(value, serialize_unknown=True).decode()


@pytest.mark.promise("secrets")
@pytest.mark.parametrize("value", [SECRET, Secret(CANARY.encode()), LOGIN, (SECRET,), {1: SECRET}])
def test_no_way_of_making_text_shows_the_value(value: object) -> None:
    """A log line, a traceback or a result is text that somebody made in passing."""
    assert [text for text in as_text(value) if CANARY in text] == []


def test_each_of_those_ways_would_show_a_value_that_is_not_wrapped() -> None:
    """The control: silence above comes from the wrapper, not from deaf probes."""

    @dataclass(frozen=True)
    class Naked:
        token: str

    assert [text for text in as_text(Naked(CANARY)) if CANARY not in text] == []


@pytest.mark.parametrize("spec", ["", ">12", "s", "_<3", ".1", "x", "nonsense"])
def test_every_format_gives_the_same_mask(spec: str) -> None:
    """Neither a width nor a precision may tell the length or the first letter."""
    assert format(SECRET, spec) == "***"


def test_the_text_of_a_dataclass_shows_the_mask() -> None:
    assert repr(LOGIN) == "Login(user='ann', token=***)"


@pytest.mark.promise("secrets")
def test_a_traceback_with_local_variables_shows_the_mask() -> None:
    """Crash reporters print the locals of each frame."""

    def fails(login: Login, token: Secret) -> None:
        raise RuntimeError(f"{login} {token}")

    with pytest.raises(RuntimeError) as raised:
        fails(LOGIN, SECRET)

    told = "".join(
        traceback.TracebackException.from_exception(raised.value, capture_locals=True).format()
    )
    assert "token = ***" in told
    assert CANARY not in told


@pytest.mark.promise("secrets")
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("value", [SECRET, LOGIN, [SECRET]])
def test_it_is_not_pickled_alone_or_inside_something(value: object, protocol: int) -> None:
    """Pickles travel to caches, queues and child processes."""
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(value, protocol)


@pytest.mark.promise("secrets")
@pytest.mark.parametrize("value", [SECRET, [SECRET], {"k": SECRET}, asdict(LOGIN), astuple(LOGIN)])
def test_json_refuses_it(value: object) -> None:
    with pytest.raises(TypeError, match="Secret is not JSON serializable"):
        json.dumps(value)


def test_a_dataclass_taken_apart_still_holds_the_wrapper() -> None:
    """`asdict` copies deeply; the copy must be as silent as the original."""
    assert asdict(LOGIN)["token"] is SECRET
    assert astuple(LOGIN)[1] is SECRET
    assert replace(LOGIN, user="bob").token is SECRET


def test_a_copy_is_the_same_object() -> None:
    assert copy.copy(SECRET) is SECRET
    assert copy.deepcopy(SECRET) is SECRET


PROBES: list[Callable[..., object]] = [hash, iter, len, list, bytes, int, float, vars, "".join, sum]


@pytest.mark.parametrize("probe", PROBES)
def test_what_works_on_text_does_not_work_on_it(probe: Callable[[object], object]) -> None:
    """Hashing, counting and iterating each tell something about the value."""
    with pytest.raises(TypeError) as refused:
        probe(SECRET)

    assert CANARY not in str(refused.value)


PAIR_PROBES: list[Callable[..., object]] = [
    operator.lt,
    operator.ge,
    operator.add,
    operator.mod,
    operator.contains,
    operator.getitem,
]


@pytest.mark.parametrize("probe", PAIR_PROBES)
@pytest.mark.parametrize("other", ["c", 0, SECRET])
def test_it_is_neither_ordered_nor_joined_nor_sliced(
    probe: Callable[[object, object], object], other: object
) -> None:
    """Ordering finds a value in a few dozen questions."""
    with pytest.raises(TypeError) as refused:
        probe(SECRET, other)

    assert CANARY not in str(refused.value)


def test_its_state_is_not_given_away() -> None:
    """Libraries that store objects ask for it without pickling."""
    with pytest.raises(TypeError, match="cannot be pickled"):
        SECRET.__getstate__()


def test_it_cannot_be_subclassed() -> None:
    """A subclass could print."""
    with pytest.raises(TypeError, match="cannot be subclassed"):
        type("Talkative", (Secret,), {})


@given(st.text() | st.binary(), st.text() | st.binary())
def test_two_are_equal_when_kind_and_value_are(one: str | bytes, other: str | bytes) -> None:
    assert Secret(one) == Secret(one)
    assert (Secret(one) == Secret(other)) == (one == other)


def test_it_never_equals_the_bare_value() -> None:
    """Comparing with bare text would be a comparison in variable time."""
    assert SECRET != CANARY
    assert Secret("a") != Secret(b"a")


@given(st.text())
def test_text_comes_back_as_it_went_in(text: str) -> None:
    assert Secret(text).reveal() == text
    assert Secret(text).is_text


@given(st.binary())
def test_bytes_come_back_as_they_went_in(value: bytes) -> None:
    assert Secret(value).reveal_bytes() == value
    assert not Secret(value).is_text


def test_bytes_are_not_guessed_to_be_text() -> None:
    with pytest.raises(TypeError, match="reveal_bytes"):
        Secret(b"\x00\xff").reveal()


@pytest.mark.parametrize("value", [None, 7, bytearray(b"x"), SECRET])
def test_nothing_but_text_and_bytes_is_kept(value: object) -> None:
    """A missing setting wrapped by mistake must not look like a key."""
    with pytest.raises(TypeError, match=f"not {type(value).__name__}"):
        Secret(cast("str", value))


@pytest.mark.promise("secrets")
@pytest.mark.parametrize(
    "dump", [Settings.model_dump, Settings.model_dump_json, pydantic_core.to_jsonable_python]
)
def test_pydantic_takes_it_in_and_lets_nothing_out(dump: Callable[[Settings], object]) -> None:
    settings = Settings.model_validate({"token": CANARY})

    with pytest.raises(pydantic_core.PydanticSerializationError) as refused:
        dump(settings)

    assert CANARY not in str(refused.value)
    assert settings.token == SECRET
    assert repr(settings) == "Settings(token=***)"
    assert settings.model_copy(deep=True).token is settings.token


def test_pydantic_takes_a_wrapped_value_as_it_is() -> None:
    assert Settings(token=SECRET).token is SECRET


def test_pydantic_describes_it_to_nobody() -> None:
    """A tool that asked a model for a secret could not even be listed."""
    with pytest.raises(pydantic.errors.PydanticInvalidForJsonSchema):
        Settings.model_json_schema()


def test_pydantic_does_not_quote_what_it_refuses() -> None:
    """A validation error repeats its input; this one must not."""
    with pytest.raises(TypeError) as refused:
        Settings.model_validate({"token": [CANARY]})

    assert str(refused.value) == "a secret is text, not list"


def test_the_place_of_a_secret_does_not_show_the_account() -> None:
    place = RowIdentity(table="links", row_id="7", account_id=CANARY, environment="live")

    assert repr(place) == "RowIdentity(table='links', row_id='7', environment='live')"
