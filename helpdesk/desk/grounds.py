"""What deadlines and alarms rest on beyond the ticket itself, each read once."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property

from helpdesk.desk import reference
from helpdesk.desk.reference import Reference, Terms
from helpdesk.rules import escalation, hours
from helpdesk.store.maintenance import Window, WindowVersion, list_window_versions, list_windows
from helpdesk.store.organisation import Organisation

FAR = datetime(9000, 1, 1, tzinfo=UTC)


class Grounds:
    """Policies, windows (those that reach beyond `since`), ladders and office hours, kept as first read.

    Make one for each ticket, or one for many at once: it sees nothing that changes later.
    """

    def __init__(self, since: datetime, foreseen: Mapping[int, hours.Calendar] | None = None) -> None:
        """`foreseen`: calendars by id in place of those in force, to see what they would do."""
        self.since = since
        self._foreseen = foreseen
        self._windows: dict[int, list[Window]] = {}
        self._versions: dict[int, list[WindowVersion]] = {}

    @cached_property
    def _setup(self) -> tuple[Organisation | None, Reference]:
        return reference.foreseen(self._foreseen) if self._foreseen else reference.current()

    @property
    def organisation(self) -> Organisation | None:
        """The organisation; None before the first set-up."""
        return self._setup[0]

    @property
    def reference(self) -> Reference:
        """Policies, calendars and ladders."""
        return self._setup[1]

    def terms_of(self, version_id: int) -> Terms:
        """What a policy version promises. KeyError if there is none of that id."""
        return self.reference.terms[version_id]

    def windows_of(self, service_id: int) -> list[Window]:
        """The maintenance windows of a service, by start."""
        if service_id not in self._windows:
            self._windows[service_id] = list_windows([service_id], self.since, FAR)
        return self._windows[service_id]

    def windows_known(self, service_id: int, at: datetime) -> list[WindowVersion]:
        """As `windows_of`, but what was known of them at an earlier instant: announced, changed or called off
        later does not show."""
        if service_id not in self._versions:
            self._versions[service_id] = list_window_versions(service_id, self.since)
        latest = {v.window_id: v for v in self._versions[service_id] if v.known_at <= at}
        standing = (v for v in latest.values() if not v.is_cancelled and v.ends_at > self.since)
        return sorted(standing, key=lambda version: (version.starts_at, version.window_id))

    def ladders_of(self, severity: str) -> Mapping[str, escalation.Ladder]:
        """The ladder of each target at that severity."""
        return self.reference.ladders[severity]

    @property
    def office(self) -> hours.Calendar | None:
        """The desk's own working hours, by which reminders and silent closing count; None is always open."""
        calendar_id = self.organisation.calendar_id if self.organisation else None
        return self.reference.calendars[calendar_id] if calendar_id is not None else None
