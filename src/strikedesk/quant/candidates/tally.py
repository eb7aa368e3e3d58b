"""What a search has come to so far: counts, the best, what nearly was."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from strikedesk.quant.candidates.blocks import Grid
from strikedesk.quant.candidates.board import Board, board_of
from strikedesk.quant.candidates.chain import Chain
from strikedesk.quant.candidates.found import Candidate, Flaw, Found, NearMiss
from strikedesk.quant.candidates.gauges import measured
from strikedesk.quant.candidates.halves import Lanes, halves_of
from strikedesk.quant.candidates.judging import Test, Verdicts, in_turn, judged, misses_by, scores
from strikedesk.quant.candidates.lines import lines_of
from strikedesk.quant.candidates.measures import MEANINGS, Measure
from strikedesk.quant.candidates.pairs import Pairs
from strikedesk.quant.candidates.podium import Podium
from strikedesk.quant.candidates.prospects import hopeful
from strikedesk.quant.candidates.search import Bound, Search
from strikedesk.quant.candidates.shape import Shape
from strikedesk.quant.candidates.sieve import Batch, Sieve
from strikedesk.quant.candidates.telling import told


class Tally:
    """The state of one search. Rows of its podiums: the board, the places, the rule missed."""

    def __init__(self, chain: Chain, search: Search, shape: Shape) -> None:
        self._chain, self._search, self._shape = chain, search, shape
        self._rules = in_turn(search.rules, shape)
        self._tests = [Test.of(rule) for rule in self._rules]
        self._allowed = 1 if search.near else 0
        self._places: list[tuple[int, ...]] = []
        self._boards: dict[int, Board] = {}
        self._best = Podium(search.top, shape.ranks + 1)
        self._near = Podium(search.near, shape.ranks + 2)
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
        self._enumerated += grid.count
        if self._enumerated > search.most:
            raise ValueError(f"more than {search.most:,} combinations: bound wings, deltas or days")
        here = self._podiums(len(board.near.slices))
        through = self._sieve(grid, self._still(self._best)) if sieve else _unsieved(grid)
        for batch in through.batches():
            self._judge(batch, through.rest, here)
            through.raise_to(self._still(*here) if sieve else ())
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

    def _sieve(self, grid: Grid, still: Sequence[Bound]) -> Sieve:
        """Return the sieve of a grid, less what can be left out of it beforehand."""
        counts = self._search.count
        # What is not counted either has to be among the best like any other rule.
        rules, best = (self._rules, still) if counts else ((*self._rules, *still), ())
        lines = lines_of(rules, grid.halves, best)
        left = hopeful(lines, grid.halves, self._allowed)
        return Sieve(
            grid.chosen(*left),
            lines.chosen(*left),
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

    def _still(self, *here: Podium) -> tuple[Bound, ...]:
        """Return what a candidate has to reach to be among the best so far, if that can be told."""
        only, *others = self._search.ranking
        if self._allowed or others or only.weight < 0.0:
            return ()
        bar = -min(self._best.bar, max(podium.bar for podium in here)) / only.weight
        if not -1.0 < bar < 1.0:
            return ()
        # The score x/(|x| + scale), backwards; a tie is still among them.
        reach = MEANINGS[only.measure].scale * bar / (1.0 - abs(bar))
        return (Bound(only.measure, low=reach),)

    def _keep(self, kept: Pairs, here: Sequence[Podium]) -> None:
        self._passed += kept.size
        if not kept.size:
            return
        keys, rows = -scores(kept, self._search.ranking), self._rows(kept)
        if len(here) == 1:
            here[0].enter(keys, rows)
            return
        numbers: list[int] = np.unique(kept.numbers).tolist()
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
            near=tuple(self._missed(near)),
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
        numbers: list[int] = np.unique(rows[:, 0]).tolist()
        for number in numbers:
            board = self._boards.get(number) or self._laid(number)
            lanes = np.flatnonzero(rows[:, 0] == number)
            each = told(board, self._search, rows[lanes, 1 : 1 + ranks])
            found |= dict(zip(lanes.tolist(), each, strict=True))
        return [found[lane] for lane in range(rows.shape[0])]

    def _laid(self, number: int) -> Board:
        return board_of(self._chain, self._search, self._shape, self._places[number])

    def _missed(self, candidates: Sequence[Candidate]) -> Iterator[NearMiss]:
        turns: list[int] = self._near.rows[:, -1].tolist()
        for candidate, turn in zip(candidates, turns, strict=True):
            rule = self._rules[turn]
            value = candidate.measures[rule.measure]
            if value is None:
                continue
            by, margin = misses_by(rule, np.array([value]))
            yield NearMiss(
                candidate=candidate,
                measure=rule.measure,
                bound=rule.lowest if value < rule.lowest else rule.highest,
                by=float(by[0]),
                margin=float(margin[0]),
            )


def _unsieved(grid: Grid) -> Sieve:
    """Return what lets all pairs of a grid through."""
    return Sieve(grid, lines_of((), grid.halves), 0, bounds=(), settles=False)
