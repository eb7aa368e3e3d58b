"""What a search has come to so far: counts, the best, what nearly was."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from strikedesk.quant.candidates.aims import Aim
from strikedesk.quant.candidates.axis import distinct
from strikedesk.quant.candidates.blocks import Grid
from strikedesk.quant.candidates.board import Board, board_of
from strikedesk.quant.candidates.chain import Chain
from strikedesk.quant.candidates.found import Candidate, Flaw, Found
from strikedesk.quant.candidates.gauges import measured
from strikedesk.quant.candidates.halves import Lanes, halves_of
from strikedesk.quant.candidates.judging import Test, Verdicts, in_turn, judged, misses_by, scores
from strikedesk.quant.candidates.lines import lines_of
from strikedesk.quant.candidates.measures import Measure
from strikedesk.quant.candidates.pairs import Pairs
from strikedesk.quant.candidates.podium import Podium
from strikedesk.quant.candidates.prospects import hopeful
from strikedesk.quant.candidates.search import Search
from strikedesk.quant.candidates.shape import Shape
from strikedesk.quant.candidates.sieve import Batch, Sieve
from strikedesk.quant.candidates.telling import narrowed, near_misses, told
from strikedesk.quant.candidates.tiles import Tiling


class Tally:
    """The state of one search. Rows of its podiums: the board, the places, the rule missed."""

    def __init__(self, chain: Chain, search: Search, shape: Shape) -> None:
        self._chain, self._search, self._shape = chain, search, shape
        self._rules = in_turn(search.rules, shape)
        self._tests = [Test.of(rule) for rule in self._rules]
        self._aim = Aim(search, shape, self._tests)
        self._allowed = 1 if search.near else 0
        self._places: list[tuple[int, ...]] = []
        self._boards: dict[int, Board] = {}
        self._best = Podium(search.top, shape.ranks + 1)
        self._near = Podium(search.near, shape.ranks + 2)
        self._bar = np.inf
        self._enumerated, self._passed = 0, 0
        self._alone = Counter[Measure]()
        self._unknown = Counter[Measure]()

    def add(self, board: Board, *, sieve: bool) -> None:
        """Search one expiration, or a pair of them."""
        window, search = self._search.window, self._search
        if self._shape.months == 1:  # Tables of far options would be too much to keep.
            self._boards[len(self._places)] = board
        self._places.append(board.places)
        grid = Grid(*halves_of(board, window), wing=window.wing)
        count = grid.count
        self._enumerated += count
        if self._enumerated > search.most:
            raise ValueError(f"more than {search.most:,} combinations: bound wings, deltas or days")
        here = self._podiums(len(board.near.slices))
        tiling = Tiling.of(grid, count) if sieve else None
        bar = self._reached(tiling, count)
        through = self._sieve(grid, tiling, bar) if sieve else _unsieved(grid)
        for batch in through.batches():
            self._judge(batch, through.rest, here)
            bar = min(bar, max(podium.bar for podium in here))
            through.raise_to(self._aim.bounds(bar) if sieve else ())
        self._passed += through.proved
        for each in here if self._capped else ():
            self._best.enter(each.keys, each.rows)

    @property
    def _capped(self) -> bool:
        """Whether fewer may come from an expiration than are kept in all."""
        return (self._search.per_expiration or self._search.top) < self._search.top

    def _podiums(self, expirations: int) -> list[Podium]:
        """Return where what is found on a board is kept: each expiration's, if they are capped."""
        if not self._capped:
            return [self._best]
        room = self._search.per_expiration or self._search.top
        return [Podium(room, self._shape.ranks + 1) for _ in range(expirations)]

    def _reached(self, tiling: Tiling | None, count: int) -> float:
        """Return the key above which nothing is among the best, of a few pairs if of none yet."""
        self._bar = min(self._bar, self._best.bar)
        if tiling is not None and not self._aim.bounds(self._bar):
            self._bar = self._aim.ahead(tiling, count)
        return self._bar

    def _sieve(self, grid: Grid, tiling: Tiling | None, bar: float) -> Sieve:
        """Return the sieve of a grid, less what can be left out of it beforehand."""
        counts, still = self._search.count, self._aim.bounds(bar)
        lines = lines_of(self._rules, grid.halves, still, only=not counts)
        left = hopeful(lines, grid.halves, self._allowed)
        if left is not None:
            grid, lines = grid.chosen(*left), lines.chosen(*left)
            tiling = tiling and Tiling.of(grid, grid.count)
        return Sieve(
            grid,
            tiling,
            lines,
            self._allowed,
            bounds=still,
            settles=counts and not self._allowed,
        )

    def _judge(self, batch: Batch, rest: Sequence[Test], here: Sequence[Podium]) -> None:
        for verdicts in judged(batch.open, self._tests, self._allowed):
            self._keep(verdicts.kept, here)
            self._miss(verdicts)
        for verdicts in judged(batch.sure, rest, 0):
            if batch.ranked:
                self._keep(verdicts.kept, here)
            else:
                self._passed += verdicts.failed.size

    def _keep(self, kept: Pairs, here: Sequence[Podium]) -> None:
        self._passed += kept.size
        if not kept.size:
            return
        keys, rows = -scores(kept, self._search.ranking), self._rows(kept)
        if len(here) == 1:
            here[0].enter(keys, rows)
            return
        numbers: list[int] = distinct(kept.numbers).tolist()
        for number in numbers:
            own = kept.numbers == number
            here[number].enter(keys[own], rows[own])

    def _miss(self, verdicts: Verdicts) -> None:
        for turn, rule in enumerate(self._rules if self._allowed else ()):
            missing = verdicts.of(turn)
            if not missing.size:
                continue
            values = np.broadcast_to(measured(missing, rule.measure), (missing.size,))
            self._alone[rule.measure] += missing.size
            unknown = np.isnan(values)
            self._unknown[rule.measure] += int(np.count_nonzero(unknown))
            _, margin = misses_by(rule, values)
            margin = np.where(unknown, np.inf, margin)
            rows = np.hstack((self._rows(missing), np.full((missing.size, 1), turn)))
            near = np.flatnonzero(margin < np.inf)
            self._near.enter(margin[near].astype(np.float64), rows[near])

    def _rows(self, pairs: Pairs) -> Lanes:
        board = np.full(pairs.size, len(self._places) - 1)
        return np.stack((board, *(pairs.row(rank) for rank in range(self._shape.ranks))), axis=1)

    def found(self, flaws: Mapping[Flaw, int]) -> Found:
        """Return the answer."""
        explained = bool(self._allowed)
        best, near = self._told_of(self._best.rows, self._near.rows[:, :-1])
        return Found(
            candidates=tuple(best),
            near=tuple(near_misses(near, self._near.rows[:, -1], self._rules)),
            enumerated=self._enumerated,
            passed=self._passed,
            alone=dict(self._alone) if explained else None,
            unknown={m: n for m, n in self._unknown.items() if n} if explained else None,
            flaws={flaw: count for flaw, count in flaws.items() if count},
        )

    def _told_of(self, best: Lanes, near: Lanes) -> tuple[list[Candidate], list[Candidate]]:
        """Return what is kept and what nearly was, told together where it comes to the same.

        Sums over the curves of two expirations differ in the last digit with how many they are.
        """
        if self._shape.months > 1:
            return self._told(best), self._told(near)
        every, kept = self._told(np.vstack((best, near))), best.shape[0]
        return every[:kept], every[kept:]

    def _told(self, rows: Lanes) -> list[Candidate]:
        """Return candidates in the order of their rows."""
        ranks, found = self._shape.ranks, dict[int, Candidate]()
        numbers: list[int] = distinct(rows[:, 0]).tolist()
        for number in numbers:
            board = self._boards.get(number) or self._laid(number)
            lanes = np.flatnonzero(rows[:, 0] == number)
            places = rows[lanes, 1 : 1 + ranks]
            if self._shape.months == 1:
                board, places = narrowed(board, self._search, places)
            each = told(board, self._search, places)
            found |= dict(zip(lanes.tolist(), each, strict=True))
        return [found[lane] for lane in range(rows.shape[0])]

    def _laid(self, number: int) -> Board:
        return board_of(self._chain, self._search, self._shape, self._places[number])


def _unsieved(grid: Grid) -> Sieve:
    """Return what lets all pairs of a grid through."""
    return Sieve(grid, None, lines_of((), grid.halves), 0, bounds=(), settles=False)
