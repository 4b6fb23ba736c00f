"""What may become of a swap: offered, accepted, done, or over without having taken place."""

from datetime import datetime
from typing import Literal

Deed = Literal["accept", "decline", "withdraw", "approve", "refuse", "lapse"]

OPEN = ("offered", "accepted")
# state, deed -> the state after it
_STEPS: dict[tuple[str, Deed], str] = {
    ("offered", "accept"): "accepted",
    ("offered", "decline"): "declined",
    ("offered", "withdraw"): "withdrawn",
    ("accepted", "withdraw"): "withdrawn",
    ("accepted", "approve"): "done",
    ("accepted", "refuse"): "refused",
    ("offered", "lapse"): "lapsed",
    ("accepted", "lapse"): "lapsed",
}


class NotPossible(Exception):
    """The swap has gone on meanwhile: it does not stand where this deed could follow."""


def state_after(state: str, deed: Deed, needs_lead: bool) -> str:
    """The state that the deed leads to. Without `needs_lead` the swap is done once it is accepted.

    Raises NotPossible.
    """
    reached = _STEPS.get((state, deed))
    if reached is None:
        raise NotPossible(f"{deed} of a swap that is {state}")
    return "done" if reached == "accepted" and not needs_lead else reached


def lapses_at(starts_at: datetime, return_starts_at: datetime | None) -> datetime:
    """When an open swap is over by itself: as soon as one of its turns begins."""
    return starts_at if return_starts_at is None else min(starts_at, return_starts_at)
