"""What speaks against a window that somebody plans: others at the same time, freezes, too short notice."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from helpdesk.desk import freezes
from helpdesk.desk.freezes import Frozen
from helpdesk.rules import dependencies
from helpdesk.rules.spans import Span
from helpdesk.store.maintenance import Window
from helpdesk.store.policies import list_policies
from helpdesk.store.services import Service, list_dependencies, list_services
from helpdesk.store.window_plans import list_windows_beside


@dataclass(frozen=True)
class Warnings:
    """`also`: services that are covered because they need a chosen one; `beside`: other windows of any of
    them at the same time; `frozen`: freezes that are touched; `lead`: the notice that some policy asks for,
    where it is not kept even if the window is announced at once (None: it is)."""

    also: tuple[Service, ...]
    beside: tuple[Window, ...]
    frozen: tuple[Frozen, ...]
    lead: timedelta | None

    @property
    def marker(self) -> str:
        """Differs where what is warned about does; "": nothing is."""
        found = [f"w{each.id}" for each in self.beside]
        found += [f"f{each.name}{each.first_on}" for each in self.frozen]
        found += [f"l{self.lead}"] if self.lead else []
        return "|".join(found)


def warnings(
    service_ids: Collection[int], spans: list[Span], now: datetime, but_id: int | None = None
) -> Warnings:
    """About windows of these services in these spans (aware UTC); `but_id` is the window itself."""
    covered = dependencies.covered(service_ids, list_dependencies())
    also = [each for each in list_services() if each.id in covered and each.id not in service_ids]
    beside: dict[int, Window] = {}
    for start, end in spans:
        beside |= {each.id: each for each in list_windows_beside(covered, start, end, but_id)}
    lead = _longest_lead(now)
    too_late = bool(spans) and now + lead > spans[0][0]
    return Warnings(
        tuple(also), tuple(beside.values()), tuple(freezes.touching(spans)), lead if too_late else None
    )


def _longest_lead(now: datetime) -> timedelta:
    """The longest that any policy in force asks for."""
    in_force = [
        [version for version in policy.versions if version.effective_at <= now] for policy in list_policies()
    ]
    minutes = [found[-1].definition.get("maintenance_lead_minutes", 0) for found in in_force if found]
    return timedelta(minutes=max(minutes, default=0))
