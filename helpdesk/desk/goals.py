"""Which share of its promises the organisation means to keep, from a quarter on."""

from datetime import date

from helpdesk.desk import changes
from helpdesk.desk.changes import By, State
from helpdesk.rules.figures import Grain, begin_of
from helpdesk.store.db import db, transaction
from helpdesk.store.goals import Goal, find_goal
from helpdesk.store.names import get_row_for_change
from helpdesk.store.organisation import lock_organisation


def set_goal(first_on: date, kind: str, target: str, tenths: int, by: By) -> Goal:
    """The goal for promises of that kind and target, from the quarter of `first_on` until the next goal's:
    `tenths` of a percent. Another one of that quarter is replaced."""
    first_on = begin_of(first_on, Grain.QUARTER)
    with transaction():
        lock_organisation()  # two at once would both find none
        found = find_goal(first_on, kind, target)
        before = _state(found) if found else None
        if found is None:
            found = Goal(first_on=first_on, kind=kind, target=target, tenths=tenths)
            db.session.add(found)
        found.tenths = tenths
        changes.log_change(_subject(found), before, _state(found), by)
    return found


def remove(goal_id: int, by: By) -> None:
    """The goal before it, if there is one, holds on. LookupError where there is none of that id."""
    with transaction():
        found = get_row_for_change(Goal, goal_id)
        changes.log_change(_subject(found), _state(found), {}, by)
        db.session.delete(found)


def _state(goal: Goal) -> State:
    return {"percent": goal.tenths / 10}


def _subject(goal: Goal) -> str:
    return f"goal:{goal.kind} {goal.target} {goal.first_on}"
