"""The page on which the owner answers: plain HTML, no script, every value escaped."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from strikedesk.domain.accounts import Environment
from strikedesk.domain.approvals import ConsentPolicy
from strikedesk.orders.approvals import Pending

_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;"
    "color:#1a1a1a;background:#fafafa}"
    "article{background:#fff;border:1px solid #ccc;border-radius:8px;padding:1rem;margin:1rem 0}"
    "article.live,article.halted{border:3px solid #b00020}"
    "pre{font:15px/1.45 ui-monospace,monospace;white-space:pre-wrap;margin:0 0 1rem}"
    "button{font:inherit;padding:.5rem 1.2rem;margin-right:.6rem;border-radius:6px;cursor:pointer;"
    "border:1px solid #555;background:#fff}"
    "button.yes{background:#0b6b3a;border-color:#0b6b3a;color:#fff}"
    "p.told{border-left:4px solid #0b6b3a;padding:.4rem .8rem;background:#eef7f1}"
    "p.refused{border-left-color:#b00020;background:#fdf0f2}"
    "input{font:inherit;width:7rem;padding:.4rem}small{color:#555}"
)
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # With `no-referrer` a browser would hide the Origin of our own form as well.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@dataclass(frozen=True, slots=True)
class Told:
    """What came of an answer, in a sentence of ours."""

    sentence: str
    good: bool = True


def page(pending: Sequence[Pending], form_token: str, panel: str, told: Told | None = None) -> str:
    """Return the page: what came of the last answer, the stop, then what waits, each in a form.

    `panel` is HTML of ours.
    """
    orders = "".join(_order(each, form_token) for each in pending)
    nothing = "" if pending else "<p>Nothing waits for you.</p>"
    return _whole(
        f"<h1>Orders that wait for you</h1>{_told(told)}{panel}{orders}{nothing}"
        '<p><a href="/approvals">Look again</a></p>'
    )


def refusal(sentence: str) -> str:
    """Return the page of somebody who may not see any order."""
    return _whole(f"<h1>Strikedesk</h1>{_told(Told(sentence, good=False))}")


def needs_typing(pending: Pending) -> bool:
    """Whether the owner has to type the head of the name too: real money wants a second act."""
    return pending.record.environment is Environment.LIVE


def to_type(pending: Pending) -> str:
    """Return what has to be typed."""
    return pending.name.partition("-")[0]


def _order(pending: Pending, form_token: str) -> str:
    live = ' class="live"' if needs_typing(pending) else ""
    return (
        f"<article{live}><pre>{escape(pending.text)}</pre>"
        f'<form method="post" action="/approvals">'
        f"{hidden('token', form_token)}{hidden('order', pending.record.order_id)}"
        f"{hidden('digest', pending.approval.digest)}{_typing(pending)}"
        '<button class="yes" name="act" value="approve">Approve and send</button>'
        '<button name="act" value="decline">Decline</button>'
        f"{_code_button(pending)}</form>"
        f"<small>Asked by {escape(pending.record.caller)} at "
        f"{pending.approval.requested_at:%H:%M:%S} UTC.</small></article>"
    )


def _typing(pending: Pending) -> str:
    if not needs_typing(pending):
        return ""
    return (
        "<p><label>To approve, type the first four characters of the name: "
        '<input name="typed" autocomplete="off" maxlength="4"></label></p>'
    )


def _code_button(pending: Pending) -> str:
    if pending.approval.policy is not ConsentPolicy.CODE:
        return ""
    return '<button name="act" value="code">Show a code for the assistant</button>'


def hidden(name: str, value: str) -> str:
    """Return what a form says without showing it."""
    return f'<input type="hidden" name="{name}" value="{escape(value)}">'


def _told(told: Told | None) -> str:
    if told is None:
        return ""
    kind = "told" if told.good else "told refused"
    return f'<p class="{kind}" role="status">{escape(told.sentence)}</p>'


def _whole(body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Strikedesk approvals</title>'
        f"<style>{_STYLE}</style></head><body>{body}</body></html>"
    )
