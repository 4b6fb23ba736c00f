"""What every change of the set-up has in common: nobody overwrites another, names stay apart, the log knows.

A thing is changed through its state: a plain dict of what a form shows. The same dict gives the form's
marker, the comparison, and what the security log says.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from helpdesk.desk.security import log_event
from helpdesk.store.db import Model
from helpdesk.store.names import find_named

State = dict[str, Any]


@dataclass(frozen=True)
class By:
    """Who changes something, when, and from which network address."""

    now: datetime
    actor_id: int
    address: str = ""


class ChangedMeanwhile(Exception):
    """Somebody else has changed the thing since its form was opened; nothing was written."""


class Refused(Exception):
    """What was asked cannot be: `code` says why, `field` where, `names` what stands against it."""

    def __init__(self, field: str, code: str, names: str = "") -> None:
        super().__init__(f"{field}: {code} {names}")
        self.names = names
        self.field = field
        self.code = code


def marker_of(state: Mapping[str, Any]) -> str:
    """A short text that differs where the state does; a form carries it along."""
    return sha256(json.dumps(state, sort_keys=True, default=str).encode()).hexdigest()[:16]


def require_unchanged(state: Mapping[str, Any], seen: str | None) -> None:
    """Raises ChangedMeanwhile unless `seen` is the state's marker; None: nothing was seen."""
    if seen is not None and seen != marker_of(state):
        raise ChangedMeanwhile


def require_free_name(model: type[Model], name: str, own_id: int | None) -> None:
    """Raises Refused where another row of the model has the name."""
    found: Any = find_named(model, name)
    if found is not None and found.id != own_id:
        raise Refused("name", "name_taken")


def log_change(
    subject: str, before: Mapping[str, Any] | None, after: Mapping[str, Any], by: By, what: str = ""
) -> None:
    """Notes in the security log what differs, from and to; nothing where nothing does. `before` None: it is
    new. Inside the transaction of the change. States hold no secrets."""
    was, now_is = _flat(before or {}), _flat(after)
    keys = sorted(key for key in was.keys() | now_is.keys() if was.get(key) != now_is.get(key))
    if not keys:
        return
    detail = {"to": {key: now_is[key] for key in keys if key in now_is}}
    if before is not None:
        detail["from"] = {key: was[key] for key in keys if key in was}
    log_event(
        what or ("setting_added" if before is None else "setting_changed"),
        now=by.now,
        actor_id=by.actor_id,
        subject=subject,
        detail=detail,
        address=by.address,
    )


def _flat(state: Mapping[str, Any], prefix: str = "") -> State:
    """Nested dicts as one: {"critical": {"minutes": 60}} is {"critical.minutes": 60}; what is empty is left
    out."""
    found: State = {}
    for name, value in state.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{prefix}{name}.")
        elif value not in (None, "", []):
            found[prefix + name] = value
    return found


def apply(
    thing: Model,
    values: Mapping[str, Any],
    state_of: Callable[[Any], State],
    subject: str,
    by: By,
    seen: str | None,
) -> None:
    """Sets the values of a thing that exists, and logs from and to. Raises ChangedMeanwhile."""
    before = state_of(thing)
    require_unchanged(before, seen)
    for name, value in values.items():
        setattr(thing, name, value)
    log_change(subject, before, state_of(thing), by)
