"""Files of the owner that are changed whole: whoever reads sees the old one or the new one."""

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO


def back_up(path: Path, now: datetime) -> Path:
    """Copy a file beside itself, named by the instant; return where."""
    backup = path.with_name(f"{path.name}.backup-{now:%Y%m%d-%H%M%S-%f}")
    shutil.copy2(path, backup)
    return backup


def replace_whole(path: Path, content: bytes) -> None:
    """Write beside the file and move over it; a new one is its owner's alone."""
    with written_whole(path) as file:
        file.write(content)


@contextmanager
def written_whole(path: Path) -> Generator[BinaryIO]:
    """Yield a file beside `path` that takes its place once it is complete; else it is gone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o600
    draft = path.with_name(f".{path.name}.strikedesk")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.chmod(mode)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
