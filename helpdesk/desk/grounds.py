"""What deadlines and alarms rest on beyond the ticket itself, each read once."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property

from helpdesk.desk import ladders, policies
from helpdesk.rules import escalation, hours, sla
from helpdesk.store.maintenance import Window, list_windows
from helpdesk.store.policies import PolicyVersion

FAR = datetime(9000, 1, 1, tzinfo=UTC)


class Grounds:
    """Policies, windows (those that reach beyond `since`), ladders and office hours, kept as first read.

    Make one for each ticket, or one for many at once: it sees nothing that changes later.
    """

    def __init__(self, since: datetime) -> None:
        self.since = since
        self._policies: dict[int, sla.Policy] = {}
        self._windows: dict[int, list[Window]] = {}
        self._ladders: dict[str, Mapping[str, escalation.Ladder]] = {}

    def targets_of(self, version: PolicyVersion) -> sla.Policy:
        """The targets of a policy version."""
        if version.id not in self._policies:
            self._policies[version.id] = policies.targets_of(version)
        return self._policies[version.id]

    def windows_of(self, service_id: int) -> list[Window]:
        """The maintenance windows of a service, by start."""
        if service_id not in self._windows:
            self._windows[service_id] = list_windows([service_id], self.since, FAR)
        return self._windows[service_id]

    def ladders_of(self, severity: str) -> Mapping[str, escalation.Ladder]:
        """The ladder of each target at that severity."""
        if severity not in self._ladders:
            self._ladders[severity] = ladders.ladders_of(severity)
        return self._ladders[severity]

    @cached_property
    def office(self) -> hours.Calendar | None:
        """The desk's own working hours."""
        return policies.office_calendar()
