"""Figures beside what they are held to, printed as a table and kept as JSON."""

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured figure. `ratio` = ours / floor where both are times; `held_to` is the bound."""

    name: str
    ours: float
    floor: float | None = None
    unit: str = "ms"
    held_to: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours against the floor."""
        return None if not self.floor else self.ours / self.floor


def report(name: str, figures: Sequence[Figure], *, floor: str) -> None:
    """Print the figures, saying what the floor is, and write them under `benchmarks/results`."""
    print(f"floor: {floor}")
    print(f"{'':44}{'ours':>12}{'floor':>12}{'ratio':>8}  held to")
    for figure in figures:
        print(_line(figure))
    RESULTS.mkdir(exist_ok=True)
    kept = {
        "benchmark": name,
        "floor": floor,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "figures": [asdict(figure) | {"ratio": figure.ratio} for figure in figures],
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


def _line(figure: Figure) -> str:
    floor = "" if figure.floor is None else f"{figure.floor:.3f}"
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    ours = f"{figure.ours:.3f} {figure.unit}"
    return f"{figure.name:44}{ours:>12}{floor:>12}{ratio:>8}  {figure.held_to}"
