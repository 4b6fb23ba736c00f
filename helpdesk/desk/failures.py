"""What went wrong with letters and messages, told to whoever has to know."""

from datetime import datetime

from helpdesk.desk.timeline import record
from helpdesk.outbound import letters, links
from helpdesk.outbound.channels import CODE_KIND
from helpdesk.rules.access import Role
from helpdesk.store.channels import Channel, get_channel
from helpdesk.store.letters import Letter
from helpdesk.store.people import Person, get_person, list_people
from helpdesk.store.teams import list_leads
from helpdesk.store.tickets import get_ticket_for_change


def give_up_letter(letter: Letter, now: datetime) -> None:
    """The ticket's timeline says that a letter could not be delivered, and why; what a channel did not take
    its owner reads by mail. Inside a transaction."""
    if letter.channel_id is not None and letter.kind != CODE_KIND:
        _send_by_mail(letter, get_channel(letter.channel_id), now)
    if letter.ticket_id is None:
        return
    record(
        get_ticket_for_change(letter.ticket_id),
        "letter_failed",
        now=now,
        door="clock",
        detail={"letter": letter.id, "to": letter.to_address, "kind": letter.kind, "fault": letter.fault},
    )


def _send_by_mail(letter: Letter, channel: Channel, now: datetime) -> None:
    for person in _owners(channel):
        letters.write(
            "channel_failed",
            person,
            key=f"channel_failed:{letter.id}:{person.id}",
            now=now,
            ticket=letter.ticket,
            over=channel,
            fault=letter.fault,
            title=letter.subject,
            message=letter.text if person.id == letter.person_id else links.without_signed(letter.text),
        )


def _owners(channel: Channel) -> list[Person]:
    """Whose the channel is: its person's, or the team's leads; administrators where none of them has mail."""
    owners = (
        [get_person(channel.person_id)] if channel.person_id is not None else list_leads(channel.team_id or 0)
    )
    reached = [person for person in owners if person.is_active and person.email]
    return reached or list_people(roles=(Role.ADMINISTRATOR,))
