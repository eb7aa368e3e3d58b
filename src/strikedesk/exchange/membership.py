"""What ties a working order to others, and what was asked of it that has not come about yet."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from strikedesk.domain.groups import GroupKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """A place in a group, counted from 1. `group_id` is the id of the group's first order."""

    group_id: str
    kind: GroupKind
    place: int

    @property
    def is_side(self) -> bool:
        """Whether it cancels another, and another it."""
        if self.kind is GroupKind.OTO:
            return False
        return self.kind is GroupKind.OCO or self.place > 1


class Wish(StrEnum):
    """What the owner of an order asked for."""

    CANCEL = "cancel"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A wish on its way to the venue, which acts on it at `due`; until then fills are first."""

    wish: Wish
    due: datetime
