"""What makes a key file the owner's alone. Pure but for reading who owns what."""

import os
import stat
from pathlib import Path
from typing import Final

OTHERS_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH
OTHERS_ANYTHING: Final = stat.S_IRWXG | stat.S_IRWXO


def distrust_path(folder: Path, data_folder: Path) -> str | None:
    """Say why a file in `folder` could be copied with the data, or swapped from above.

    Law: both paths are resolved. A sticky folder above is fine: nobody else renames in it.
    """
    if folder.is_relative_to(data_folder):
        return "it lies in the data folder, which backups copy"
    for above in folder.parents:
        found = above.stat()
        swappable = found.st_mode & OTHERS_WRITE and not found.st_mode & stat.S_ISVTX
        if swappable or not _trusted_owner(found):
            return f"others may rename what is in {above}"
    return None


def distrust_folder(found: os.stat_result) -> str | None:
    """Say why others could replace a file in this folder."""
    if not _trusted_owner(found):
        return "its folder belongs to somebody else"
    if found.st_mode & OTHERS_WRITE:
        return f"its folder has mode {_mode(found)}: chmod 700"
    return None


def distrust_file(found: os.stat_result) -> str | None:
    """Say why others could read or write this file."""
    if not stat.S_ISREG(found.st_mode):
        return "it is not a regular file"
    if found.st_uid != os.geteuid():
        return "it belongs to somebody else"
    if found.st_mode & OTHERS_ANYTHING:
        return f"it has mode {_mode(found)}: chmod 600"
    return None


def _trusted_owner(found: os.stat_result) -> bool:
    return found.st_uid in {0, os.geteuid()}


def _mode(found: os.stat_result) -> str:
    return f"{stat.S_IMODE(found.st_mode):04o}"
