"""Who the linked user is to the broker, as far as that changes what the desk can do."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """The user of a link. None = the broker did not say. Names and addresses are never taken in.

    `professional` pays exchanges for data as one, and may be shown less of it; `delayed_quotes` is
    what the broker has on record, of ordinary customers too: whether prices are late the feed says.
    """

    professional: bool | None = None
    delayed_quotes: bool | None = None
