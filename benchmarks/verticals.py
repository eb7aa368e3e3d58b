"""Every short put vertical of 500 strikes by 10 expirations, listed, filtered and ranked.

Run: `python -m benchmarks.verticals [--optopsy PYTHON ...] [--rounds 5]`, where each PYTHON is an
interpreter that has optopsy, as of `uv venv -p 3.11 peer && uv pip install -p peer optopsy==2.2.0`.
optopsy lists vertical spreads with pandas. It is under the GPL, later under the AGPL, and not part
of this project in any way: its side is a script that such an interpreter runs by itself.

Both sides have the same chain in memory and do one job: of all 1,247,500 pairs keep those whose
credit at the mids is a quarter of the width, whose loss is half a cent and whose return on it a
year is a tenth at least, and tell the best hundred. Where the peer lists all pairs, its hundred
returns have to be ours; of those kept a few are within the millionth that our rules forgive. A
side is a process of its own, pinned to one core; sides take turns. Times are processor time: of
the first call, in which memory is paged in, and the best of those after it. From 2.3 on optopsy
takes for each leg the one contract nearest to a delta: it lists a few pairs, and no ratio is told.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, TypedDict

import numpy as np

from benchmarks.report import RESULTS
from benchmarks.scanner import DAYS, NAMED, STRIKES, a_chain, seconds_of
from strikedesk.quant.candidates.chain import Chain
from strikedesk.quant.candidates.found import Found
from strikedesk.quant.candidates.measures import Measure
from strikedesk.quant.candidates.search import Bound, Search, Weight
from strikedesk.quant.candidates.searching import search

TURNS: Final = 3
HERE: Final = Path(__file__).parent
SOUGHT: Final = Search(
    pattern=NAMED["bull put spread"],
    bounds=(Bound(Measure.CREDIT_TO_WIDTH, low=0.25), Bound(Measure.ANNUALISED, low=0.1)),
    ranking=(Weight(Measure.ANNUALISED),),
    slippage=0.0,
    top=100,
    near=0,
)


class Side(TypedDict):
    """What a side tells. Units: seconds, MB; `listing` those of them without choosing."""

    name: str
    listed: int
    kept: int
    first: float
    best: float
    listing: float
    memory: float
    returns: list[float]


def main(peers: list[str], rounds: int) -> None:
    """Measure all sides in turn and keep what they told."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    with TemporaryDirectory() as folder:
        path = Path(folder) / "chain.npz"
        write(whole_chain(), path)
        ask = [str(path), str(rounds)]
        commands = [[sys.executable, "-m", "benchmarks.verticals", "--side", *ask]]
        commands += [[peer, str(HERE / "optopsy_verticals.py"), *ask] for peer in peers]
        told = [[asked(command) for command in commands] for _ in range(TURNS)]
    sides = [fastest(list(turns)) for turns in zip(*told, strict=True)]
    shown = [row(side, sides[0]) for side in sides]
    print("\n".join(shown))
    RESULTS.mkdir(exist_ok=True)
    kept = {"benchmark": "verticals", "sides": [dict(each) | {"returns": None} for each in sides]}
    (RESULTS / "verticals.json").write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


def whole_chain() -> Chain:
    """Return the chain, its distributions worked out: they are kept with it."""
    chain = a_chain(5000.0, dict.fromkeys(DAYS, STRIKES), seed=1, step=5.0)
    for each in chain.slices:
        _ = each.market
    return chain


def write(chain: Chain, path: Path) -> None:
    """Write the puts as columns that any side reads."""
    puts = {
        name: np.concatenate([getattr(each.puts, name) for each in chain.slices])
        for name in ("bid", "ask", "delta")
    }
    strikes = np.concatenate([each.strikes for each in chain.slices])
    days = np.repeat([int(each.days) for each in chain.slices], STRIKES)
    np.savez(path, spot=chain.spot, strike=strikes, days=days, **puts)


def asked(command: list[str]) -> Side:
    """Run a side and return what it told."""
    root = HERE.parent
    ran = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True)
    return json.loads(ran.stdout.splitlines()[-1])


def fastest(turns: list[Side]) -> Side:
    """Return a side with the smallest times of its turns."""
    side = turns[0]
    side["first"] = min(each["first"] for each in turns)
    side["best"] = min(each["best"] for each in turns)
    side["listing"] = min(each["listing"] for each in turns)
    return side


def row(side: Side, ours: Side) -> str:
    """Return a side as a line, with the ratios to ours where it did the same."""
    line = (
        f"{side['name']:30} {side['listed']:>10,} pairs {side['kept']:>8,} kept"
        f"  first {1e3 * side['first']:8.1f} ms  later {1e3 * side['best']:7.1f} ms"
        f"  {side['listed'] / side['best'] / 1e6:7.2f} M/s  {side['memory']:6.0f} MB"
    )
    if side is ours:
        return line
    if side["listed"] != ours["listed"]:
        return f"{line}  lists a few pairs only"
    same = np.allclose(side["returns"], ours["returns"], rtol=1e-9, atol=0.0)
    first, best = (side[key] / ours[key] for key in ("first", "best"))
    of_listing = side["listing"] / ours["best"]
    return (
        f"{line}  first {first:.0f}x, later {best:.0f}x ({of_listing:.0f}x listing alone), "
        f"{'the same' if same else 'OTHER'} best {len(ours['returns'])}"
    )


def our_side(rounds: int) -> Side:
    """Do the job here."""
    chain, found = whole_chain(), list[Found]()
    times = [seconds_of(lambda: found.append(search(chain, SOUGHT))) for _ in range(rounds + 1)]
    returns = [each.measures[Measure.ANNUALISED] or 0.0 for each in found[-1].candidates]
    return Side(
        name="this project",
        listed=found[-1].enumerated,
        kept=found[-1].passed,
        first=times[0],
        best=min(times[1:]),
        listing=min(times[1:]),
        memory=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0,
        returns=returns,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--optopsy", nargs="*", default=[], metavar="PYTHON")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--side", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.side:
        print(json.dumps(our_side(int(given.side[1]))))
    else:
        main(given.optopsy, given.rounds)
