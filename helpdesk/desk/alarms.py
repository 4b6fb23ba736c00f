"""Plans and rings alarms."""

from datetime import datetime

from helpdesk.rules import sla
from helpdesk.store.tickets import Ticket


def plan(ticket: Ticket, cycles: tuple[sla.Cycle, ...], now: datetime) -> None:
    """Brings the ticket's pending alarms in line with its cycles."""
