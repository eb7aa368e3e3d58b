"""The real chains beside the checkout, read as they are: one session's closes of every contract."""

import csv
import zipfile
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import numpy as np

from strikedesk.quant.normal import FloatArray

DATA = Path(__file__).parents[1].parent / "shared" / "data"
SESSIONS = ("20140603", "20140604", "20140605", "20140610")


@dataclass(frozen=True, slots=True, kw_only=True)
class RealChain:
    """One file: `bar` the close it gives of the share; a row for each contract, closes in USD.

    Units: `days` calendar days from the date in the file's name to expiration; `told_…` what the
    file says, volatilities as fractions, 0 where it found none; rho a year's worth per 1 %.
    """

    bar: float
    days: FloatArray
    strike: FloatArray
    is_call: np.ndarray
    close: FloatArray
    volume: FloatArray
    told_volatility: FloatArray
    told_delta: FloatArray
    told_rho: FloatArray


def read(name: str) -> RealChain:
    """Read the chain of one day, as `20140603`."""
    with (DATA / "chains" / "aapl" / f"{name}.csv").open(encoding="utf-8") as file:
        head, *rows = list(csv.reader(file))[1:]
    at = day(name)
    numbers = np.array([[float(cell or 0) for cell in [row[1], *row[3:]]] for row in rows])
    return RealChain(
        bar=float(head[6]),
        days=np.array([float((day(row[0]) - at).days) for row in rows]),
        strike=numbers[:, 0],
        is_call=np.array([row[2] == "C" for row in rows]),
        close=numbers[:, 4],
        volume=numbers[:, 5],
        told_volatility=numbers[:, 7],
        told_delta=numbers[:, 8],
        told_rho=numbers[:, 12],
    )


def close_of(name: str) -> float:
    """Return the share's close of that day, from its daily bars, USD."""
    with zipfile.ZipFile(DATA / "underlyings" / "aapl.zip") as packed:
        text = packed.read(packed.namelist()[0]).decode()
    rows = {row[0][:8]: row for row in csv.reader(text.splitlines())}
    return float(rows[name][4]) / 10_000


def day(name: str) -> date:
    return datetime.strptime(name, "%Y%m%d").date()  # noqa: DTZ007 -- a date has no zone
