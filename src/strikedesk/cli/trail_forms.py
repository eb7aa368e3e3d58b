"""The forms in which the trail leaves the house."""

from enum import StrEnum


class Format(StrEnum):
    """`jsonl` proves itself; `csv` is for reading in a spreadsheet."""

    JSONL = "jsonl"
    CSV = "csv"
