"""`strikedesk instrument`: what a broker has on record of symbols."""

from collections.abc import Iterable, Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from strikedesk.cli.showing import figures
from strikedesk.domain.instruments import Instrument, Step
from strikedesk.settings import load
from strikedesk.wiring import open_desk


async def instruments(symbols: Sequence[str]) -> list[Instrument]:
    """Ask the broker of the settings.

    Raises:
        Denied: INVALID_SYMBOL, SYMBOL_NOT_FOUND, CONTRACT_NOT_FOUND, INSTRUMENT_NOT_TRADED.
        Unavailable: it does not answer.
    """
    async with open_desk(load()) as desk:
        return [await desk.market.instrument(symbol) for symbol in symbols]


def shown(told: Iterable[Instrument]) -> list[RenderableType]:
    """Return what to show; what the broker did not say is left out."""
    return [part for each in told for part in (Text(each.symbol, "bold"), figures(_known(each)))]


def _known(told: Instrument) -> Iterator[tuple[str, str]]:
    lines = (
        ("kind", told.kind.replace("_", " ")),
        ("described as", told.description),
        ("underlying", told.underlying),
        ("a point is worth", None if told.multiplier is None else f"{told.multiplier:f} USD"),
        ("prices step by", _steps(told.steps)),
        ("options step by", _steps(told.option_steps)),
        ("exercise", told.style),
        ("settlement", told.settlement),
        ("trades until", None if told.ends_at is None else f"{told.ends_at:%Y-%m-%d %H:%M} UTC"),
        ("closing only", _answer(known=told.closing_only)),
        ("halted", _answer(known=told.halted)),
        ("in fractions", _answer(known=told.fractions)),
        ("overnight", _answer(known=told.overnight)),
        ("to borrow", told.lendability),
        ("borrowing costs", None if told.borrow_rate is None else f"{told.borrow_rate:f}"),
    )
    return ((name, value) for name, value in lines if value is not None)


def _steps(steps: Sequence[Step]) -> str | None:
    """Return steps in words: each but the last holds below a price."""
    return ", ".join(map(_step, steps)) or None


def _step(step: Step) -> str:
    return f"{step.size:f}" if step.below is None else f"{step.size:f} below {step.below:f}"


def _answer(*, known: bool | None) -> str | None:
    return None if known is None else "yes" if known else "no"
