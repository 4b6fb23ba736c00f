"""How two tickets can belong together, and how the other one sees it."""

SAID_BY_HAND = ("relates_to", "caused_by", "duplicate_of")
"""What somebody may say; the others follow from what was done, and are not taken back."""
_SEEN_FROM_THERE = {
    "relates_to": "relates_to",
    "caused_by": "causes",
    "duplicate_of": "has_duplicate",
    "split_from": "split_into",
}


def from_there(how: str) -> str:
    """How the other ticket stands to this one, where this one stands to it as `how` says."""
    return _SEEN_FROM_THERE[how]


def kept_as(ticket_id: int, how: str, other_id: int) -> tuple[int, str, int]:
    """The one way in which a link is kept, whichever ticket it was said on: what holds both ways stands at
    the lower id."""
    if how == "relates_to" and other_id < ticket_id:
        return other_id, how, ticket_id
    return ticket_id, how, other_id
