"""What every cache promises. A new one is added to CACHES and nothing else."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.domain.errors import Denied, Unavailable
from strikedesk.domain.ports import Cache, Clock
from strikedesk.domain.reasons import Reason
from strikedesk.market.cache import MemoryCache
from tests.fakes.data import StepClock

CACHES: dict[str, Callable[[Clock], Cache]] = {"memory": MemoryCache}


@dataclass(slots=True)
class Source:
    """Answers with how often it was asked; `open` lets answers out, `fails_with` spoils them."""

    asked: int = 0
    open: asyncio.Event = field(default_factory=asyncio.Event)
    entered: asyncio.Event = field(default_factory=asyncio.Event)
    fails_with: Exception | None = None

    async def one(self) -> int:
        self.asked += 1
        answer = self.asked
        self.entered.set()
        await self.open.wait()
        if self.fails_with:
            raise self.fails_with
        return answer


@dataclass(slots=True)
class ManySource:
    """Answers each key with its upper case, but for those it does not know; keeps what it heard."""

    unknown: set[str] = field(default_factory=set[str])
    heard: list[tuple[str, ...]] = field(default_factory=list[tuple[str, ...]])
    open: asyncio.Event = field(default_factory=asyncio.Event)

    async def many(self, keys: Collection[str]) -> Mapping[str, str]:
        self.heard.append(tuple(keys))
        await self.open.wait()
        return {key: key.upper() for key in keys if key not in self.unknown}


@pytest.fixture
def clock() -> StepClock:
    return StepClock()


@pytest.fixture(params=list(CACHES))
def cache(request: pytest.FixtureRequest, clock: StepClock) -> Cache:
    return CACHES[request.param](clock)


@pytest.fixture
def source() -> Source:
    """Return a source that answers at once."""
    source = Source()
    source.open.set()
    return source


@pytest.fixture
def many() -> ManySource:
    source = ManySource()
    source.open.set()
    return source


async def test_a_value_is_remembered_until_its_time_is_over(
    cache: Cache, clock: StepClock, source: Source
) -> None:
    heard = [await cache.get("k", 5, source.one)]
    for seconds in (4.9, 0.1, 4.9):
        clock.step(seconds)
        heard.append(await cache.get("k", 5, source.one))

    assert heard == [1, 1, 2, 2]


async def test_each_caller_says_how_old_a_value_may_be(
    cache: Cache, clock: StepClock, source: Source
) -> None:
    """A page may show what an order may not rely on."""
    await cache.get("k", 300, source.one)
    clock.step(10)

    assert await cache.get("k", 300, source.one) == 1
    assert await cache.get("k", 5, source.one) == 2
    assert await cache.get("k", 0, source.one) == 3


async def test_a_clock_that_went_back_makes_everything_stale(
    cache: Cache, clock: StepClock, source: Source
) -> None:
    """Otherwise a value from the future would be believed until the clock catches up."""
    await cache.get("k", 5, source.one)
    clock.step(-3600)

    assert await cache.get("k", 5, source.one) == 2


async def test_a_value_is_as_old_as_the_start_of_its_load(cache: Cache, clock: StepClock) -> None:
    """A slow broker's answer may describe the moment at which it was asked."""
    source = Source()
    waiter = asyncio.create_task(cache.get("k", 5, source.one))
    await source.entered.wait()
    clock.step(6)
    source.open.set()
    await waiter

    assert await cache.get("k", 5, source.one) == 2


async def test_a_hundred_callers_of_one_key_make_one_load(cache: Cache, source: Source) -> None:
    heard = await asyncio.gather(*(cache.get("k", 5, source.one) for _ in range(100)))

    assert (set(heard), source.asked) == ({1}, 1)


async def test_callers_who_want_no_remembered_value_still_share_a_load(
    cache: Cache, source: Source
) -> None:
    await cache.get("k", 5, source.one)

    heard = await asyncio.gather(*(cache.get("k", 0, source.one) for _ in range(100)))

    assert (set(heard), source.asked) == ({2}, 2)


async def test_a_waiter_who_leaves_does_not_take_the_load_along(cache: Cache) -> None:
    """The first caller's client hung up; the second's answer must not die with it."""
    source = Source()
    first, second = (asyncio.create_task(cache.get("k", 5, source.one)) for _ in range(2))
    await source.entered.wait()

    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    source.open.set()

    assert (await second, source.asked) == (1, 1)


async def test_a_failed_load_is_told_to_all_and_remembered_by_nobody(
    cache: Cache, source: Source
) -> None:
    source.fails_with = Unavailable(Reason.BROKER_UNAVAILABLE)
    told = await asyncio.gather(
        *(cache.get("k", 5, source.one) for _ in range(3)), return_exceptions=True
    )
    source.fails_with = None

    assert [type(each) for each in told] == [Unavailable] * 3
    assert await cache.get("k", 5, source.one) == 2


