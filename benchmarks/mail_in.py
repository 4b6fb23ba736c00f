"""Reports by mail per second: SMTP in, rows committed, then tickets with deadlines, alarms and receipts.

    python benchmarks/mail_in.py [--mails 500] [--connections 8]

Sends distinct messages of distinct reporters to a listener of its own on a new database
(HELPDESK_DATABASE_URL, else SQLite in a temporary folder) while this process understands what waits.
"""

import argparse
import os
import smtplib
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress

from helpdesk import clock
from helpdesk.app import create_app
from helpdesk.config import Settings, load_settings
from helpdesk.desk import policies
from helpdesk.intake.receive import parse_waiting
from helpdesk.store import db
from helpdesk.store.letters import Letter
from helpdesk.store.mail import RawMail
from helpdesk.store.organisation import Organisation
from helpdesk.store.teams import Team

GIVE_UP_AFTER = 120.0  # seconds
LISTEN = (
    "import os; from helpdesk.config import load_settings; from helpdesk.intake import serve;"
    "serve.run(load_settings(os.environ))"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=500)
    parser.add_argument("--connections", type=int, default=8)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
        found.close()
        own = {"HELPDESK_DATA": folder, "HELPDESK_MAIL_ADDRESS": "desk@example.org"}
        settings = load_settings(os.environ | own | {"HELPDESK_MAIL_BIND": f"127.0.0.1:{port}"})
        app = create_app(settings)
        with app.app_context():
            set_up()
            listener = subprocess.Popen(
                [sys.executable, "-c", LISTEN], env=os.environ | settings.as_environ()
            )
            try:
                measure(settings, args.mails, args.connections)
            finally:
                listener.terminate()
                listener.wait(10)


def set_up() -> None:
    """A new database with a team and the default targets."""
    db.create_all()
    team = Team(name="Desk")
    db.session.add(team)
    db.session.flush()
    db.session.add(Organisation(id=1, name="Example", default_team_id=team.id))
    db.session.commit()
    policies.install_defaults(clock.now(), "Europe/Berlin", night_answer=False)


def measure(settings: Settings, mails: int, connections: int) -> None:
    while True:
        with suppress(OSError), socket.create_connection(settings.mail_bind, 1):
            break
        time.sleep(0.05)
    start = time.monotonic()
    sent: list[float] = []
    senders = [
        threading.Thread(target=send, args=(settings.mail_bind, range(n, mails, connections), sent))
        for n in range(connections)
    ]
    for sender in senders:
        sender.start()
    done = 0
    while done < mails and time.monotonic() - start < GIVE_UP_AFTER:
        settled = parse_waiting(clock.now(), 100)
        done += settled
        time.sleep(0 if settled else 0.01)
    finished = time.monotonic() - start
    for sender in senders:
        sender.join()
    created = db.session.query(RawMail).filter_by(outcome="created").count()
    letters = db.session.query(Letter).filter_by(kind="received").count()
    committed = max(sent) - start
    print(f"{mails} mails: {mails / committed:.0f}/s to 250, {done / finished:.0f}/s to finished tickets")
    print(f"{created} tickets, {letters} receipts, {mails - created} lost")


def send(address: tuple[str, int], numbers: range, sent: list[float]) -> None:
    with smtplib.SMTP(*address, timeout=30) as client:
        for number in numbers:
            author = f"reporter{number}@example.org"
            text = (
                f"From: Reporter {number} <{author}>\r\nTo: desk@example.org\r\n"
                f"Message-ID: <bench{number}@example.org>\r\nSubject: Printer {number} jams\r\n"
                "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
                f"{'The printer jams on every page. ' * 20}\r\n"
            )
            client.sendmail(author, ["desk@example.org"], text)
        sent.append(time.monotonic())


if __name__ == "__main__":
    main()
