"""The control endpoint: arms mishaps, ends tokens and grants, disturbs streams, moves time.

It has a port of its own on the loopback and no token. It wants JSON, which a page of another origin
cannot send it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from strikedesk.brokers.paper.stepping import Stepper
from strikedesk.domain.errors import Denied
from strikedesk.exchange.steps import read_step
from strikedesk.sandbox.door import body_of
from strikedesk.sandbox.faults.panel import ARMED_MAX, Garbling, Kind, Mishap, Panel
from strikedesk.sandbox.refusal import Refusal, answer_refusal, translated
from strikedesk.sandbox.streams.faults import StreamFaults
from strikedesk.sandbox.wire import zulu
from strikedesk.sandbox.world import SandboxWorld

_CREATED: Final = 201
_METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
_STREAMS: Final = ("away", "silent", "duplicated", "reordered")
_KEYS: Final = frozenset(
    {
        "kind",
        "path",
        "method",
        "times",
        "skip",
        "delay_ms",
        "status",
        "retry_after_s",
        "how",
    }
)
_TEXT_MAX: Final = 200
_COUNT_MAX: Final = 1_000_000
_DELAY_MAX: Final = 600_000
_LIFETIME_MAX: Final = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """The switches of one sandbox."""

    world: SandboxWorld
    panel: Panel
    streams: StreamFaults

    def app(self, hosts: Sequence[str]) -> Starlette:
        """Return the app of the control port."""
        return Starlette(
            routes=[
                Route("/", self.state, methods=["GET"]),
                Route("/faults", self.state, methods=["GET"]),
                Route("/faults", self.arm, methods=["POST"]),
                Route("/faults", self.clear, methods=["DELETE"]),
                Route("/faults/{number:int}", self.disarm, methods=["DELETE"]),
                Route("/tokens/expire", self.expire, methods=["POST"]),
                Route("/tokens/lifetime", self.lifetime, methods=["POST"]),
                Route("/grants/revoke", self.revoke, methods=["POST"]),
                Route("/grants/restore", self.restore, methods=["POST"]),
                Route("/limits", self.hold, methods=["POST"]),
                Route("/streams", self.disturb, methods=["POST"]),
                Route("/streams/reset", self.reset, methods=["POST"]),
                Route("/market/step", self.step, methods=["POST"]),
            ],
            middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=[*hosts])],
            exception_handlers={Refusal: answer_refusal},
        )

    async def state(self, _: Request) -> Response:
        """Tell what is armed, how often it struck, and what else is not as it should be."""
        access = self.world.access
        return JSONResponse(
            {
                "faults": [mishap.told() for mishap in self.panel.armed.values()],
                "under_way": self.panel.under_way,
                "limits_held_to": self.panel.pace.held_to,
                "kinds": [kind.value for kind in Kind],
                "token_lifetime_s": access.lifetime_s,
                "revoked": sum(grant.revoked for grant in access.grants.values()),
                "streams": {name: getattr(self.streams, name) for name in _STREAMS},
            }
        )

    async def arm(self, request: Request) -> Response:
        """Arm a mishap."""
        if len(self.panel.armed) >= ARMED_MAX:
            raise Refusal.of_parameter("faults", f"are {ARMED_MAX} at most")
        mishap = _read_mishap(await _document(request, _KEYS), self.panel.next_number())
        self.panel.arm(mishap)
        return JSONResponse(mishap.told(), _CREATED)

    async def clear(self, _: Request) -> Response:
        """Take everything off the panel; what was held goes on."""
        return JSONResponse({"cleared": self.panel.clear()})

    async def disarm(self, request: Request) -> Response:
        """Take one mishap off; what it held goes on."""
        if not self.panel.disarm(request.path_params["number"]):
            raise Refusal.not_found("that fault")
        return JSONResponse({"cleared": 1})

    async def expire(self, request: Request) -> Response:
        """End every access token; refresh tokens stay good."""
        await _document(request)
        return JSONResponse({"expired": self.world.access.expire_tokens()})

    async def lifetime(self, request: Request) -> Response:
        """Set how long new access tokens live."""
        document = await _document(request, {"seconds"})
        seconds = _count(document, "seconds", None, most=_LIFETIME_MAX)
        if seconds is None:
            raise Refusal.of_parameter("seconds", "is required")
        self.world.access.lifetime_s = seconds
        return JSONResponse({"token_lifetime_s": seconds})

    async def revoke(self, request: Request) -> Response:
        """Revoke every grant, as a person does who takes the application's access away."""
        return await self._revoked(request, revoked=True)

    async def restore(self, request: Request) -> Response:
        """Make every grant good again."""
        return await self._revoked(request, revoked=False)

    async def hold(self, request: Request) -> Response:
        """Hold clients to the limits that the broker publishes, or no more."""
        document = await _document(request, {"held_to"})
        wanted = document.get("held_to")
        if not isinstance(wanted, bool):
            raise Refusal.of_parameter("held_to", "is true or false")
        self.panel.pace.hold(wanted)
        return await self.state(request)

    async def disturb(self, request: Request) -> Response:
        """Switch what the streams do on and off."""
        document = await _document(request, {*_STREAMS})
        for name, value in document.items():
            if not isinstance(value, bool):
                raise Refusal.of_parameter(name, "is true or false")
            setattr(self.streams, name, value)
        return await self.state(request)

    async def reset(self, request: Request) -> Response:
        """End every websocket without a word."""
        await _document(request)
        return JSONResponse({"reset": self.streams.reset()})

    async def step(self, request: Request) -> Response:
        """Move a market that waits for it; orders meet every tick on the way."""
        text = _text(await _document(request, {"step"}), "step", "")
        stepper = Stepper(keeper=self.world.office.keeper)
        try:
            way = await stepper.begin(read_step(text))
            while not way.done:
                way = await stepper.go_on(way)
        except Denied as denied:
            raise translated(denied) from None
        return JSONResponse({"began": zulu(way.began), "at": zulu(way.at)})

    async def _revoked(self, request: Request, *, revoked: bool) -> Response:
        await _document(request)
        grants = [*self.world.access.grants.values()]
        for grant in grants:
            grant.revoked = revoked
        return JSONResponse({"grants": len(grants), "revoked": revoked})


