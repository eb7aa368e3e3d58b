"""The two blobs of the vault: a sealed row and a wrapped data key. Pure but for the random source.

Layout and reasons: docs/decisions/0003-vault-envelope.md. A blob that does not authenticate opens
to None; the caller says so in its own words, and no traceback carries what was inside.
"""

from datetime import datetime
from typing import Final

from strikedesk.domain.ports import WrappedKey
from strikedesk.domain.secret import RowIdentity, Secret
from strikedesk.vault.keys import DEK_ID_BYTES, DataKey, KeyEncryptionKey, RandomBytes

FORMAT: Final = 1
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
ROW_HEADER_BYTES: Final = 2 + DEK_ID_BYTES
WRAP_HEADER: Final = bytes([FORMAT])


def seal_row(key: DataKey, secret: Secret, *, where: RowIdentity, random: RandomBytes) -> bytes:
    """Return `format | kind | dek id | nonce | ciphertext and tag`."""
    header = bytes([FORMAT, secret.is_text]) + bytes.fromhex(key.dek_id)
    return header + _encrypted(key.material, secret, _row_data(header, where), random)


def dek_id_of(blob: bytes) -> str | None:
    """Return the id of the data key that sealed `blob`, or None where it is no blob of ours."""
    if len(blob) < ROW_HEADER_BYTES + NONCE_BYTES + TAG_BYTES or blob[0] != FORMAT:
        return None
    return blob[2:ROW_HEADER_BYTES].hex()


def open_row(key: DataKey, blob: bytes, *, where: RowIdentity) -> Secret | None:
    """Return what `seal_row` sealed, or None where blob, place or key is not the same."""
    header, body = blob[:ROW_HEADER_BYTES], blob[ROW_HEADER_BYTES:]
    opened = _decrypted(key.material, body, _row_data(header, where))
    if opened is None or not header[1]:
        return opened
    return Secret(opened.reveal_bytes().decode("utf-8", "surrogatepass"))


def wrap(kek: KeyEncryptionKey, key: DataKey, *, at: datetime, random: RandomBytes) -> WrappedKey:
    """Encrypt a data key: `format | nonce | ciphertext and tag`."""
    bound = _wrap_data(key.record_set, key.dek_id, kek.key_id)
    return WrappedKey(
        record_set=key.record_set,
        dek_id=key.dek_id,
        kek_id=kek.key_id,
        wrapped=WRAP_HEADER + _encrypted(kek.material, key.material, bound, random),
        created_at=at,
    )


def unwrap(kek: KeyEncryptionKey, wrapped: WrappedKey) -> DataKey | None:
    """Return the data key, or None where bytes, names or key are not those of `wrap`."""
    bound = _wrap_data(wrapped.record_set, wrapped.dek_id, wrapped.kek_id)
    if not wrapped.wrapped.startswith(WRAP_HEADER):
        return None
    material = _decrypted(kek.material, wrapped.wrapped.removeprefix(WRAP_HEADER), bound)
    if material is None:
        return None
    return DataKey(dek_id=wrapped.dek_id, record_set=wrapped.record_set, material=material)


def _row_data(header: bytes, where: RowIdentity) -> bytes:
    return _joined(
        b"strikedesk row", header, where.table, where.row_id, where.account_id, where.environment
    )


def _wrap_data(record_set: str, dek_id: str, kek_id: str) -> bytes:
    return _joined(b"strikedesk data key", WRAP_HEADER, record_set, dek_id, kek_id)


def _joined(*parts: bytes | str | None) -> bytes:
    """Join parts so that no two different lists give the same bytes."""
    return b"".join(_measured(part) for part in parts)


def _measured(part: bytes | str | None) -> bytes:
    if part is None:
        return b"\x00"
    raw = part if isinstance(part, bytes) else part.encode("utf-8", "surrogatepass")
    return b"\x01" + len(raw).to_bytes(8, "big") + raw


def _encrypted(key: Secret, plain: Secret, bound: bytes, random: RandomBytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import (  # noqa: PLC0415 -- kept off the path of initialize
        AESGCM,
    )

    nonce = random(NONCE_BYTES)
    return nonce + AESGCM(key.reveal_bytes()).encrypt(nonce, plain.reveal_bytes(), bound)


def _decrypted(key: Secret, sealed: bytes, bound: bytes) -> Secret | None:
    from cryptography.exceptions import (  # noqa: PLC0415 -- kept off the path of initialize
        InvalidTag,
    )
    from cryptography.hazmat.primitives.ciphers.aead import (  # noqa: PLC0415 -- kept off the path of initialize
        AESGCM,
    )

    nonce, body = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    if len(body) < TAG_BYTES:
        return None
    try:
        return Secret(AESGCM(key.reveal_bytes()).decrypt(nonce, body, bound))
    except InvalidTag:
        return None
