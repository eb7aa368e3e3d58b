"""The guide: how orders leave, how symbols are spelled, how strategies are built."""

from pathlib import Path
from typing import Final

_HERE: Final = Path(__file__).parent


def order_flow() -> str:
    """How an order leaves this desk: preview, figures, confirm, states, and what to do when."""
    return _read("order-flow.md")


def symbology() -> str:
    """How symbols are spelled here: what is accepted, what is printed, roots and underlyings."""
    return _read("symbology.md")


def strategies() -> str:
    """The vocabulary of option strategies: the legs of each as preview_order takes them."""
    return _read("strategies.md")


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")