async def _document(
    request: Request, allowed: frozenset[str] | set[str] = frozenset()
) -> Mapping[str, object]:
    """Read a JSON object that has nothing but what is allowed.

    Raises:
        Refusal: 400, 413.
    """
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise Refusal.of_parameter("Content-Type", "is application/json")
    body = await body_of(request)
    try:
        given: object = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise Refusal.of_parameter("The body", "is a JSON object")
    document = cast("Mapping[str, object]", given)
    if strange := sorted(document.keys() - allowed):
        known = ", ".join(sorted(allowed)) or "nothing"
        raise Refusal.of_parameter(str(strange[0])[:_TEXT_MAX], f"is not known; known: {known}")
    return document


def _read_mishap(document: Mapping[str, object], number: int) -> Mishap:
    """Read what is to go wrong.

    Raises:
        Refusal: 400, naming the key.
    """
    method = _choice(document, "method", sorted(_METHODS), None)
    kind = _choice(document, "kind", [each.value for each in Kind], None)
    if kind is None:
        raise Refusal.of_parameter("kind", f"is one of {', '.join(Kind)}")
    times = document.get("times", 1)
    forever = document.get("delay_ms", 0) is None
    delay_ms = _count(document, "delay_ms", 0, least=0, most=_DELAY_MAX)
    return Mishap(
        number=number,
        kind=Kind(kind),
        path=_text(document, "path", "*"),
        method=method,
        times=None if times is None else _count(document, "times", 1),
        skip=_count(document, "skip", 0, least=0) or 0,
        delay_ms=None if forever else delay_ms,
        status=_count(document, "status", 503, least=400, most=599) or 503,
        retry_after_s=_count(document, "retry_after_s", None, least=0),
        how=Garbling(_choice(document, "how", [*Garbling], Garbling.HTML) or Garbling.HTML),
    )


def _choice(
    document: Mapping[str, object], name: str, choices: Sequence[str], default: str | None
) -> str | None:
    given = document.get(name, default)
    if given is None:
        return default
    if not isinstance(given, str) or given not in choices:
        raise Refusal.of_parameter(name, f"is one of {', '.join(choices)}")
    return given


def _text(document: Mapping[str, object], name: str, default: str) -> str:
    given = document.get(name, default)
    if not isinstance(given, str) or not 1 <= len(given) <= _TEXT_MAX:
        raise Refusal.of_parameter(name, f"is a text of 1 to {_TEXT_MAX} characters")
    return given


def _count(
    document: Mapping[str, object],
    name: str,
    default: int | None,
    *,
    least: int = 1,
    most: int = _COUNT_MAX,
) -> int | None:
    given = document.get(name, default)
    if given is None:
        return default
    if not isinstance(given, int) or isinstance(given, bool) or not least <= given <= most:
        raise Refusal.of_parameter(name, f"is a whole number from {least} to {most}")
    return given
