"""Saved views of the queue, and how it looks to whom: everybody's own, so nothing of it is logged."""

from typing import Any

from helpdesk.desk.changes import Refused
from helpdesk.rules.access import Asker, may_change_view
from helpdesk.store.db import db, transaction
from helpdesk.store.names import get_row_for_change
from helpdesk.store.people import get_person_for_change
from helpdesk.store.views import SavedView, count_own_views, find_own_view, find_view

MOST_OWN = 30


def save(asker: Asker, name: str, team_id: int | None, asked: dict[str, Any]) -> SavedView:
    """Keeps a question (`asked`: the address's arguments) under a name; a view of one's own that has the name
    asks it from now on. `team_id`: shared with that team (None: with nobody).

    Raises Refused for a team the asker is not in, and where they own too many views.
    """
    with transaction():
        owner = get_person_for_change(asker.person_id or 0)  # two at once do not make the same name twice
        view = find_own_view(owner.id, name)
        _require_own_team(asker, team_id, view.team_id if view else None)
        if view is None:
            if count_own_views(owner.id) >= MOST_OWN:
                raise Refused("name", "too_many_views")
            view = SavedView(owner_id=owner.id, name=name)
            db.session.add(view)
        view.team_id, view.asked = team_id, asked
    return view


def change(view_id: int, asker: Asker, name: str, team_id: int | None) -> SavedView:
    """Another name, shared with another team or with nobody. LookupError for whoever may not change it;
    Refused where its owner has another view of that name, or the asker is not in the team."""
    with transaction():
        view = _to_change(view_id, asker)
        _require_own_team(asker, team_id, view.team_id)
        known = find_own_view(view.owner_id, name)
        if known is not None and known.id != view.id:
            raise Refused("name", "name_taken")
        view.name, view.team_id = name, team_id
    return view


def delete(view_id: int, asker: Asker) -> str:
    """The view is gone, for all who had it; its name. LookupError for whoever may not change it."""
    with transaction():
        view = _to_change(view_id, asker)
        db.session.delete(view)
    return view.name


def choose_look(person_id: int, density: str, columns: list[str]) -> None:
    """How the person's queue looks: how close the rows stand, and what they show."""
    with transaction():
        get_person_for_change(person_id).desk_look = {"density": density, "columns": columns}


def _to_change(view_id: int, asker: Asker) -> SavedView:
    view = get_row_for_change(SavedView, view_id)
    if find_view(view_id, asker) is None or not may_change_view(asker, view.owner_id, view.team_id):
        raise LookupError(f"no view {view_id} that person {asker.person_id} may change")
    return view


def _require_own_team(asker: Asker, team_id: int | None, present_id: int | None) -> None:
    if team_id is not None and team_id != present_id and team_id not in asker.team_ids:
        raise Refused("team_id", "not_in_team")
