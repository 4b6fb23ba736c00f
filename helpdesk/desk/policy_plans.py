"""Target policies: made, and published anew. Tickets keep the version under which they were reported."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from helpdesk.desk import changes, reference
from helpdesk.desk.changes import By, Refused, State
from helpdesk.desk.grounds import Grounds
from helpdesk.desk.policies import DEFAULT_TARGETS, policies_of
from helpdesk.desk.reference import TARGETS
from helpdesk.desk.rosters import turns_of
from helpdesk.rules import hours
from helpdesk.rules.spans import Span, seconds_between
from helpdesk.store.db import db, transaction
from helpdesk.store.names import get_row_for_change
from helpdesk.store.organisation import get_organisation
from helpdesk.store.policies import Policy, PolicyVersion
from helpdesk.store.rosters import find_roster
from helpdesk.store.services import list_services
from helpdesk.store.teams import Team, list_teams

AHEAD = timedelta(days=14)


@dataclass(frozen=True)
class Uncovered:
    """A team that a promise beyond office hours concerns: nobody is on call for `seconds` of what is promised
    in the coming fortnight (None: it has no roster)."""

    team: Team
    seconds: int | None


def state_of(policy: Policy) -> State:
    """What the form shows: the latest version."""
    return {"name": policy.name, "version": policy.versions[-1].number, **policy.versions[-1].definition}


def create(name: str, definition: State, reason: str, by: By) -> Policy:
    """A new policy; no ticket comes under it before a rule says so. Raises Refused (name_taken)."""
    with transaction():
        changes.require_free_name(Policy, name, None)
        policy = Policy(name=name)
        policy.versions.append(_version(1, definition, by.now, reason, "", by))
        db.session.add(policy)
        db.session.flush()
        changes.log_change(f"policy:{name}", None, {**state_of(policy), "reason": reason}, by)
    return policy


def publish(
    policy_id: int,
    definition: State,
    effective_at: datetime,
    reason: str,
    by: By,
    seen: str | None = None,
    cover_reason: str = "",
) -> Policy:
    """Other targets for tickets reported from an instant on. What is reported already keeps its promise.

    `cover_reason`: why more than office hours is promised though a team's roster leaves gaps. Raises
    Refused (too_early, uncovered), ChangedMeanwhile, LookupError.
    """
    with transaction():
        policy = get_row_for_change(Policy, policy_id)
        before = state_of(policy)
        changes.require_unchanged(before, seen)
        if effective_at < by.now - timedelta(minutes=1):  # the form shows whole minutes
            raise Refused("effective_at", "too_early")
        _require_cover(policy, definition, cover_reason, by.now)
        version = _version(
            before["version"] + 1, definition, max(effective_at, by.now), reason, cover_reason, by
        )
        policy.versions.append(version)
        db.session.flush()
        after = {
            **state_of(policy),
            "from instant": version.effective_at.isoformat(),
            "reason": version.reason,
        }
        changes.log_change(f"policy:{policy.name}", before, after, by)
    return policy


def uncovered(policy: Policy, definition: State, now: datetime) -> list[Uncovered]:
    """The teams for which the definition promises time beyond office hours though nobody is on call for all
    of it in the coming fortnight; [] where it promises nothing of the kind."""
    severities = (definition.get(severity, {}) for severity in DEFAULT_TARGETS)
    targets = (raw.get(name) for raw in severities for name in TARGETS)
    ids = {target["calendar_id"] for target in targets if target} - {get_organisation().calendar_id}
    if not ids:
        return []
    found = []
    for team in _teams_under(policy):
        gaps = _gaps(team, now)
        missing = max(_missing_seconds(gaps, calendar_id, now) for calendar_id in ids)
        if missing:
            found.append(Uncovered(team, missing if team.roster_id is not None else None))
    return found


def _teams_under(policy: Policy) -> list[Team]:
    """The teams whose tickets can come under the policy, by name."""
    known = reference.current()[1]
    ids = {s.team_id for s in list_services() if policy.id in policies_of(known, s.id)}
    if policy.id in policies_of(known, None):  # reports about no service go to the default team
        ids.add(get_organisation().default_team_id or 0)
    return [team for team in list_teams() if team.id in ids]


def _gaps(team: Team, now: datetime) -> list[Span]:
    """When nobody is on call for the team in the coming fortnight."""
    roster = find_roster(team.roster_id) if team.roster_id is not None else None
    if roster is None:
        return [(now, now + AHEAD)]
    turns = turns_of(roster, now, now + AHEAD)
    return [(turn.from_at, turn.to_at) for turn in turns if turn.person is None]


def _missing_seconds(gaps: list[Span], calendar_id: int | None, now: datetime) -> int:
    """How much of these gaps the calendar of that id promises beyond office hours, when the team is there;
    None, day and night, wants somebody on call at all hours."""
    if calendar_id is None:
        return sum(seconds_between(start, end) for start, end in gaps)
    grounds = Grounds(now)
    calendar = grounds.reference.calendars[calendar_id]
    spans = (span for start, end in gaps for span in hours.open_spans(calendar, start, end))
    return sum(seconds_between(a, b) - hours.open_seconds(grounds.office, a, b) for a, b in spans)


def _require_cover(policy: Policy, definition: State, cover_reason: str, now: datetime) -> None:
    found = [] if cover_reason else uncovered(policy, definition, now)
    if found:
        raise Refused("cover_reason", "uncovered", ", ".join(each.team.name for each in found))


def _version(
    number: int, definition: dict[str, Any], effective_at: datetime, reason: str, cover_reason: str, by: By
) -> PolicyVersion:
    return PolicyVersion(
        number=number,
        definition=definition,
        published_at=by.now,
        effective_at=effective_at,
        published_by_id=by.actor_id,
        reason=" / ".join(filter(None, [reason, cover_reason])),
    )
