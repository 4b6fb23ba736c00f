"""What deadlines and alarms rest on beyond the ticket itself, each read once."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property

from helpdesk.desk import reference
from helpdesk.desk.reference import Reference, Terms
from helpdesk.rules import escalation, hours, maintenance, sla
from helpdesk.rules.maintenance import Counts
from helpdesk.store.maintenance import WindowVersion, list_window_versions
from helpdesk.store.organisation import Organisation


class Grounds:
    """Policies, windows (those that reach beyond `since`), ladders and office hours, kept as first read.

    Make one for each ticket, or one for many at once: it sees nothing that changes later.
    """

    def __init__(
        self,
        since: datetime,
        foreseen: Mapping[int, hours.Calendar] | None = None,
        known_at: datetime | None = None,
    ) -> None:
        """`foreseen`: calendars by id in place of those in force, to see what they would do. `known_at`:
        windows are those known at that instant."""
        self.since = since
        self._foreseen = foreseen
        self._known_at = known_at
        self._windows: dict[tuple[int, timedelta, Counts], list[sla.Window]] = {}
        self._versions: dict[int, dict[int, list[WindowVersion]]] = {}

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

    def read_windows(self, service_ids: Collection[int]) -> None:
        """Reads the maintenance of these services at once, where one by one would cost a query each."""
        missing = set(service_ids) - self._versions.keys()
        if missing:
            self._versions |= list_window_versions(missing, self.since)

    def windows_of(self, service_id: int, terms: Terms) -> Sequence[sla.Window]:
        """What the maintenance of a service takes of the clock, by those terms."""
        key = service_id, terms.maintenance_lead, terms.maintenance_counts
        if key not in self._windows:
            self._windows[key] = self._pauses(service_id, terms, self._known_at)
        return self._windows[key]

    def windows_known(self, service_id: int, terms: Terms, at: datetime) -> Sequence[sla.Window]:
        """As `windows_of`, but what was known of them at an earlier instant: announced, changed or called off
        later does not show."""
        return self._pauses(service_id, terms, at)

    def _pauses(self, service_id: int, terms: Terms, at: datetime | None) -> list[sla.Window]:
        self.read_windows([service_id])
        return [
            sla.Window(*span)
            for versions in self._versions[service_id].values()
            for span in maintenance.pauses(
                [version for version in versions if at is None or version.known_at <= at],
                terms.maintenance_lead,
                terms.maintenance_counts,
            )
            if span[1] > self.since
        ]

    def ladders_of(self, severity: str) -> Mapping[str, escalation.Ladder]:
        """The ladder of each target at that severity."""
        return self.reference.ladders[severity]

    @property
    def office(self) -> hours.Calendar | None:
        """The desk's own working hours, by which reminders and silent closing count; None is always open."""
        calendar_id = self.organisation.calendar_id if self.organisation else None
        return self.reference.calendars[calendar_id] if calendar_id is not None else None
