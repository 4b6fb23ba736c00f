"""What is watched of mail: mailboxes that are fetched, what piles up, and of which trouble a ticket tells."""

from datetime import datetime

from sqlalchemy import ForeignKey, func, or_, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from helpdesk.rules.mail_watch import Pile
from helpdesk.store.db import Model, UtcDateTime, db
from helpdesk.store.letters import Letter
from helpdesk.store.mail import RawMail
from helpdesk.store.mailboxes import Mailbox
from helpdesk.store.tickets import Ticket


class MailTrouble(Model):
    """Which ticket tells the desk's administrators of a trouble (rules/mail_watch.Trouble.key). `over_at`:
    since when it is over (None: it lasts); the row stays, for what comes back while its ticket is open."""

    __tablename__ = "mail_trouble"
    key: Mapped[str] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    noticed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    over_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ticket: Mapped[Ticket] = relationship()


def find_trouble(key: str) -> MailTrouble | None:
    """The trouble of that key, whether it lasts or not, or None."""
    return db.session.get(MailTrouble, key)


def list_lasting_troubles() -> list[MailTrouble]:
    """The troubles of which a ticket tells and that are not over, with their tickets."""
    query = select(MailTrouble).options(joinedload(MailTrouble.ticket))
    return list(db.session.scalars(query.where(MailTrouble.over_at.is_(None)).order_by(MailTrouble.key)))


def list_watched_mailboxes() -> list[Mailbox]:
    """The mailboxes that are switched on, by name."""
    return list(db.session.scalars(select(Mailbox).where(Mailbox.is_active).order_by(Mailbox.name)))


def get_quarantine() -> Pile:
    """What is set aside, and since when the oldest of it."""
    query = select(func.count(), func.min(RawMail.received_at)).where(RawMail.state == "quarantined")
    count, since = db.session.execute(query).one()
    return Pile(count, since)


def get_unsent() -> Pile:
    """The letters that wait to be sent by mail, and since when the oldest; those put off until later too."""
    query = select(func.count(), func.min(Letter.created_at)).where(
        Letter.state == "waiting", Letter.channel_id.is_(None)
    )
    count, since = db.session.execute(query).one()
    return Pile(count, since)


def get_stuck() -> Pile:
    """To how many addresses letters wait of which none has left that was written as late or later, and since
    when the oldest of them waits."""
    left = select(Letter.created_at).where(Letter.state.in_(("sent", "bounced")), Letter.channel_id.is_(None))
    last = left.order_by(Letter.created_at.desc()).limit(1).scalar_subquery()
    query = select(func.count(Letter.to_address.distinct()), func.min(Letter.created_at)).where(
        Letter.state == "waiting",
        Letter.channel_id.is_(None),
        or_(last.is_(None), Letter.created_at > last),
    )
    count, since = db.session.execute(query).one()
    return Pile(count, since)
