"""optopsy's side of `benchmarks.verticals`, run by an interpreter that has optopsy.

It needs numpy, pandas and optopsy alone, knows nothing of this project, and is no part of it:
optopsy is under the GPL, its later versions under the AGPL. Prints one line of JSON.
"""

import importlib.metadata
import json
import resource
import sys
import time

import numpy as np
import optopsy
import pandas as pd

CREDIT, RETURN, TOP = 0.25, 0.1, 100
ALL = {"max_otm_pct": 10.0}  # Up to 2.2: every pair of strikes.
# From 2.3: of each leg the one contract nearest to a delta.
BY_DELTA = {
    f"leg{n}_delta": {"target": delta, "min": 0.01, "max": 0.99}
    for n, delta in ((1, 0.2), (2, 0.3))
}


def main(path: str, rounds: int) -> None:
    """Time listing alone, and listing and choosing, the first time and the best of the others."""
    data = frame(np.load(path))
    options = {"raw": True, "max_entry_dte": 400, "exit_dte": 0}
    options |= ALL if takes(data, options | ALL) else BY_DELTA
    first, _, kept = both(data, options)
    later = [both(data, options) for _ in range(rounds)]
    listed = optopsy.short_put_spread(data, **options)
    versions = [f"{name} {importlib.metadata.version(name)}" for name in ("optopsy", "pandas")]
    print(
        json.dumps(
            {
                "name": ", ".join(versions),
                "listed": len(listed),
                "kept": int(kept[0]),
                "first": first,
                "best": min(whole for whole, _, _ in later),
                "listing": min(part for _, part, _ in later),
                "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0,
                "returns": kept[1],
            }
        )
    )


def takes(data: pd.DataFrame, options: dict[str, object]) -> bool:
    """Whether this version knows the options; asked of one expiration's few nearest strikes."""
    few = data[data["expiration"] == data["expiration"].iloc[0]].head(8)
    try:
        optopsy.short_put_spread(few, **options)
    except ValueError as error:
        return "max_otm_pct" not in str(error)
    return True


def both(data: pd.DataFrame, options: dict[str, object]) -> tuple[float, float, tuple[int, list]]:
    """Return the processor time of listing and choosing, of listing, and what was chosen."""
    begun = time.process_time()
    found = optopsy.short_put_spread(data, **options)
    between = time.process_time()
    kept = chosen(found)
    return time.process_time() - begun, between - begun, kept


def chosen(found: pd.DataFrame) -> tuple[int, list[float]]:
    """Return how many keep the rules, and the best yearly returns."""
    width, credit = found["strike_leg2"] - found["strike_leg1"], -found["total_entry_cost"]
    yearly = credit / (width - credit) * 365.0 / found["dte_entry"]
    kept = found[(credit >= CREDIT * width) & (width - credit >= 0.005) & (yearly >= RETURN)]
    best = kept.assign(yearly=yearly).nlargest(TOP, "yearly")
    return len(kept), best["yearly"].tolist()


def frame(chain: "np.lib.npyio.NpzFile") -> pd.DataFrame:
    """Return the puts as it wants them: on a first day, and again on their last."""
    begun, days = pd.Timestamp("2026-01-05"), pd.to_timedelta(chain["days"], unit="D")
    columns = {name: chain[name] for name in ("strike", "bid", "ask", "delta")}
    days_of = [
        pd.DataFrame(columns).assign(expiration=begun + days, quote_date=at)
        for at in (begun, begun + days)
    ]
    whole = pd.concat(days_of, ignore_index=True)
    return whole.assign(
        underlying_symbol="X", underlying_price=float(chain["spot"]), option_type="p"
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
