"""Mail in a mailbox elsewhere becomes tickets while the service runs, whatever is killed meanwhile."""

from contextlib import suppress

import pytest

from helpdesk import clock
from helpdesk.desk import mailboxes, setup
from helpdesk.desk.changes import By
from helpdesk.rules.access import Role
from helpdesk.store import db
from helpdesk.store.db import transaction
from helpdesk.store.mail import RawMail
from helpdesk.store.mailboxes import Mailbox
from helpdesk.store.tickets import Ticket
from tests.mail.dovecot import PASSWORD, dovecot
from tests.stories.conftest import Desk
from tests.stories.killing import kill
from tests.stories.service import wait_until

pytestmark = pytest.mark.processes
TURNS = 4
MAILS_EACH = 5
MAILBOX = {
    "name": "Support",
    "address": "support@example.org",
    "host": "127.0.0.1",
    "privacy": "none",
    "user": "desk",
    "auth": "password",
    "token_url": "",
    "client_id": "",
    "scope": "",
    "folder": "INBOX",
    "is_active": True,
}


def test_each_mail_is_one_ticket_however_often_the_fetcher_is_killed(desk: Desk) -> None:
    with dovecot() as server, desk.rows():
        house, now = setup.House("Example", "Europe/Berlin"), clock.now()
        eli = setup.add_account("Eli", "eli@example.org", Role.ADMINISTRATOR, None, house, now=now)
        values = MAILBOX | {"port": server.port}
        mailboxes.save(None, values, {"password": PASSWORD}, By(clock.now(), eli.id))
        desk.start()
        wait_until(desk.all_parts_run)
        for turn in range(TURNS):
            for n in range(MAILS_EACH):
                server.deliver(bytes(desk.mail_of(f"Ana{turn}-{n}", f"Fault {turn}.{n}", "It jams.")))
            with suppress(ProcessLookupError):  # it may have been killed a moment ago
                kill(desk, "fetch")
            with transaction():  # its claim would end within a minute
                db.session.query(Mailbox).update({"claimed_by": "", "claimed_until": None})
        sent = {f"Fault {turn}.{n}" for turn in range(TURNS) for n in range(MAILS_EACH)}
        wait_until(lambda: len(_subjects()) >= len(sent) and server.unseen() == 0)
        assert sorted(_subjects()) == sorted(sent)
        assert db.session.query(RawMail).count() == len(sent)


def _subjects() -> list[str]:
    db.session.rollback()
    return [ticket.subject for ticket in db.session.query(Ticket)]
