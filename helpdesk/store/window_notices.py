"""Rounds of letters about windows, and whom a window concerns."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import joinedload, selectinload

from helpdesk.rules.window_notices import AHEAD, Reader
from helpdesk.store.db import among, db
from helpdesk.store.letters import Letter
from helpdesk.store.maintenance import Window, WindowEntry, WindowFollower, WindowNotice, WindowVersion
from helpdesk.store.organisation import Department
from helpdesk.store.people import Address, Person
from helpdesk.store.services import Audience
from helpdesk.store.teams import Member, Team


def end_rounds(window_id: int, now: datetime) -> None:
    """No letters leave any more of the window's unfinished rounds. For desk verbs."""
    db.session.execute(
        update(WindowNotice)
        .where(WindowNotice.window_id == window_id, WindowNotice.done_at.is_(None))
        .values(done_at=now)
    )


def has_told(window_id: int) -> bool:
    """Whether letters of any of the window's rounds have been written."""
    begun = (WindowNotice.window_id == window_id, WindowNotice.up_to_person_id > 0)
    return bool(db.session.scalar(select(select(WindowNotice.id).where(*begun).exists())))


def find_round_due(now: datetime) -> WindowNotice | None:
    """The unfinished round that has been due the longest, or None."""
    query = (
        select(WindowNotice)
        .where(WindowNotice.done_at.is_(None), WindowNotice.due_at <= now)
        .order_by(WindowNotice.due_at, WindowNotice.id)
    )
    return db.session.scalar(query.limit(1))


def find_oldest_round(now: datetime) -> datetime | None:
    """Since when the longest due round is not finished; None: none is due."""
    found = find_round_due(now)
    return found.due_at if found is not None else None


def advance_round(round_id: int, seen: int, up_to: int, done_at: datetime | None) -> bool:
    """Notes that the round is written up to that person (`done_at`: to all); False where somebody else has
    gone on from `seen`, or ended it. For desk verbs."""
    still = (
        WindowNotice.id == round_id,
        WindowNotice.up_to_person_id == seen,
        WindowNotice.done_at.is_(None),
    )
    marked = update(WindowNotice).where(*still).values(up_to_person_id=up_to, done_at=done_at)
    done = db.session.execute(marked.execution_options(synchronize_session=False))
    return int(done.rowcount) == 1  # type: ignore[attr-defined]


def count_letters_due(kinds: Iterable[str], now: datetime, most: int) -> int:
    """How many letters of these kinds wait and could leave; at most `most` are counted."""
    due = select(Letter.id).where(
        Letter.state == "waiting", Letter.next_try_at <= now, Letter.kind.in_(list(kinds))
    )
    return db.session.scalar(select(func.count()).select_from(due.limit(most).subquery())) or 0


def list_readers(after_id: int, limit: int) -> list[Reader]:
    """People who have not left and can be written to, by id, from the next after `after_id` on."""
    query = (
        select(Person.id, Person.department_id)
        .where(
            Person.id > after_id,
            Person.left_at.is_(None),
            select(Address.id).where(Address.person_id == Person.id).exists(),
        )
        .order_by(Person.id)
        .limit(limit)
    )
    return [Reader(id, department_id) for id, department_id in db.session.execute(query)]


def list_people_of(ids: Iterable[int]) -> dict[int, Person]:
    """These people by id, with their addresses."""
    query = select(Person).where(among(Person.id, ids)).options(selectinload(Person.addresses))
    return {person.id: person for person in db.session.scalars(query)}


def list_audiences(service_ids: Iterable[int]) -> dict[int, set[int]]:
    """The departments that use each of these services; those that everybody uses are left out."""
    found: dict[int, set[int]] = {}
    query = select(Audience.service_id, Audience.department_id).where(among(Audience.service_id, service_ids))
    for service_id, department_id in db.session.execute(query):
        found.setdefault(service_id, set()).add(department_id)
    return found


def list_parents() -> dict[int, int | None]:
    """Below which department each stands."""
    return {row.id: row.parent_id for row in db.session.execute(select(Department.id, Department.parent_id))}


def list_teams_people(team_ids: Iterable[int]) -> dict[int, set[int]]:
    """Members and manager of each of these teams, by team."""
    wanted = set(team_ids)
    found: dict[int, set[int]] = {team_id: set() for team_id in wanted}
    members = select(Member.team_id, Member.person_id).where(among(Member.team_id, wanted))
    managers = select(Team.id, Team.manager_id).where(among(Team.id, wanted), Team.manager_id.is_not(None))
    for team_id, person_id in (*db.session.execute(members), *db.session.execute(managers)):
        found[team_id].add(person_id)
    return found


def list_follower_ids(window_id: int) -> set[int]:
    """Who follows the window."""
    query = select(WindowFollower.person_id).where(WindowFollower.window_id == window_id)
    return set(db.session.scalars(query))


def list_followed(person_id: int, window_ids: Iterable[int]) -> set[int]:
    """Which of these windows the person follows."""
    query = select(WindowFollower.window_id).where(
        WindowFollower.person_id == person_id, among(WindowFollower.window_id, window_ids)
    )
    return set(db.session.scalars(query))


def find_follower(window_id: int, person_id: int) -> WindowFollower | None:
    """That the person follows the window, or None."""
    return db.session.get(WindowFollower, (window_id, person_id))


def list_windows_known() -> list[Window]:
    """Windows that are announced or run, services loaded, by start."""
    query = select(Window).where(Window.state.in_(AHEAD))
    return list(db.session.scalars(query.order_by(Window.starts_at, Window.id)))


def list_plans(window_id: int) -> list[tuple[datetime, datetime]]:
    """From when to when the window was known to be, version by version."""
    query = select(WindowVersion.starts_at, WindowVersion.ends_at).where(WindowVersion.window_id == window_id)
    return [(row.starts_at, row.ends_at) for row in db.session.execute(query.order_by(WindowVersion.id))]


def list_steps(kinds: Iterable[str], limit: int) -> list[WindowEntry]:
    """The latest steps of these kinds of any window of which a round of letters was planned, the newest
    first, windows loaded."""
    its_round = (WindowNotice.window_id == WindowEntry.window_id, WindowNotice.kind == WindowEntry.kind)
    query = (
        select(WindowEntry)
        .where(WindowEntry.kind.in_(sorted(kinds)))
        .where(select(WindowNotice.id).where(*its_round).exists())
        .options(joinedload(WindowEntry.window))
        .order_by(WindowEntry.at.desc(), WindowEntry.id.desc())
        .limit(limit)
    )
    return list(db.session.scalars(query))


def list_entries_of(ids: Iterable[int]) -> dict[int, WindowEntry]:
    """These steps, by id."""
    return {
        each.id: each for each in db.session.scalars(select(WindowEntry).where(among(WindowEntry.id, ids)))
    }
