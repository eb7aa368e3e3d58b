"""`strikedesk limits`: what the owner allows, and how to change it. No tool of the server can."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

from strikedesk.cli.office import Office, open_office
from strikedesk.cli.whole_file import back_up, replace_whole
from strikedesk.domain.usage import Used, Window
from strikedesk.risk.direction import loosened
from strikedesk.risk.limits import Limits
from strikedesk.settings.writing import with_limit

_UNSET: Final = "not set"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The limits as the owner reads them: a row each, and what the day has used of them."""

    rows: Sequence[tuple[str, str, str]]
    used: Sequence[tuple[str, str]]


async def show() -> Shown:
    """Return every limit with its default, and what today's orders have used up."""
    async with open_office() as office:
        limits, default = office.settings.limits.limits(), Limits()
        used = await office.ledger.used(_window(office))
    rows = [
        (name, _words(getattr(limits, name)), _words(getattr(default, name)))
        for name in (field.name for field in fields(Limits))
    ]
    return Shown(rows=rows, used=_use(used, limits))


async def set_limit(name: str, said: str) -> str:
    """Set one limit in `config.toml`. Returns what to tell the owner.

    Raises:
        Denied: INVALID_ARGUMENT; nothing was changed.
        Misconfigured: the file cannot be read or kept as it is; nothing was changed.
    """
    async with open_office() as office:
        file = office.settings.folders.config_file.resolve()
        text, after = with_limit(_text(file), name, said)
        before = office.settings.limits.limits()
        old, new = _words(getattr(before, name)), _words(getattr(after, name))
        if old == new:
            return f"{name} is {new} already. Nothing was changed."
        looser = loosened(before, after.limits(), name)
        # The trail first: a limit must never change without a line that tells of it.
        note = office.note("limit_set", limit=name, before=old, after=new, looser=looser)
        await office.ledger.append(None, note)
        kept = back_up(file, office.clock.now()) if file.exists() else None
        replace_whole(file, text.encode())
    return _told(name, old, new, looser=looser, kept=kept)


def _told(name: str, old: str, new: str, *, looser: bool, kept: Path | None) -> str:
    way = (
        "LOOSER: it lets more pass than before."
        if looser
        else "It lets nothing pass that was denied."
    )
    backup = f" The old file is {kept}." if kept else ""
    return (
        f"{name}: {old} -> {new}. {way} The audit trail has it.{backup}\n"
        "Servers that run keep their limits until they are started again."
    )


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.exists() else ""


def _window(office: Office) -> Window:
    settings = office.settings
    return Window.at(office.clock.now(), settings.broker_name, settings.environment)


def _use(used: Used, limits: Limits) -> list[tuple[str, str]]:
    return [
        ("orders today", f"{used.orders_today} of {limits.orders_day_max}"),
        ("orders this minute", f"{used.orders_this_minute} of {limits.orders_minute_max}"),
        ("loss today, USD", f"{used.loss_usd_today} of {limits.loss_usd_day_max}"),
        ("notional today, USD", f"{used.notional_usd_today} of {limits.notional_usd_day_max}"),
    ]


def _words(value: object) -> str:
    if value is None or value == ():
        return _UNSET
    if isinstance(value, bool):
        return "true" if value else "false"
    return ", ".join(value) if isinstance(value, tuple) else str(value)  # pyright: ignore[reportUnknownArgumentType] -- of tickers
