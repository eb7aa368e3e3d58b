"""Bearer tokens: what is stored instead of one."""

import hashlib


def token_digest(token: str) -> str:
    """Return the SHA-256 of a bearer token in hex: all that is kept of it.

    A token is 192 random bits, so that a slow hash would protect nothing.
    """
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