async def test_a_failed_load_leaves_an_older_value_to_those_who_may_have_it(
    cache: Cache, clock: StepClock, source: Source
) -> None:
    await cache.get("k", 300, source.one)
    clock.step(10)
    source.fails_with = Denied(Reason.NO_QUOTE)
    with pytest.raises(Denied):
        await cache.get("k", 5, source.one)

    assert await cache.get("k", 300, source.one) == 1


async def test_dropping_a_prefix_forgets_its_keys_and_no_others(
    cache: Cache, source: Source
) -> None:
    for key in ("book:main:positions", "book:main:balances", "book:ira:positions"):
        await cache.get(key, 60, source.one)

    cache.drop("book:main:")

    heard = [
        await cache.get(key, 60, source.one)
        for key in ("book:main:positions", "book:main:balances", "book:ira:positions")
    ]
    assert heard == [4, 5, 3]


async def test_what_was_being_loaded_when_it_was_dropped_is_not_remembered(cache: Cache) -> None:
    """Positions asked for before a fill must not hide the fill for thirty seconds after it."""
    source = Source()
    before = asyncio.create_task(cache.get("k", 60, source.one))
    await source.entered.wait()
    cache.drop("k")
    after = asyncio.create_task(cache.get("k", 60, source.one))
    source.open.set()

    assert (await before, await after) == (1, 2)
    assert await cache.get("k", 60, source.one) == 2


async def test_many_keys_load_what_is_missing_in_one_call(cache: Cache, many: ManySource) -> None:
    await cache.get_many(("b",), 5, many.many)

    found = await cache.get_many(("a", "b", "c"), 5, many.many)

    assert list(found.items()) == [("a", "A"), ("b", "B"), ("c", "C")]
    assert many.heard == [("b",), ("a", "c")]


async def test_many_keys_wait_for_those_that_somebody_else_is_loading(cache: Cache) -> None:
    """Two overlapping watchlists refreshed at once ask for each symbol once."""
    many = ManySource()
    first = asyncio.create_task(cache.get_many(("a", "b"), 5, many.many))
    second = asyncio.create_task(cache.get_many(("b", "c"), 5, many.many))
    third = asyncio.create_task(cache.get_many(("a", "c"), 5, many.many))
    many.open.set()

    assert [dict(await each) for each in (first, second, third)] == [
        {"a": "A", "b": "B"},
        {"b": "B", "c": "C"},
        {"a": "A", "c": "C"},
    ]
    assert many.heard == [("a", "b"), ("c",)]


async def test_a_key_that_the_load_does_not_know_is_absent_and_asked_again(
    cache: Cache, many: ManySource
) -> None:
    many.unknown = {"b"}

    assert dict(await cache.get_many(("a", "b"), 5, many.many)) == {"a": "A"}
    assert dict(await cache.get_many(("a", "b"), 5, many.many)) == {"a": "A"}
    assert many.heard == [("a", "b"), ("b",)]


async def test_no_keys_are_no_load(cache: Cache, many: ManySource) -> None:
    assert (dict(await cache.get_many((), 5, many.many)), many.heard) == ({}, [])


Step = tuple[str, str, int]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("get"), st.sampled_from(["a", "ab", "b"]), st.integers(0, 6)),
        st.tuples(st.just("drop"), st.sampled_from(["a", "ab", "b", ""]), st.just(0)),
        st.tuples(st.just("wait"), st.just(""), st.integers(-3, 4)),
    ),
    max_size=30,
)


@pytest.mark.parametrize("name", list(CACHES))
@given(steps=STEPS)
def test_any_history_reads_as_a_plain_dictionary_with_dates_would(
    name: str, steps: list[Step]
) -> None:
    asyncio.run(_replayed(CACHES[name], steps))


async def _replayed(make: Callable[[Clock], Cache], steps: list[Step]) -> None:
    clock, source = StepClock(), Source()
    source.open.set()
    cache, model = make(clock), dict[str, tuple[float, int]]()
    now = loads = 0
    for act, key, number in steps:
        if act == "wait":
            clock.step(number)
            now += number
        elif act == "drop":
            cache.drop(key)
            model = {kept: value for kept, value in model.items() if not kept.startswith(key)}
        else:
            if key not in model or not 0 <= now - model[key][0] < number:
                loads += 1
                model[key] = (now, loads)
            assert await cache.get(key, number, source.one) == model[key][1]
    assert source.asked == loads
