"""A class of values that an order makes by the hundred: a frozen dataclass that is made faster.

A frozen dataclass sets each of its fields by way of `object.__setattr__`, which looks up what it
has just been told. Here each goes straight into its slot, which takes two fifths less time; of all
the instructions of an order that is three hundredths. Nothing else is different: once it is made
nobody can set anything, and `dataclasses.fields` and `replace` know it.
"""

from collections.abc import Callable
from dataclasses import MISSING, Field, dataclass, fields
from typing import Any, Final, TypeAlias, TypeVar, dataclass_transform

T = TypeVar("T")
Start: TypeAlias = Callable[..., None]

_AROUND: Final = """
def around({known}):
 def __init__({arguments}):
  {body}
 return __init__
"""


@dataclass_transform(frozen_default=True, kw_only_default=True)
def value_class(cls: type[T]) -> type[T]:
    """Return what `@dataclass(frozen=True, slots=True, kw_only=True)` makes, but for its start."""
    made: Any = dataclass(frozen=True, slots=True, kw_only=True, init=False)(cls)
    start = _start_of(made)
    start.__qualname__ = f"{cls.__qualname__}.__init__"
    start.__annotations__ = {each.name: each.type for each in fields(made)} | {"return": None}
    made.__init__ = start
    return made


def _start_of(made: Any) -> Start:  # noqa: ANN401 -- of any class
    """Return the `__init__` of a class, written out as the standard library writes its own."""
    known: dict[str, object] = {"unset": MISSING}
    arguments, body = ["self", "*"], ["pass"]
    for each in fields(made):
        argument, value = _taken(each, known)
        known[f"set_{each.name}"] = getattr(made, each.name).__set__
        arguments.append(argument)
        body.append(f"set_{each.name}(self, {value})")
    if hasattr(made, "__post_init__"):
        body.append("self.__post_init__()")
    return _compiled(arguments, body, known)


def _taken(each: Field[Any], known: dict[str, object]) -> tuple[str, str]:
    """Return how a field is taken as an argument, and what is set of it."""
    name, default, make = each.name, f"default_{each.name}", f"make_{each.name}"
    if each.default_factory is not MISSING:
        known[make] = each.default_factory
        return f"{name}=unset", f"{make}() if {name} is unset else {name}"
    if each.default is not MISSING:
        known[default] = each.default
        return f"{name}={default}", name
    return name, name


def _compiled(arguments: list[str], body: list[str], known: dict[str, object]) -> Start:
    """Compile it where its names are those of a function around it, which are the quickest."""
    source = _AROUND.format(
        known=", ".join(known), arguments=", ".join(arguments), body="; ".join(body)
    )
    said: dict[str, Callable[..., Start]] = {}
    exec(source, {}, said)  # noqa: S102 -- of the names of fields alone, as `dataclasses` does it
    return said["around"](**known)
