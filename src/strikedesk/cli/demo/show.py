"""How the demo shows what a step brought."""

from collections import ChainMap
from collections.abc import Mapping, Sequence
from typing import Final

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from strikedesk.cli.demo.answer import Answer
from strikedesk.cli.showing import figures, table
from strikedesk.domain.ledger import Json

# What a person looks at first; everything else is in the answer too.
FIRST: Final = (
    "state", "order_id", "client_order_id", "preview_id", "nonce", "expires_at", "environment",
    "does", "account", "in_words", "price", "price_effect", "time_in_force", "filled", "of",
    "average", "fees", "mid", "natural", "cash_effect", "max_loss", "max_profit", "break_evens",
    "buying_power_before", "buying_power_after", "margin_change", "net_liquidation", "cash",
    "option_buying_power", "long_value", "short_value", "open_profit", "fees_paid", "warnings",
)  # fmt: skip
INSIDE: Final = ("order", "figures")


def show(console: Console, shown: "Sequence[Answer] | Answer | str") -> None:
    """Print a table for rows, a list of figures for one thing, words for words."""
    for part in _parts(shown):
        console.print(part)


def _parts(shown: "Sequence[Answer] | Answer | str") -> list[RenderableType]:
    if isinstance(shown, str):
        return [Text(f"  {shown}\n")]
    if not isinstance(shown, Answer):
        return [_rows([row.content for row in shown])]
    checks = shown.content.get("checks")
    first: list[RenderableType] = [_figures(_flat(shown.content)), Text()]
    return [*first, _checks(checks)] if isinstance(checks, Mapping) else first


def _rows(rows: Sequence[Mapping[str, Json]]) -> Table:
    names = list(dict.fromkeys(name for row in rows for name in row))
    told = [name for name in names if any(row.get(name) is not None for row in rows)]
    return table(told, [[_cell(row.get(name)) for name in told] for row in rows])


def _figures(content: Mapping[str, Json]) -> Table:
    told = ((name, _cell(content.get(name))) for name in FIRST)
    return figures((name, cell) for name, cell in told if cell)


def _checks(checks: Mapping[str, Json]) -> Table:
    told = {name: check for name, check in checks.items() if isinstance(check, Mapping)}
    rows = [(name, check.get("outcome", "passed"), _facts(check)) for name, check in told.items()]
    return table(("check", "outcome", "figures"), rows)


def _facts(check: Mapping[str, Json]) -> str:
    known = {name: fact for name, fact in check.items() if fact is not None}
    return ", ".join(f"{name} {fact}" for name, fact in known.items() if name != "outcome")


def _flat(content: Mapping[str, Json]) -> Mapping[str, Json]:
    inner = [part for name in INSIDE if isinstance(part := content.get(name), Mapping)]
    return dict(ChainMap(dict(content), *map(dict, inner)))


def _cell(value: Json) -> str | None:
    if value is None:
        return None
    if isinstance(value, Mapping):
        return " ".join(str(part) for part in value.values())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "; ".join(str(part) for part in value) or None
    return str(value)
