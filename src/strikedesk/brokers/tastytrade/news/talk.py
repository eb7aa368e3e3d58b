"""One conversation with the account streamer, without a socket.

    connect > ok > notices, and a heartbeat now and then that is answered

Every message shows the access token of the moment. A heartbeat before `connect` would be refused.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import msgspec

from strikedesk.brokers.tastytrade.news.notices import Message, read
from strikedesk.brokers.tastytrade.wire import USER_AGENT
from strikedesk.domain.secret import Secret

SILENCE_MAX_S: Final = 60.0

_CONNECT: Final = "connect"
_HEARTBEAT: Final = "heartbeat"
_OK: Final = "ok"
_NONE: Final[Sequence[str]] = ()
_encode: Final = msgspec.json.Encoder().encode


class AccountTalk:
    """What we say about some accounts, and what we understand. `heard` is given every notice.

    `refused` where the streamer did not take what we said: with another token it may.
    """

    def __init__(
        self, *, numbers: Sequence[Secret], token: Secret, heard: Callable[[Message], None]
    ) -> None:
        """Name the accounts by the broker's numbers; `token` may be renewed meanwhile."""
        self._numbers = numbers
        self._heard = heard
        self._said = 0
        self.token = token
        self.silence_max_s = SILENCE_MAX_S
        self.ready = False
        self.refused = False

    @property
    def over(self) -> bool:
        """Whether nothing more comes of it."""
        return self.refused

    def begin(self) -> Sequence[str]:
        """Return what to say first."""
        return (self._message(_CONNECT, [number.reveal() for number in self._numbers]),)

    def alive(self) -> Sequence[str]:
        """Return a heartbeat."""
        return (self._message(_HEARTBEAT, None),) if self.ready else _NONE

    def change(self) -> Sequence[str]:
        """Return nothing: for other accounts there is another conversation."""
        return _NONE

    def hear(self, message: bytes, at: datetime) -> Sequence[str]:  # noqa: ARG002 -- see `Talk`
        """Take in what was said. Notices before we are let in are passed over."""
        read_message = read(message)
        if read_message is None:
            return _NONE
        if read_message.status is not None:
            self._note(read_message)
        elif self.ready:
            self._heard(read_message)
        return _NONE

    def _note(self, answer: Message) -> None:
        if answer.status != _OK:
            self.refused = True
        elif answer.action == _CONNECT:
            self.ready = True

    def _message(self, action: str, value: object) -> str:
        self._said += 1
        message = {
            "action": action,
            "auth-token": f"Bearer {self.token.reveal()}",
            "request-id": self._said,
            "source": USER_AGENT,
        }
        return _encode(message | ({} if value is None else {"value": value})).decode()
