"""Run every benchmark, or those named: `python -m benchmarks [name …]`."""

import pkgutil
import subprocess
import sys
from pathlib import Path

import benchmarks

SUPPORT = {
    "__main__",
    "bare_server",
    "optopsy_verticals",
    "pipe_client",
    "quant_coefficients",
    "report",
}


def main(wanted: list[str]) -> int:
    """Run each in a process of its own, so that none warms another's caches."""
    names = [m.name for m in pkgutil.iter_modules(benchmarks.__path__) if m.name not in SUPPORT]
    chosen = [name for name in names if not wanted or name in wanted]
    if unknown := set(wanted) - set(names):
        print(f"There is no benchmark {', '.join(sorted(unknown))}. There are: {', '.join(names)}")
        return 2
    worst = 0
    for index, name in enumerate(chosen, start=1):
        print(f"\n[{index}/{len(chosen)}] {name}", flush=True)
        ended = subprocess.run(
            [sys.executable, "-m", f"benchmarks.{name}"],
            cwd=Path(__file__).parents[1],
            check=False,
        )
        worst = max(worst, ended.returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
