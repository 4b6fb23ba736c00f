"""`helpdesk mail receive`: one message from standard input, as an MTA's pipe hands it over."""

import argparse
import json
import os
import sys

from helpdesk import clock
from helpdesk.config import load_settings

TRY_AGAIN = 75  # EX_TEMPFAIL: the MTA keeps the message and comes again
NULL_PATHS = ("", "<>", "MAILER-DAEMON")  # the last one is what Postfix writes for it


def add_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `mail receive`."""
    mail = subparsers.add_parser("mail", description="Mail.")
    commands = mail.add_subparsers(required=True)
    receive = commands.add_parser(
        "receive",
        description="Take one message from standard input; exit status 75 when it must be tried again.",
    )
    receive.add_argument("--sender", help='of the envelope; "" is the null return path')
    receive.add_argument("--recipient", action="append", default=[], help="of the envelope; one or more")
    receive.set_defaults(run=_receive)


def _receive(args: argparse.Namespace) -> int:
    """Store, commit, understand, say the outcome. Whatever ails us is no reason for the MTA to bounce."""
    try:
        outcome = _take(args.sender, args.recipient)
    except Exception as fault:
        print(f"helpdesk: {' '.join(str(fault).split())[:300] or type(fault).__name__}", file=sys.stderr)
        return TRY_AGAIN
    if outcome is None:
        print("helpdesk: not set up yet; open the pages first", file=sys.stderr)
        return TRY_AGAIN
    print(json.dumps(outcome))
    return 0


def _take(sender: str | None, recipients: list[str]) -> dict[str, str | None] | None:
    """The outcome as it is printed; None before the first set-up."""
    from helpdesk.core import create_core
    from helpdesk.desk import mail
    from helpdesk.intake.charsets import clean
    from helpdesk.intake.receive import settle
    from helpdesk.store.organisation import find_organisation

    app = create_core(load_settings(os.environ))
    with app.app_context():
        if find_organisation() is None:
            return None
        sender = sender if sender is None else "" if sender in NULL_PATHS else clean(sender)
        arrival = mail.keep_raw(sys.stdin.buffer, "pipe", sender, [clean(each) for each in recipients])
        now = clock.now()
        [raw_mail_id] = mail.take_in([arrival], now, claimed=True)
        if arrival.size > app.config["SETTINGS"].mail_max_bytes:
            outcome = mail.set_aside(raw_mail_id, "too_large", now)
        else:
            outcome = settle(raw_mail_id, now)
        if outcome.outcome == "waiting":  # a fault of ours: an agent sees it, the MTA need not come again
            outcome = mail.set_aside(raw_mail_id, outcome.cause, now)
    return {
        "outcome": outcome.outcome,
        "ticket": f"HD-{outcome.ticket_id}" if outcome.ticket_id else None,
        "cause": outcome.cause or None,
    }
