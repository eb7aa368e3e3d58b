"""A body that is read with a bound: packed or not, never more of it than is asked for is made."""

import zlib
from collections.abc import AsyncIterable
from typing import Final

_GZIP: Final = 16 + zlib.MAX_WBITS


class Unreadable(Exception):
    """It is longer than it may be, or packed in a way that is not unpacked here."""


async def unpacked(
    chunks: AsyncIterable[bytes], packing: str, bytes_max: int, *, cut: bool
) -> bytes:
    """Return the unpacked body; one that is longer is cut off where `cut` says so.

    Raises:
        Unreadable: it is longer, or of an unknown packing.
        zlib.error: it is not packed as it says.
    """
    unpack = _Unpacking(packing)
    parts, left = list[bytes](), bytes_max
    async for chunk in chunks:
        part = unpack.some_of(chunk, left + 1)
        parts.append(part[:left])
        if len(part) > left:
            if cut:
                break
            raise Unreadable
        left -= len(part)
    return b"".join(parts)


class _Unpacking:
    """Takes gzip apart and never makes more of it than is asked for: a bomb stays small."""

    def __init__(self, packing: str) -> None:
        self._gzip = zlib.decompressobj(_GZIP) if packing.lower() == "gzip" else None
        if self._gzip is None and packing.lower() not in {"", "identity"}:
            raise Unreadable

    def some_of(self, chunk: bytes, most: int) -> bytes:
        """Return what `chunk` says, `most` bytes of it at most."""
        return chunk[:most] if self._gzip is None else self._gzip.decompress(chunk, most)
