"""Which values are secrets: what a search of everything that leaves the process looks for."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import parse_qsl, unquote_to_bytes, urlsplit

from strikedesk.domain.secret import Secret, heard

SECRET_MIN: Final = 6
# Each costs a sixth of a megabyte: of what callers bring, that used longest ago is let go of.
BROUGHT_MAX: Final = 128


class Known:
    """Values that must not leave the process. Shared: whoever adds one adds it for every sink."""

    def __init__(self) -> None:
        """Know none yet."""
        self._values: dict[bytes, None] = {}
        self._brought: dict[bytes, None] = {}
        self.version = 0

    def __iter__(self) -> Iterator[bytes]:
        """Return the values."""
        return iter((*self._values, *self._brought))

    @contextmanager
    def listening(self) -> Generator["Known"]:
        """Know every `Secret` that is made meanwhile, wherever in the process."""
        with heard(self.hear):
            yield self

    def hear(self, secret: Secret) -> None:
        """Know a secret."""
        self.learn(secret.reveal_bytes())

    def learn(self, value: bytes) -> None:
        """Know a value, or of a URL and of a list of keys the parts that are secret."""
        for part in _parts(value):
            # White space is looked over in the search, so it does not count.
            if len(b"".join(part.replace(b"\0", b"").split())) >= SECRET_MIN:
                self.version += part not in self._values
                self._values[part] = None

    def learn_brought(self, token: bytes) -> None:
        """Know a token that a caller came in with, among the last of them to be used."""
        self.version += token not in self._brought
        self._brought.pop(token, None)
        self._brought[token] = None
        if len(self._brought) > BROUGHT_MAX:
            del self._brought[next(iter(self._brought))]


def _parts(value: bytes) -> Iterator[bytes]:
    if b"://" in value:
        yield from _parts_of_url(value)
        return
    yield value.strip()
    if b"," in value and value.isascii():
        yield from (part.strip() for part in value.split(b","))


def _parts_of_url(url: bytes) -> Iterator[bytes]:
    """Yield the password and the values after `?`; host, user and database are no secrets."""
    try:
        split = urlsplit(url)
        password, query = split.password or b"", split.query
    except ValueError:
        yield url
        return
    for part in (password, *(said for _, said in parse_qsl(query))):
        yield part
        yield unquote_to_bytes(part)
