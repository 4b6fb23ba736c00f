"""A ticket's states and what may be done in each."""

from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    """Where a ticket stands."""

    NEW = "new"
    IN_WORK = "in_work"
    WAITING = "waiting"
    RESOLVED = "resolved"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class Kind(StrEnum):
    """What was reported; figures never mix them."""

    FAULT = "fault"
    REQUEST = "request"
    QUESTION = "question"


OPEN = frozenset({State.NEW, State.IN_WORK, State.WAITING})
FINAL = frozenset({State.CLOSED, State.CANCELLED})
_LIVING = OPEN | {State.RESOLVED}

_ALLOWED: dict[str, frozenset[State]] = {
    "triage": OPEN,
    "accept": OPEN,
    "assign": OPEN,
    "reply": _LIVING,
    "note": frozenset(State),
    "reporter_reply": _LIVING,
    "wait": OPEN,
    "nudge": frozenset({State.WAITING}),
    "resume": frozenset({State.WAITING}),
    "change_severity": _LIVING,
    "promise_update": OPEN,
    "move": OPEN,
    "resolve": OPEN,
    "confirm": frozenset({State.RESOLVED}),
    "reopen": frozenset({State.RESOLVED}),
    "unreopen": OPEN,
    "cancel": _LIVING,
    "merge": _LIVING,
    "merge_into": _LIVING,
    "adopt": OPEN,
    "adopt_into": OPEN,
    "link": frozenset(State),
    "split": frozenset(State),
    "rate": frozenset({State.RESOLVED, State.CLOSED}),
}


class NotAllowed(Exception):
    """The ticket's state does not allow the verb; `verb` and `state` are codes for doors to word."""

    def __init__(self, verb: str, state: State) -> None:
        super().__init__(f"{verb} is not possible while the ticket is {state}")
        self.verb = verb
        self.state = state


def state_in_hand(accepted_at: datetime | None) -> State:
    """The state of an open ticket that waits for nobody: in work once somebody has accepted it."""
    return State.NEW if accepted_at is None else State.IN_WORK


def is_allowed(verb: str, state: str) -> bool:
    """Whether the verb may be done to a ticket in that state. KeyError for an unknown verb."""
    return State(state) in _ALLOWED[verb]


def require(verb: str, state: str) -> None:
    """Raises NotAllowed unless the verb may be done to a ticket in that state."""
    if not is_allowed(verb, state):
        raise NotAllowed(verb, State(state))
