"""What a scan cuts out of a chain: kept as long as the chain is the same, and no longer."""

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import timedelta
from decimal import Decimal
from typing import Final

import numpy as np
import pytest

from strikedesk.domain.quotes import Expiration
from strikedesk.domain.symbols import EquitySymbol
from strikedesk.market.slices import ChainSlice
from strikedesk.quant.candidates.chain import Quotes
from strikedesk.scan.pieces import Pieces, laid_out
from strikedesk.scan.reading import scan_of
from strikedesk.scan.scanner import Scanner
from tests.builders import NOON
from tests.tools.paper_desk import PaperDesk

AAPL: Final = EquitySymbol("AAPL")
ALL: Final = (Decimal(0), None)
SPREADS: Final = 'strategy = "bull put spread"\nsymbols = ["AAPL"]\n'
DAYS: Final = "[chain]\ndays = { min = 20, max = 40 }\n"


@pytest.fixture(scope="module")
def desk() -> PaperDesk:
    """Return a desk whose chains the tests of this module share."""
    return PaperDesk()


@pytest.fixture
def scanner(desk: PaperDesk) -> Scanner:
    return replace(desk.opened.scanner, pieces=Pieces())


async def seen(scanner: Scanner) -> tuple[Sequence[Expiration], Sequence[ChainSlice]]:
    """Return the first expirations of AAPL and their chains."""
    listed = (await scanner.market.expirations(AAPL))[:4]
    found = await scanner.market.slices(AAPL, {each.day for each in listed})
    return listed, [each for each in found if isinstance(each, ChainSlice)]


async def test_a_piece_stays_while_its_rows_do(scanner: Scanner) -> None:
    """Minutes pass, another rule set asks: the chain is that of before."""
    listed, slices = await seen(scanner)
    pieces = Pieces()

    first = pieces.of(slices, listed, ALL, NOON)
    again = pieces.of(slices, listed, ALL, NOON + timedelta(minutes=4))
    read_anew = [replace(each, rows=(*each.rows,)) for each in slices]
    after = pieces.of(read_anew, listed, ALL, NOON)

    assert len(first) == 4
    assert all(one is other for one, other in zip(first, again, strict=True))
    assert not any(one is other for one, other in zip(first, after, strict=True))


async def test_a_piece_says_what_is_listed_within_the_strikes_and_has_not_ended(
    scanner: Scanner,
) -> None:
    listed, slices = await seen(scanner)
    pieces, spot = Pieces(), slices[0].spot.mark
    assert spot is not None

    (piece, *others) = pieces.of(slices, listed, (spot, spot * 2), NOON)

    rows = [row for row in slices[0].rows if spot <= row.contract.strike <= spot * 2]
    assert [*piece.calls.values(), *piece.puts.values()] == sorted(
        rows, key=lambda row: row.contract.right.value
    )
    assert piece.strikes == tuple(sorted({row.contract.strike for row in rows}))
    assert piece.years == pytest.approx(piece.listed.days / 365, abs=1 / 365)
    ended = NOON + timedelta(days=piece.listed.days + 1)
    assert pieces.of(slices, listed, (spot, spot * 2), ended) == tuple(others)


async def test_the_years_are_those_from_when_the_chain_was_read(scanner: Scanner) -> None:
    """A mid of five minutes ago is explained by the time that was left five minutes ago."""
    listed, slices = await seen(scanner)
    earlier = [replace(each, as_of=each.as_of - timedelta(minutes=5)) for each in slices]

    now = Pieces().of(slices, listed, ALL, NOON)
    before = Pieces().of(earlier, listed, ALL, NOON)

    for one, other in zip(now, before, strict=True):
        assert other.years - one.years == pytest.approx(5 / (365 * 24 * 60))


async def test_only_so_many_days_of_chains_are_kept(scanner: Scanner) -> None:
    """What was asked for last stays."""
    listed, slices = await seen(scanner)
    pieces = Pieces(most=2)

    first, second, *_ = pieces.of(slices[:2], listed, ALL, NOON)
    pieces.of(slices[1:3], listed, ALL, NOON)

    assert pieces.of(slices[1:2], listed, ALL, NOON) == (second,)
    assert pieces.of(slices[:1], listed, ALL, NOON) != (first,)


async def test_what_is_laid_out_stays_with_its_piece_and_is_what_it_was(scanner: Scanner) -> None:
    """Pieces laid out before, and beside others, have the columns of one laid out by itself."""
    listed, slices = await seen(scanner)
    pieces, spot = Pieces().of(slices, listed, ALL, NOON), float(slices[0].spot.mark or 0)

    second = laid_out(pieces[1:2], spot)
    every = laid_out(pieces, spot)
    alone = [laid_out([each], spot)[0] for each in Pieces().of(slices, listed, ALL, NOON)]

    assert every[1] is second[0]
    for one, other in zip(every, alone, strict=True):
        assert (one.days, one.years) == (other.days, other.years)
        assert one.forward == other.forward
        assert np.array_equal(one.strikes, other.strikes)
        for side, theirs in ((one.calls, other.calls), (one.puts, other.puts)):
            for each in fields(Quotes):
                assert getattr(side, each.name) == pytest.approx(
                    getattr(theirs, each.name), rel=1e-12, abs=1e-15, nan_ok=True
                )


async def test_a_scan_finds_the_same_in_what_was_laid_out_before(scanner: Scanner) -> None:
    """Other rule sets may have looked at the chain already, at more or fewer of its strikes."""
    scans = [
        scan_of(SPREADS + DAYS),
        scan_of(SPREADS + DAYS + "strikes = { min = 0.9, max = 1.1 }\n"),
        scan_of(SPREADS + "[chain]\ndays = { max = 30 }\n"),
    ]

    warm = [await scanner(scan) for scan in [*scans, *scans]]
    cold = [await replace(scanner, pieces=Pieces())(scan) for scan in scans]

    assert [each.picks for each in warm] == [each.picks for each in cold] * 2
    assert [each.passed for each in warm] == [each.passed for each in cold] * 2
