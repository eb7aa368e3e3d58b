"""Programs: the least cost of activities in whole numbers, by simplex and branching.

A program is `costs . x` at its least where `rows . x <= limits` and x >= 0. Doing nothing is always
allowed (no limit is negative), so that there is an answer to start from.
Source: the dictionary form and its pivots are Chvatal's (Linear Programming, 1983, ch. 2 and 9).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Labels: TypeAlias = NDArray[np.intp]

# What is nearer to nothing than this is nothing; amounts here are prices of a share.
_EPSILON: Final = 1e-9
_WHOLE: Final = 1e-6
# After so many pivots in a row that gain nothing, Bland's rule takes over: it cannot go in circles.
_PATIENCE: Final = 40
# More pivots than any branch needs; one that takes them all is given up.
_PIVOTS_MAX: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much of each activity; `proven` = nothing costs less, else nobody looked any further."""

    amounts: tuple[int, ...]
    proven: bool


@dataclass(slots=True)
class Program:
    """Activities and what limits them. Every activity comes in whole numbers but the slack ones."""

    _limits: list[float] = field(default_factory=list[float])
    _costs: list[float] = field(default_factory=list[float])
    _whole: list[bool] = field(default_factory=list[bool])
    _entries: list[Mapping[int, float]] = field(default_factory=list[Mapping[int, float]])

    def limit(self, most: float = 0.0) -> int:
        """Add a limit and return its number. Law: most >= 0."""
        self._limits.append(most)
        return len(self._limits) - 1

    def activity(self, cost: float, uses: Mapping[int, float], *, whole: bool = True) -> int:
        """Add something that can be done, by what one of it uses of each limit."""
        self._costs.append(cost)
        self._whole.append(whole)
        self._entries.append(uses)
        return len(self._costs) - 1

    def least(self, *, nodes: int) -> Plan:
        """Return the cheapest plan found in so many branches, or in more where none was before."""
        count = len(self._costs)
        if not count:
            return Plan(amounts=(), proven=True)
        root = _Dictionary(self._table(), np.arange(count), count + np.arange(len(self._limits)))
        root.descend()
        return _Search(whole=np.array(self._whole, dtype=bool)).of(root, nodes)

    def _table(self) -> Floats:
        """Return the starting dictionary: a row for each limit, the costs below, limits last."""
        table = np.zeros((len(self._limits) + 1, len(self._costs) + 1))
        table[:-1, -1] = self._limits
        table[-1, :-1] = self._costs
        for column, uses in enumerate(self._entries):
            for row, amount in uses.items():
                table[row, column] = amount
        return table


@dataclass(slots=True)
class _Dictionary:
    """A vertex: what is in the basis by row, what is not by column; the corner is -cost."""

    table: Floats
    outside: Labels
    basis: Labels

    @property
    def cost(self) -> float:
        return -float(self.table[-1, -1])

    def amounts(self, count: int) -> Floats:
        """Return how much of each of the first `count` activities."""
        found = np.zeros(count)
        inside = self.basis < count
        found[self.basis[inside]] = self.table[:-1, -1][inside]
        return found

    def descend(self) -> None:
        """Go from vertex to vertex until none is cheaper."""
        stalled = 0
        while (column := self._entering(bland=stalled > _PATIENCE)) is not None:
            before = self.cost
            self._pivot(self._leaving(column, bland=stalled > _PATIENCE), column)
            stalled = stalled + 1 if self.cost > before - _EPSILON else 0

    def cut(self, label: int, most: float, *, above: bool) -> "_Dictionary | None":
        """Return the vertex where activity `label` is at most `most`, or at least one more."""
        row = self.table[int(np.flatnonzero(self.basis == label)[0])]
        bound = row.copy() if above else -row
        bound[-1] += -(most + 1) if above else most
        table = np.insert(self.table, len(self.basis), bound, axis=0)
        new = int(max(self.basis.max(), self.outside.max())) + 1
        child = _Dictionary(table, self.outside.copy(), np.append(self.basis, new))
        return child if child._recover() else None

    def _recover(self) -> bool:
        """Make every amount lawful again, as cheap as can be; False where that cannot be."""
        for _ in range(_PIVOTS_MAX):
            row = int(self.table[:-1, -1].argmin())
            if self.table[row, -1] > -_EPSILON:
                return True
            uses = -self.table[row, :-1]
            ratios = np.full(len(uses), np.inf)
            np.divide(self.table[-1, :-1], uses, out=ratios, where=uses > _EPSILON)
            column = int(ratios.argmin())
            if uses[column] <= _EPSILON:
                return False
            self._pivot(row, column)
        return False

    def _entering(self, *, bland: bool) -> int | None:
        costs = self.table[-1, :-1]
        if not bland:
            column = int(costs.argmin())
            return column if costs[column] < -_EPSILON else None
        cheaper = np.flatnonzero(costs < -_EPSILON)
        return int(cheaper[self.outside[cheaper].argmin()]) if len(cheaper) else None

    def _leaving(self, column: int, *, bland: bool) -> int:
        uses = self.table[:-1, column]
        ratios = np.full(len(uses), np.inf)
        np.divide(self.table[:-1, -1], uses, out=ratios, where=uses > _EPSILON)
        if not bland:
            return int(ratios.argmin())
        tied = np.flatnonzero(ratios <= ratios.min() + _EPSILON)
        return int(tied[self.basis[tied].argmin()])

    def _pivot(self, row: int, column: int) -> None:
        """Let what is outside in `column` take the place of what is in the basis in `row`."""
        table, by = self.table, self.table[row, column]
        uses, line = table[:, column].copy(), table[row] / by
        table -= uses[:, None] * line
        table[:, column] = -uses / by
        table[row] = line
        table[row, column] = 1 / by
        self.outside[column], self.basis[row] = self.basis[row], self.outside[column]


@dataclass(slots=True)
class _Search:
    """Branching, the nearer side first: a vertex in whole numbers that nothing undercuts."""

    whole: NDArray[np.bool_]

    def of(self, root: _Dictionary, nodes: int) -> Plan:
        """Go into the branches, the likelier one first, until none is left that could be better."""
        best, cost = np.zeros(len(self.whole)), 0.0
        waiting = [root]
        while waiting and (nodes > 0 or cost == 0.0):
            nodes -= 1
            vertex = waiting.pop()
            if vertex.cost > cost - _WHOLE:
                continue
            amounts = vertex.amounts(len(self.whole))
            label = self._broken(amounts)
            if label is None:
                best, cost = amounts, vertex.cost
            else:
                waiting += self._branches(vertex, label, float(amounts[label]))
        lots = tuple(round(float(amount)) for amount in best)
        return Plan(amounts=lots, proven=not waiting)

    def _broken(self, amounts: Floats) -> int | None:
        """Return the activity that is farthest from a whole number, if any is broken."""
        distance = np.abs(amounts - amounts.round()) * self.whole
        label = int(distance.argmax()) if len(distance) else 0
        return label if len(distance) and distance[label] > _WHOLE else None

    def _branches(self, vertex: _Dictionary, label: int, amount: float) -> list[_Dictionary]:
        floor = float(np.floor(amount))
        nearer_above = amount - floor > 0.5  # noqa: PLR2004 -- a half is a half
        sides = (
            vertex.cut(label, floor, above=above) for above in (not nearer_above, nearer_above)
        )
        return [side for side in sides if side is not None]
